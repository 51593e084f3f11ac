#!/bin/sh
# Two leaders, of which one hangs: the worker does not wait for its CPU.
# machine: --nodes 2 --cores 2 --regions 128
# check: kind
# timeout: 300
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

# The kernel's own check for that would end the guest.
echo 60 >/proc/sys/kernel/watchdog_thresh
machinectl deaf on

settled() { at_rest && get_is cores 0-3 && get_is cores_behind "" && [ "$(machinectl truth)" = "0 0 4" ] && at_rest; }

# who_leads - sets $first and $second; this script is on neither of their CPUs from now on
who_leads() {
	first=$(leaders | head -n 1)
	second=$(leaders | tail -n 1)
	keep_off_leader
}
# kick_from CPU - wakes the worker up, from a CPU that shares no cache with that of the leader that hangs: Linux leaves such a
# wake-up to the CPU that it is for
kick_from() { taskset -pc "$1" $$ >/dev/null && put scan later; }
back() {
	machinectl open
	wait_for 'settled && get_is reason ok' 60 "it is back, and takes part"
}

ok "the module loads" load watch_ms=0 audit_ms=0
wait_for 'state_is ready && settled' 40 "all is optimized"
like "$(get leaders)" '^[01],[23]$' "each node has a leader"

# The worker sleeps where the first leader executes, and is woken up meanwhile.
who_leads
machinectl event 3 gate "$first"
machinectl event 3 gate "$second"
put scan full
number=$(get requested)
wait_for '[ "$(machinectl events)" = "0 2" ]' 20 "both leaders are held"
kick_from $((1 - first))
machinectl open "$first"
wait_for "was_served $number" 60 "the second one hangs, and is not waited for"
like "$(get reason)" "^CPU $second .* hangs in an RMPOPT" "the reason names it"
ok "a request is served" scan full 40
back

# The first one hangs, where the worker sleeps.
who_leads
machinectl event 3 gate "$first"
put scan full
number=$(get requested)
wait_for '[ "$(machinectl events)" = "0 1" ]' 20 "the first leader is held"
kick_from $((5 - second))
wait_for "was_served $number" 60 "it hangs, and is not waited for"
like "$(get reason)" "^CPU $first .* hangs in an RMPOPT" "the reason names it"
ok "a request is served" scan full 40
back

# In a watch the second leader comes back first, and hangs in what follows.
page=$((100 * 0x40000 + 0x8063))
machinectl assign "$page" 1
who_leads
machinectl event 1 gate "$first"
reports=$(machinectl count reports "$second")
put tune/watch_ms 100
has_looked() {
	local now
	now=$(machinectl count reports "$second")
	[ "$now" -gt "$reports" ] && nap && [ "$(machinectl count reports "$second")" = "$now" ]
}
wait_for has_looked 20 "the second leader has looked, the first one is held"
machinectl event 1 gate "$second"
machinectl open "$first"
wait_for '[ "$(machinectl events)" = "0 1" ]' 20 "the second one is held as it tries again"
wait_for 'get reason | grep -q "^CPU $second .* hangs in an RMPOPT"' 60 "it hangs, and is not waited for"
put tune/watch_ms 0
machinectl release "$page"
ok "a request is served" scan full 40
back

is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
machinectl deaf off
ok "unload" unload
done_testing
