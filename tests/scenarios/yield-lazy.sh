#!/bin/sh
# Leaders give way at once, with preempt=lazy.
# machine: --cores 2 --regions 2048
# append: preempt=lazy
# profiles: kind
# check: none
# timeout: 300
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

wanted=lazy
# shellcheck source=parts/yield.sh
. /rmpopt/parts/yield.sh
