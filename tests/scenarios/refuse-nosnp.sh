#!/bin/sh
# Load is refused on a kernel that is not an SNP host, with the reason.
# machine: --cores 1
# append: sev=nosnp
# profiles: kind
# timeout: 30
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

nok "load is refused" load
like "$(dmesg | grep rmpopt:)" "not an SNP host: enable .* BIOS.* sev=nosnp" "the kernel log says why, and what to do"
nok "nothing is left" loaded
is "$(machinectl count base-writes)" 0 "RMPOPT_BASE was not touched"
done_testing
