#!/bin/sh
# Leaders give way at once, with preempt=voluntary.
# machine: --cores 2 --regions 2048
# append: preempt=voluntary
# profiles: kind
# check: none
# timeout: 300
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

wanted=voluntary
# shellcheck source=parts/yield.sh
. /rmpopt/parts/yield.sh
