#!/bin/sh
# Followers by tick: a busy CPU is not interrupted, an idle one is sent an IPI, one without either is late.
# machine: --cores 4
# check: harsh
# timeout: 240
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

page=$((2 * 0x40000 + 99))

tracing=/sys/kernel/tracing
# traced COMMAND... - while it runs, note the functions that IPIs call
traced() {
	local status=0
	echo >"$tracing/trace"
	echo 1 >"$tracing/events/csd/csd_function_entry/enable"
	"$@" || status=1
	echo 0 >"$tracing/events/csd/csd_function_entry/enable"
	return "$status"
}
# called - how many of them were the module's
called() { grep -cE 'func=(ipi_handler|errand_handler|probe_handler)' "$tracing/trace"; }
# calls - function-call interrupts so far on followers' CPUs, as the kernel counts them all
calls() { awk -v cpus="$followers" 'BEGIN { n = split(cpus, cpu) } $1 == "CAL:" { for (i = 1; i <= n; i++) sum += $(cpu[i] + 2); print sum }' /proc/interrupts; }

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

regain() {
	machinectl assign "$page" 7 4k && scan_whole now 60 && machinectl release "$page" 4k && scan_whole now 60
}

# shellcheck disable=SC2046 # a list
spin_on $(all_cpus)
from_now() {
	slices=$(count slices)
	machinectl reset
}
sent=$(count interruptions)
before=$(calls)
# A busy machine may bring a tick later than a slice waits for it, two seconds: that pass is partial, and another one
# takes its place. In none of them is anybody interrupted.
ok "every CPU is busy: a full pass" traced scan_whole full 60 from_now
diag "the kernel counts $(($(calls) - before)) function-call interrupts there, its own included"
is "$(called)" 0 "none of them is the module's"
is "$(get last_result)" ok "it did all that it began"
cmp_ok $(($(count slices) - slices)) '>=' 3 "with a slice of each follower"
is $(($(count interruptions) - sent)) 0 "none of them by an interruption"
cmp_ok "$(machinectl count longest-run)" '<=' 1 "interrupts are enabled between any two instructions"
is "$(machinectl count verifies)" $((8 + 7 * 3)) "exactly the verifies that are needed"

ok "delta passes, in which a guest's region is lost and regained" traced regain
is "$(called)" 0 "nor is any then"
is $(($(count interruptions) - sent)) 0 "as the module says itself"
is "$(get regions_optimized)" 7 "the region is regained"
is "$(machinectl truth)" "0 0 4" "tables equal the truth"

# The same by IPI: here the checks above would fail.
put tune/followers ipi
sent=$(count interruptions)
ok "followers=ipi: a full pass" traced scan full 60
cmp_ok "$(called)" '>=' 3 "the kernel has seen the module's"
cmp_ok $(($(count interruptions) - sent)) '>=' 3 "each follower is interrupted"
put tune/followers tick
spin_end

# Idle CPUs have no tick to ride on: they are sent an IPI, which disturbs nobody.
sent=$(count interruptions)
ok "CPUs are idle: a full pass" scan_whole full 60
is "$(get last_result)" ok "it did all that it began"
# What has just been busy may have its tick still: then it is another pass that finds it idle.
by_ipi() { [ $(($(count interruptions) - sent)) -ge 1 ] || { scan full 60; false; }; }
wait_for by_ipi 60 "by IPI"
is "$(machinectl truth)" "0 0 4" "tables equal the truth"
machinectl reset
never '[ "$(machinectl count verifies)" != 0 ] || [ "$(machinectl count reports)" != 0 ]' 1 "then nothing runs any more"

# A slice that waits for its tick is taken back if the pass has to end.
# shellcheck disable=SC2046 # a list
spin_on $(all_cpus)
put scan full
ok "a pass is cancelled" put scan cancel
wait_for at_rest 20 "it ends"
ok "unload while all CPUs are busy" unload
spin_end
written_once
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
done_testing
