#!/bin/sh
# Load is refused on a kdump kernel, with the reason.
# machine: --cores 1
# append: rmpopt.disable=1 quiet elfcorehdr=0x170000000
# profiles: kind
# timeout: 30
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

# Without modprobe nobody reads rmpopt.disable.
nok "load is refused" load
like "$(dmesg | grep rmpopt:)" "kdump kernel.*: load rmpopt in" "the kernel log says why, and what to do"
nok "nothing is left" loaded
is "$(machinectl count base-writes)" 0 "RMPOPT_BASE was not touched"
done_testing
