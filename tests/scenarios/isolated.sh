#!/bin/sh
# Isolated and nohz_full CPUs do not lead as long as there is another; at power-off the module is still at work.
# machine: --cores 4
# append: isolcpus=0 nohz_full=1-2
# boot: own
# check: kind
# timeout: 60
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

ok "the module loads" load
wait_state ready
wait_for 'get_is regions_optimized 7 && at_rest' 20 "all is optimized"
is "$(get leaders)" 3 "the housekeeping CPU leads"
is "$(machinectl truth)" "0 0 4" "the tables of the others equal the truth, too"
cmp_ok "$(machinectl count interruptions 3)" == 0 "it is not interrupted"

ok "it goes offline" offline 3
wait_for '[ "$(get cores)/$(get cores_behind)" = 0-2/ ] && get leaders | grep -qx "[0-2]" && get_is regions_optimized 7 && at_rest' 20 \
	"one of those that are left has to lead"
ok "it comes back" online 3
wait_for settled 20 "all is optimized"

# It stays, at work: the boot's own check is a clean power-off.
put scan full
done_testing
