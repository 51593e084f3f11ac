#!/bin/sh
# Beyond 2 TiB windows are placed over memory, not over what the RMP covers above it.
# machine: --sparse --cores 2 --rst 36/0:2+16:2+80:64@0x200000000000
# check: harsh
# timeout: 90
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh
. /rmpopt/parts/lab.sh

ok "the module loads" load
wait_state ready
wait_for had_pass 20 "the first pass"
is "$(get regions_covered)" 68 "68 regions are covered"
is "$(get covered)" 0-1,1024-1025,5120-5183 "64 of them far above all memory"
is "$(get regions_uncovered)" 64 "no window holds those"
is "$(count verifies_leader)" 4 "the leaders verify the others"
is "$(machinectl truth)" "0 0 4" "tables equal the truth"
is "$(machinectl count outside)" 0 "no RMPOPT outside the window"
arms_as_rmpopt
done_testing
