#!/bin/sh
# Load is refused on a CPU without RMPOPT, with the reason.
# machine: --cores 1 --no-rmpopt
# profiles: kind
# timeout: 30
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

nok "load is refused" load
like "$(dmesg | grep rmpopt:)" "no RMPOPT.*: remove" "the kernel log says why, and what to do"
nok "nothing is left" loaded
is "$(machinectl count base-writes)" 0 "RMPOPT_BASE was not touched"
done_testing
