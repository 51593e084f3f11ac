#!/bin/sh
# A core loses its table all by itself: within audit_ms an audit sees it, and that core alone works.
# machine: --cores 4
# check: kind
# timeout: 90
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

missing() { [ "$(machinectl truth)" = "0 1 4" ]; }

ok "the module loads" load watch_ms=50 audit_ms=0
wait_state ready
wait_for settled 20 "all is optimized"
leader=$(get leaders)
victim=$([ "$leader" = 3 ] && echo 2 || echo 3)
others=$(all_cpus | grep -vx -e "$leader" -e "$victim")

machinectl event 3 lose "$victim"
wait_for missing 10 "in the middle of a watch a core loses its table"
machinectl reset
wait_for '[ "$(machinectl count reports)" -ge 70 ]' 20 "ten more watches"
ok "don't see it" missing
is "$(get regions_optimized)" 7 "nor does the module say so"
is "$(machinectl count interruptions)" 0 "nobody is interrupted"

# 2 of 4 cores each second.
machinectl reset
caught=$(count verifies_catchup)
begin=$(uptime_ms)
put tune/audit_ms 2000
wait_for settled 20 "an audit sees it"
reports=$(machinectl count reports "$victim")
took=$(($(uptime_ms) - begin))
diag "after $took ms"
# One round has begun at once; one more may have ended before this looks, or more of them on a machine that stands still.
cmp_ok "$reports" '<=' $((7 * (took / 2000 + 2))) "in the first round or the second"
is "$(count last_trigger)" audit "as the trigger says"
is $(($(count verifies_catchup) - caught)) 7 "7 regions are caught up"
is "$(machinectl count verifies "$victim")" 7 "by that core"
for cpu in $others; do
	is "$(machinectl count verifies "$cpu")" 0 "CPU $cpu verifies nothing"
	cmp_ok "$(machinectl count interruptions "$cpu")" '<=' "$(machinectl count reports "$cpu")" "and is interrupted for its own reports only"
done
is "$(machinectl count interruptions "$leader")" 0 "the leader is not interrupted"

# A whole round, and somebody loses his table in the middle of it.
wait_for at_rest 10
begin=$(uptime_ms)
machinectl reset
passes=$(get passes)
wait_for '[ "$(machinectl count reports '"$victim"')" -ge 21 ]' 20 "three more rounds, the first of which may have begun before"
cmp_ok $(($(uptime_ms) - begin)) '>=' 3900 "not more often than every audit_ms"
for cpu in $others; do
	cmp_ok "$(machinectl count reports "$cpu")" '>=' 7 "CPU $cpu was asked, too"
done
is "$(get passes)" "$passes" "no pass comes of them"
caught=$(count verifies_catchup)
machinectl event 10 lose "$victim"
wait_for '[ "$(machinectl events)" = "0 0" ] && [ "$(count verifies_catchup)" -ge $((caught + 7)) ] && settled' 20 \
	"the core loses its table while the audits go on: the next round sees it"
# Behind it no audit is under way.
put tune/audit_ms 0
scan now

machinectl event 3 lose "$leader"
wait_for '[ "$(machinectl events)" = "0 0" ] && settled' 20 "what the leader loses its watch sees"
is "$(count last_trigger)" watch "as the trigger says"
# Cut off in the middle of a core, one core each second: the round goes on with that core.
# Nothing but what is held may be on a CPU that is held.
# The leader, as a follower is late after two seconds.
put tune/watch_ms 0
scan now
victim=$(get leaders)
next=$(((victim + 1) % 4))
third=$(all_cpus | grep -vx -e "$victim" -e "$next" | head -n 1)
ok "on a CPU that is not held" taskset -pc "$third" $$ >/dev/null
machinectl reset
machinectl event 3 gate "$victim"
put tune/audit_ms 4000
wait_for '[ "$(machinectl events)" = "0 1" ]' 20 "an audit is held in the middle of a core"
put scan cancel
machinectl event 1 gate "$next"
machinectl open step
wait_for '[ "$(machinectl events)" = "0 1" ] && [ "$(machinectl count reports "$victim")" -ge 3 ]' 20 "it is cut off, and others follow"
is "$(machinectl count reports "$victim")" $((3 + 7)) "before the next core this one is asked anew"
put tune/audit_ms 0
machinectl open
scan now
# Whoever was held for two seconds has been late, and is seen to by a pass of its own.
wait_for 'settled && get_is cores_behind ""' 20

# Each pass is held until there is another request, so that one follows the other.
leader=$(get leaders)
next=$(((leader + 1) % 4))
third=$(all_cpus | grep -vx -e "$leader" -e "$next" | head -n 1)
ok "on a CPU that is not held" taskset -pc "$third" $$ >/dev/null
machinectl event 1 lose "$next"
machinectl event 2 gate "$leader"
put scan now
ok "a pass is held, and a core loses its table" machinectl wait-gate --timeout 10
put tune/audit_ms 2000
until=$(($(uptime_ms) + 20000))
while missing && [ "$(uptime_ms)" -lt $until ] && machinectl wait-gate --timeout 10; do
	put scan now
	# In this pass or the next, not later: each has more than three.
	machinectl event 3 gate "$leader"
	machinectl open step
done
nok "requests that overlap don't put audits off" missing
put tune/audit_ms 0
machinectl open
wait_for 'settled && get_is cores_behind ""' 20 "they end, and all is optimized"

# Without RMPOPT_EN it can't say what it lacks; armed again it owes everything. Its table is as it was then, so
# what it verifies shows that it was caught up.
victim=$next
machinectl reset
machinectl event 1 en-off "$victim"
put tune/audit_ms 2000
wait_for '[ "$(machinectl count verifies "$victim")" -ge 7 ] && settled' 20 "a core that has lost RMPOPT_EN verifies all again"
is "$(count last_trigger)" audit "as the trigger says"
put tune/audit_ms 0
wait_for at_rest 10
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
ok "unload" unload
done_testing
