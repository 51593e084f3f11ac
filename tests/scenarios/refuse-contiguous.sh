#!/bin/sh
# Load is refused on a host whose RMP is not segmented, with the reason.
# machine: --cores 1 --contiguous
# profiles: kind
# timeout: 30
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

nok "load is refused" load
like "$(dmesg | grep rmpopt:)" "not segmented.*: run Linux 6\.14 or later and enable" "the kernel log says why, and what to do"
nok "nothing is left" loaded
is "$(machinectl count base-writes)" 0 "RMPOPT_BASE was not touched"
done_testing
