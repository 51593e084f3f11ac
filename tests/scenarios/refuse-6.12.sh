#!/bin/sh
# Linux 6.12 knows no segmented RMP: load is refused, on a CPU with RMPOPT, with the reason.
# kernel: 6.12
# machine: --cores 1
# profiles: kind
# timeout: 30
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

like "$(uname -r)" '^6\.12\.' "this is Linux 6.12"
ok "which is an SNP host here" grep -qw sev_snp /proc/cpuinfo
nok "load is refused" load
like "$(dmesg | grep rmpopt:)" "not segmented.* 6\.14" "the kernel log says why, and which kernel would do"
nok "nothing is left" loaded
is "$(machinectl count base-writes)" 0 "RMPOPT_BASE was not touched"
done_testing
