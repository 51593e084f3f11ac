#!/bin/sh
# Leaders give way at once.
# machine: --cores 2 --regions 2048
# profiles: kind
# timeout: 300
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

wanted=
# shellcheck source=parts/yield.sh
. /rmpopt/parts/yield.sh
