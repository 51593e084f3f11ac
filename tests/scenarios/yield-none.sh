#!/bin/sh
# Leaders give way at once, with preempt=none.
# machine: --cores 2 --regions 2048
# append: preempt=none
# profiles: kind
# check: none
# timeout: 300
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

wanted=none
# shellcheck source=parts/yield.sh
. /rmpopt/parts/yield.sh
