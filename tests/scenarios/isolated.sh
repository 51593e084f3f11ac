#!/bin/sh
# Isolated and nohz_full CPUs do not lead as long as there is another; at power-off the module is still at work.
# machine: --cores 4
# append: isolcpus=0 nohz_full=1-2
# boot: own
# check: kind
# timeout: 60
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

# Who is nohz_full has no tick while one task runs there.
ok "the module loads for these CPUs and one that leads" load cpus=1-3
wait_state ready
wait_for 'get_is regions_optimized 7 && get_is cores_behind "" && at_rest' 20 "all is optimized"
spin_on 1 2
# After two seconds a core is late, on a busy machine: once more then.
for _ in 1 2 3 4 5; do
	slices=$(count slices) sent=$(count interruptions)
	ok "nohz_full CPUs are busy: a full pass" scan full
	get_is last_result partial || break
	wait_for 'get_is cores_behind "" && at_rest' 20
done
is "$(get last_result)" ok "it did all that it began"
is $(($(count interruptions) - sent)) $(($(count slices) - slices)) "each of their slices was an interruption"
cmp_ok $(($(count slices) - slices)) '>=' 2 "of which there were some"
spin_end
ok "unload" unload

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
