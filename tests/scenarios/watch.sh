#!/bin/sh
# Watch, audit, back-off, auto: what the module finds by itself, and what that costs.
# machine: --cores 4
# check: harsh
# timeout: 120
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

page=$((2 * 0x40000 + 99))

ok "the module loads" load watch_ms=50 audit_ms=0
wait_state ready
wait_for 'settled 7' 20 "all is optimized"
leader=$(get leaders)

# At rest: so many watches that a wrong one would show.
passes=$(get passes)
begin=$(uptime_ms)
machinectl reset
wait_for '[ "$(machinectl count reports)" -ge 70 ]' 20 "ten watches"
cmp_ok $(($(uptime_ms) - begin)) '>=' 440 "not more often than every watch_ms"
is "$(machinectl count interruptions)" 0 "interrupt nobody"
for cpu in $(all_cpus | grep -vx "$leader"); do
	is "$(machinectl count reports "$cpu")" 0 "none on CPU $cpu, which does not lead"
done
is "$(get passes)" "$passes" "and are no passes"
is "$(state)" ready "nor seen in the state"

# Their results are nobody's either.
put scan later
put scan cancel
wait_for 'get_is last_result cancelled && get_is served "$(get requested)"' 10 "a request is cancelled"
machinectl reset
wait_for '[ "$(machinectl count reports)" -ge 70 ]' 20 "ten watches later"
is "$(get last_result)" cancelled "that is still the last result"

ok "a guest takes a page of region 2" machinectl assign $page 7 4k
wait_for 'get_is regions_optimized 6' 10 "the watch sees it"
ok "the page comes back" machinectl release $page 4k
wait_for 'settled 7' 10 "the watch regains the region"
is "$(count last_trigger)" watch "as the trigger says"
is "$(get backoff)" "" "nothing is held back"

ok "the page goes again" machinectl assign $page 7 4k
wait_for 'get_is regions_optimized 6' 10 "soon after the region was regained"
ok "and comes back" machinectl release $page 4k
wait_for 'get_is backoff 2' 5 "it is held back from the followers"
machinectl reset
wait_for '[ "$(machinectl count verifies "$leader")" -ge 10 ]' 5 "the leader tries it"
is "$(machinectl count interruptions)" 0 "nobody else"
ok "who asks" scan now
ok "gets it at once" settled 7
is "$(get backoff)" "" "it is held back no more"

other=$([ "$leader" = 3 ] && echo 2 || echo 3)
ok "a core loses its table all by itself" machinectl lose "$other"
machinectl reset
wait_for '[ "$(machinectl count reports)" -ge 20 ]' 20 "watches"
is "$(machinectl truth)" "0 1 4" "can't see that"
caught=$(count verifies_catchup)
put tune/audit_ms 400
wait_for 'settled 7' 20 "an audit does"
is "$(count last_trigger)" audit "as the trigger says"
is $(($(count verifies_catchup) - caught)) 7 "the core alone catches up"
put tune/audit_ms 0

put tune/auto N
is "$(get tune/auto)" N "auto is off"
# Behind it no watch is under way.
scan now
machinectl reset
ok "the page goes once more" machinectl assign $page 7 4k
never '[ "$(machinectl count reports)" != 0 ]' 1 "nothing is done unless somebody asks"
ok "who asks" scan now
is "$(get regions_optimized)" 6 "is told"
# What is due and not wanted is dropped: a watch, and a region that may be tried again five seconds after its fault.
put tune/watch_ms 200
ok "RMPOPT faults in a region" machinectl fault-region 3 ud
ok "who asks" scan now
is "$(get faulty)" 3 "is told of it"
# shellcheck disable=SC2034 # for the condition
tried=$(uptime_ms)
wait_for '[ "$(uptime_ms)" -ge $((tried + 6000)) ]' 20
begin=$(uptime_ms)
wakeups=$(worker_wakeups)
wait_for '[ "$(uptime_ms)" -ge $((begin + 2000)) ]' 20
cmp_ok $((($(worker_wakeups) - wakeups) * 20)) '<=' $(($(uptime_ms) - begin)) "the worker sleeps from one watch to the next"
nok "only words that make sense" put tune/auto maybe
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
ok "unload" unload
done_testing
