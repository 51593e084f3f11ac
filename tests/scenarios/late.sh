#!/bin/sh
# A core that does not answer is left owing; unload waits for its handler.
# machine: --cores 4
# check: kind
# timeout: 120
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

ok "the module loads" load
wait_state ready
wait_for settled 20 "all is optimized"
# Nothing but the held RMPOPT is on a CPU that is held: this script is on the leader's, and it is a certain follower that
# is held. (Were no follower in time, any RMPOPT might be the leader's.)
leader=$(get leaders)
core=$([ "$leader" = 3 ] && echo 2 || echo 3)
ok "on the leader's CPU" taskset -pc "$leader" $$ >/dev/null

echo 1 >/sys/kernel/tracing/events/rmpopt/event/enable
machinectl event 3 gate "$core"
put scan full
wait_for '[ "$(machinectl events)" = "0 1" ]' 10 "a follower is held"
wait_for 'get_is last_result partial' 10 "the pass ends without it"
ok "that core is behind" in_list "$core" "$(get cores_behind)"
is "$(grep -c " event: kind=late cpu=$core " /sys/kernel/tracing/trace)" 1 "a tracepoint tells of it"
cmp_ok "$(get regions_optimized)" '<' 7 "so what it has not done is not optimized on all"
done=$(machinectl count verifies "$core")
ok "another full scan" scan full
is "$(machinectl count verifies "$core")" "$done" "gives it nothing to do"
is "$(get last_result)" partial "and says so"
machinectl open
wait_for settled 20 "it catches up as soon as it answers"
is "$(get cores_behind)" "" "no core is behind"
# Not before: it interrupts all CPUs.
echo 0 >/sys/kernel/tracing/events/rmpopt/event/enable

# Nothing but its answer wakes the module: no watch, and the pass that was to follow is dropped with auto=N.
put tune/watch_ms 0
put tune/auto N
machinectl event 3 gate "$core"
put scan full
wait_for '[ "$(machinectl events)" = "0 1" ] && get_is last_result partial && at_rest' 20 "a pass ends without a core"
passes=$(get passes)
never '[ "$(get passes)" != '"$passes"' ]' 1 "nothing follows"
# shellcheck disable=SC2034 # for the condition
wakeups=$(worker_wakeups)
put tune/auto Y
wait_for '[ "$(worker_wakeups)" != "$wakeups" ]' 10 "the worker has seen it, and sleeps again"
machinectl open
wait_for settled 20 "it catches up as soon as it answers"
put tune/watch_ms 60000

# Somebody else's report holds a core, so its slice has not even begun when the pass goes on.
put tune/followers ipi
machinectl event 1 gate "$core"
cat /sys/kernel/debug/rmpopt/table >/dev/null &
reader=$!
ok "a core is held in a report" machinectl wait-gate --timeout 10
ok "a full scan" scan full
is "$(get last_result) $(get cores_behind)" "partial $core" "goes on without it"
machinectl reset
machinectl open
wait_for settled 20 "it catches up as soon as it answers"
is "$(machinectl count verifies "$core")" 7 "with what it owes, and does nothing of the slice that came too late"
wait $reader
put tune/followers tick

# That core is held at its first verify, but not for so long that it is late.
# held_until CONDITION - or for ten seconds; at rest after it. Sets $since: when the core was held, $before, $others:
# what all have verified by then, and by its release, $took: ms from that to the end of the pass
held_until() {
	machinectl reset
	machinectl event 1 gate "$core"
	put scan full
	machinectl wait-gate --timeout 10 || return
	before=$(machinectl count verifies)
	# shellcheck disable=SC2034 # for the condition
	since=$(uptime_ms)
	wait_for "$1" 10
	others=$(machinectl count verifies)
	took=$(uptime_ms)
	machinectl open
	wait_for at_rest 20
	took=$(($(uptime_ms) - took))
}
put tune/slice_us 10
put tune/parallel 0
put tune/duty 100
# After two seconds it is late, which is not meant: once more then.
for _ in 1 2 3 4 5; do
	ok "one core is held in its slice" held_until '[ "$(machinectl count verifies)" -ge 22 ]'
	get_is last_result partial || break
	wait_for settled 20
done
cmp_ok "$others" '>=' 22 "parallel=0: the other two do all their work meanwhile"
is "$(get last_result)" ok "nobody was late"
put tune/parallel 1
put tune/duty 5
for _ in 1 2 3 4 5; do
	ok "one core is held in its slice" held_until '[ $(($(uptime_ms) - since)) -ge 500 ]'
	get_is last_result partial || break
	wait_for settled 20
done
is "$others" "$before" "parallel=1: nobody else is interrupted meanwhile"
cmp_ok "$took" '>=' 990 "who was interrupted for so long has a rest, as duty says"
is "$(get last_result)" ok "nobody was late"
put tune/slice_us 50
put tune/parallel 4

machinectl event 3 gate "$core"
put scan full
wait_for '[ "$(machinectl events)" = "0 1" ] && get_is last_result partial' 10 "it is late again"
ok "stop" put enabled 0
wait_state stopped 5 "the worker does not wait for it"
ok "start" put enabled 1
wait_for 'state_is ready && get_is regions_optimized 7 && at_rest' 10 "those that answer are optimized anew"
nok "it does not take part" in_list "$core" "$(get cores)"
ok "stop" put enabled 0
wait_state stopped 5
ok "start" put enabled 1
wait_for 'state_is ready && get_is regions_optimized 7 && at_rest' 10 "once more"
machinectl open
wait_for 'state_is ready && settled && get_is cores_behind ""' 20 "it takes part when it answers, and all is optimized"
is "$(get cores_behind)" "" "no core is behind"

machinectl event 3 gate "$core"
put scan full
wait_for '[ "$(machinectl events)" = "0 1" ] && get_is last_result partial' 10 "once more"
# Not on this script's CPU: unload may keep its own busy as long as a CPU does not answer.
third=$(all_cpus | grep -vx "$leader" | grep -vx "$core" | head -n 1)
taskset -c "$third" rmmod rmpopt &
wait_for '[ "$(cat /sys/module/rmpopt/initstate)" = going ]' 20 "unload begins"
never '! loaded' 2 "and waits for the handler"
machinectl open
ok "until that is let go" wait $!
nok "and the module is gone" loaded
written_once
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
done_testing
