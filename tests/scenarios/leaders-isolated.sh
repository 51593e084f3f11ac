#!/bin/sh
# A real-time task takes the CPU of a leader that is isolated: there is no load balancing that would move its thread away.
# machine: --cores 4
# append: isolcpus=0,3
# check: kind
# timeout: 200
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

settled() { at_rest && get_is regions_optimized 7 && [ "$(machinectl truth)" = "0 0 $1" ] && at_rest; }

# shellcheck source=parts/hog.sh
. /rmpopt/parts/hog.sh

ok "the module loads" load cpus=0,3 watch_ms=0 audit_ms=0
wait_state ready
wait_for 'settled 2' 30 "both are optimized"
starved=$(get leaders)
like "$starved" '^[03]$' "one of them leads"

start_hog "$starved"
put scan full
# The worker is on that CPU, too, until it is moved.
wait_for '! get_is progress "0 0"' 20 "it is sent its order"
put enabled 0
wait_state stopped 20 "stopped while the leader gets no time"
put enabled 1
wait_for '! state_among stopped scanning' 40 "nor is it waited for to start again"
end_hog
wait_for 'settled 2 && get_is reason ok && get_is cores 0,3' 40 "it takes part again by itself"

# unload_beside CPU - on which nothing else gets time. Under PREEMPT_RT that CPU's part of an RCU grace period, for which
# unload waits, is a thread's, which does not get it either.
unload_beside() {
	if preempt_rt; then
		ok "unload" unload
		return
	fi
	start_hog "$1"
	rmmod rmpopt &
	wait_for '! loaded' 20 "unload does not wait for CPU $1"
	end_hog
	ok "and has ended" wait $!
}

# Threads of leaders sleep on the CPU of their last order.
unload_beside "$(get leaders)"
ok "the module loads" load watch_ms=0 audit_ms=0
wait_for 'settled 4' 30 "all are optimized"
like "$(get leaders)" '^[12]$' "a CPU that is not isolated leads"
ok "the other one gets this script no more" taskset -pc "$(get leaders)" $$ >/dev/null
unload_beside $((3 - $(get leaders)))
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
done_testing
