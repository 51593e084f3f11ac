#!/bin/sh
# Load is refused on a guest of a hypervisor, with the reason.
# machine: --cores 1 --hypervisor
# profiles: kind
# timeout: 30
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

nok "load is refused" load
like "$(dmesg | grep rmpopt:)" "a virtual machine: load rmpopt on" "the kernel log says why, and what to do"
nok "nothing is left" loaded
is "$(machinectl count base-writes)" 0 "RMPOPT_BASE was not touched"
done_testing
