#!/bin/sh
# Followers by tick: a busy CPU is not interrupted, an idle one is sent an IPI, one without either is late.
# machine: --cores 4
# timeout: 240
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

settled() { at_rest && [ "$(machinectl truth)" = "0 0 4" ] && [ "$(get regions_optimized)" = "$1" ]; }
page=$((2 * 0x40000 + 99))

# calls CPU - function-call interrupts so far, as the kernel counts them
calls() { awk -v n="$1" '$1 == "CAL:" { print $(n + 2) }' /proc/interrupts; }
all_calls() { for cpu in $followers; do calls "$cpu"; done | tr '\n' ' '; }

# busy - a task that never sleeps on every CPU; ends with still
busy() {
	local cpu
	spinners=
	for cpu in $(all_cpus); do
		taskset -c "$cpu" sh -c 'while :; do :; done' &
		spinners="$spinners $!"
	done
}
# shellcheck disable=SC2086 # a list
still() {
	kill $spinners
	wait $spinners 2>/dev/null
}

ok "the module loads" load watch_ms=0 audit_ms=0 hooks=N
wait_state ready
wait_for 'settled 7' 30 "all is optimized"
is "$(get tune/followers)" tick "followers are reached by tick"
leader=$(get leaders)
followers=$(all_cpus | grep -vx "$leader")
# What the module does besides is on the leader's CPU, and so is this script.
for task in $(grep -lE '^rmpopt' /proc/[0-9]*/comm | cut -d / -f 3) $$; do
	taskset -pc "$leader" "$task" >/dev/null
done

# uncalled COMMAND... - one of five runs adds no function-call interrupt on any follower's CPU.
# The kernel has some of its own now and then; a pass by IPI has one in each run for certain.
uncalled() {
	local before
	for _ in 1 2 3 4 5; do
		before=$(all_calls)
		"$@" || return 1
		[ "$(all_calls)" != "$before" ] || return 0
	done
	return 1
}
regain() {
	machinectl assign $page 7 4k && scan now 60 && machinectl release $page 4k && scan now 60
}

busy
slices=$(count slices) sent=$(count interruptions)
machinectl reset
ok "every CPU is busy: a full pass" scan full 60
is "$(get last_result)" ok "it did all that it began"
cmp_ok $(($(count slices) - slices)) '>=' 3 "with a slice of each follower"
is $(($(count interruptions) - sent)) 0 "none of them by an interruption"
cmp_ok "$(machinectl count longest-run)" '<=' 1 "interrupts are enabled between any two instructions"
is "$(machinectl count verifies)" $((8 + 7 * 3)) "exactly the verifies that are needed"

ok "full passes add no function-call interrupt there, as the kernel counts them" uncalled scan full 60
ok "nor do delta passes, in which a guest's region is lost and regained" uncalled regain
is $(($(count interruptions) - sent)) 0 "nor was any of them sent"
is "$(get regions_optimized)" 7 "the region is regained"
is "$(machinectl truth)" "0 0 4" "tables equal the truth"

# The same by IPI: here the checks above would fail.
put tune/followers ipi
sent=$(count interruptions)
nok "followers=ipi: full passes do" uncalled scan full 60
cmp_ok $(($(count interruptions) - sent)) '>=' 15 "each follower is interrupted, each time"
put tune/followers tick
still

# Idle CPUs have no tick to ride on: they are sent an IPI, which disturbs nobody.
sent=$(count interruptions)
ok "CPUs are idle: a full pass" scan full 60
is "$(get last_result)" ok "it did all that it began"
cmp_ok $(($(count interruptions) - sent)) '>=' 1 "by IPI"
is "$(machinectl truth)" "0 0 4" "tables equal the truth"
machinectl reset
never '[ "$(machinectl count verifies)" != 0 ] || [ "$(machinectl count reports)" != 0 ]' 1 "then nothing runs any more"

# A slice that waits for its tick is taken back if the pass has to end.
busy
put scan full
ok "a pass is cancelled" put scan cancel
wait_for at_rest 20 "it ends"
ok "unload while all CPUs are busy" unload
still
written_once
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
done_testing
