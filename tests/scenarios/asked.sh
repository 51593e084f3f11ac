#!/bin/sh
# A pass that somebody asked for and that is cut short: it ends with its result, who asked is served, and
# what is left undone waits with auto=N until somebody asks again.
# machine: --cores 4
# check: harsh
# timeout: 150
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

# hold - ask for a full pass and hold a follower in it; sets $number and $before. Nothing but the held
# RMPOPT is on a CPU that is held: this script is on the leader's.
hold() {
	leader=$(get leaders)
	taskset -pc "$leader" $$ >/dev/null
	before=$(get passes)
	# A certain one: were no follower in time, any RMPOPT might be the leader's.
	machinectl event 3 gate "$([ "$leader" = 3 ] && echo 2 || echo 3)"
	put scan full
	number=$(get requested)
	wait_for '[ "$(machinectl events)" = "0 1" ]' 10 "a pass is held"
}

# hold_lead - the same, but it is the leader that is held, for which a pass waits without becoming partial. This script
# is on the other CPUs.
hold_lead() {
	before=$(get passes)
	hold_leader 4
	put scan full
	number=$(get requested)
	wait_for '[ "$(machinectl events)" = "0 1" ]' 10 "a pass is held"
}

# ended RESULT - that pass, and nothing follows: a retry would come after 100 ms, a watch after 50
ended() {
	local begin wakeups
	wait_for '[ "$(get served)" -ge "$number" ]' 10 "who asked is served"
	is "$(get last_result)" "$1" "as the result says"
	machinectl open
	wait_for at_rest 10
	begin=$(uptime_ms)
	wakeups=$(worker_wakeups)
	pause 0.5
	is "$(get passes)" $((before + 1)) "nothing follows unasked"
	cmp_ok $((($(worker_wakeups) - wakeups) * 10)) '<=' $(($(uptime_ms) - begin)) "the worker sleeps from one watch to the next"
}

# asked_again - once, or more often if a busy machine keeps a core from answering
asked_again() {
	ok "asked again" scan now
	for _ in 1 2 3 4 5; do
		get_is last_result partial || break
		scan now
	done
	ok "all is optimized" settled
}

ok "the module loads" load auto=0 watch_ms=50 audit_ms=10
wait_state ready
is "$(get tune/auto)" N "0 means N"
wait_for settled 20 "the first pass is exempt from auto=N"
first=$(get leaders)

hold_lead
put scan cancel
machinectl open
ended cancelled
cmp_ok "$(get regions_optimized)" '<' 7 "it had not come to its end"
asked_again

hold
ended partial
isnt "$(get cores_behind)" "" "the core that was late still owes"
asked_again

# A follower again, which is late after two seconds: a busy machine may need them before it stops.
for _ in 1 2 3 4 5; do
	hold
	put enabled 0
	wait_for 'was_served "$number"' 10
	get_is last_result partial || break
	machinectl open
	put enabled 1
	wait_state ready
	asked_again
done
wait_state stopped 10 "nobody waits for the one that is held"
like "$(get reason)" "no more verifies, and nothing else; tables stay in use; rmpoptctl enable" "the reason says what that means, and what to do"
ended cancelled
put enabled 1
wait_state ready
pause 0.5
is "$(get passes)" $((before + 1)) "nor does anything follow the new start"
asked_again

before=$(get passes)
machinectl faulty "$leader" ud
put scan full
number=$(get requested)
ended failed
machinectl faulty "$leader" none
wait_for 'get_is cores 0-3' 20 "the leader that was dropped is back"
pause 0.5
is "$(get passes)" $((before + 1)) "and waits to be asked"
asked_again

put tune/watch_ms 0
put tune/audit_ms 0
put tune/auto Y
hold_lead
put scan cancel
machinectl open
ended cancelled
hold
wait_for 'get_is last_result partial' 10 "with auto=Y a pass without one core"
machinectl open
wait_for settled 20 "is followed by a catch-up"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
ok "unload" unload

# SNP is initialised while kvm_amd loads, and goes on changing: the first pass may come in between.
ok "on a CPU that does not lead" taskset -pc $(((first + 1) % 4)) $$ >/dev/null
machinectl event 4 gate
ok "the module loads" load auto=0 watch_ms=0 audit_ms=0
ok "its first pass is held" machinectl wait-gate --timeout 20
machinectl snp disable >/dev/null
machinectl open
wait_state waiting
is "$(get passes) $(get last_result)" "1 failed" "SNP was shut down in the middle of it"
machinectl snp enable >/dev/null
machinectl snp init >/dev/null
wait_for settled 40 "it is made up for when SNP is initialised: nothing else would come"
is "$(get passes) $(get last_result)" "2 ok" "by one pass"
ok "unload" unload
done_testing
