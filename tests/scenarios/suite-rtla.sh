#!/bin/sh
# What a busy follower feels, by rtla osnoise, which knows nothing of the module: with followers=ipi each slice
# is an interrupt of its CPU, with followers=tick none is. Interrupts are counted, as times mean nothing under
# emulation.
# machine: --cores 4 --regions 96
# profiles: kind
# check: none
# packages: rtla
# programs: rtla
# timeout: 400
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2034,SC2317
. /rmpopt/lib.sh

tracing=/sys/kernel/tracing
grep -qw osnoise $tracing/available_tracers 2>/dev/null ||
	skip_all "this kernel has no osnoise tracer; the debug kernel rt has it"

settled() { at_rest && state_is ready && [ "$(machinectl truth)" = "0 0 4" ] && at_rest; }

# noise [INTERRUPT] - those that osnoise has noted on CPU 2
noise() { grep "\[002\] .* irq_noise: ${1:-}" $tracing/trace; }
# stamps - the time stamps of lines of the trace
stamps() { sed -nE 's/.* ([0-9]+\.[0-9]+): .*/\1/p'; }
# measures COMMAND... - a check: it does so while one pass follows the other
measures() {
	local scans
	while :; do scan full; done &
	scans=$!
	ok "$*" "$@"
	kill $scans
	wait $scans 2>/dev/null
	wait_for settled 30 "all is optimized in the end"
}
# beside FOLLOWERS - osnoise keeps CPU 2 busy for 10 s; sets ticks, ipis and slices of that time
beside() {
	ok "followers by $1" put tune/followers "$1"
	echo >$tracing/trace
	measures rtla osnoise top -q -c 2 -d 10
	ticks=$(noise local_timer | wc -l)
	ipis=$(noise call_function_single | wc -l)
	slices=$(grep ' follower_slice: .* cpu=2 ' $tracing/trace | stamps |
		awk -v "first=$(noise | stamps | sed -n 1p)" -v "last=$(noise | stamps | sed -n '$p')" '$1 >= first && $1 <= last' | wc -l)
	diag "by $1: $slices slices, $ipis IPIs, $ticks ticks"
}

ok "the module loads" load watch_ms=0 audit_ms=0 slice_us=10 duty=100 parallel=0
wait_for settled 30 "all is optimized"
isnt "$(get leaders)" 2 "CPU 2 follows"
echo 20000 >$tracing/buffer_size_kb
echo 1 >$tracing/events/osnoise/irq_noise/enable
echo 1 >$tracing/events/rmpopt/follower_slice/enable

beside ipi
cmp_ok "$slices" '>' 50 "there are slices"
# One that finds another call waiting there shares its interrupt.
cmp_ok "$ipis" '>=' $((slices * 9 / 10)) "each is an interrupt of its own"
beside tick
cmp_ok "$slices" '>' 50 "there are slices"
cmp_ok "$ticks" '>=' "$slices" "and as many ticks"
cmp_ok "$ipis" '<' $((slices / 10)) "no interrupt but these"
# Its times mean nothing here; that both do their work does.
measures rtla timerlat top -q -k -c 2 -d 10
ok "unload" unload
done_testing
