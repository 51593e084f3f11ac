#!/bin/sh
# Hardware that fails: SnpEn or RMPOPT_EN goes away in the middle of a pass, cores fault.
# machine: --cores 4
# check: harsh
# timeout: 400
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

ok "the module loads" load watch_ms=50
wait_state ready
wait_for settled 20 "all is optimized"

# A pass has 8 verifies, 7 * 3 by followers, 7 closing reports. Without watches, in which SNP could go away as well.
put tune/watch_ms 0
scan now
moments=$(everyday "1 12 30 36" "1 2 8 9 12 20 29 30 33 36")
for n in $moments; do
	machinectl event "$n" snp-off
	put scan full
	wait_for '[ "$(machinectl events)" = "0 0" ] && state_is waiting' 10 "SNP goes away at RMPOPT $n: the module waits"
	[ "$n" != 12 ] || like "$(get reason)" SnpEn "and says for what"
	[ "$n" != 12 ] || is "$(get last_result)" failed "the pass has failed"
	[ "$n" != 12 ] || is "$(get served)" "$(get requested)" "nobody is left waiting for it"
	machinectl snp enable >/dev/null
	machinectl snp init >/dev/null
	wait_for 'state_is ready && settled' 20 "it comes back: all is optimized again"
done

put tune/watch_ms 50
for n in $moments; do
	machinectl event "$n" en-off all
	put scan full
	wait_for '[ "$(machinectl events)" = "0 0" ] && settled' 20 "RMPOPT_EN goes away at RMPOPT $n on that core: all is optimized again"
done
is "$(state)" ready "ready in the end"
is "$(get reason)" ok "nothing to complain about"
# A core that has done its share by then notices only when it is asked again.
for n in $moments; do
	machinectl event "$n" en-off 2
	put scan full
	wait_for '[ "$(machinectl events)" = "0 0" ] && at_rest' 20 "RMPOPT_EN goes away at RMPOPT $n on core 2"
	scan full
	wait_for settled 20 "a scan sees it"
done
# Tried again by itself, not by a watch. Pauses of a region that faults again grow: 5, 10, 20 s.
put tune/watch_ms 0
faults=$(count faults)
moments=$(everyday "1 20" "1 9 20 30 36")
for n in $moments; do
	machinectl event "$n" gp
	put scan full
	wait_for '[ "$(machinectl events)" = "0 0" ] && settled' 60 "#GP at RMPOPT $n: survived"
done
put tune/watch_ms 50
cmp_ok $(($(count faults) - faults)) '>=' "$(echo "$moments" | wc -w)" "faults are counted"

ok "a follower's core faults for good, everywhere" machinectl faulty 3 ud
put scan full
# All at once, as it is tried again after a second or more.
left_out() {
	get_is cores 0-2 && state_is ready && get_is optimized 0-4,6-7 && get reason | grep -q "CPU 3 " && at_rest
}
wait_for left_out 20 "it is left out and named, and the others have all that counts"
# Nothing else than the end of the pause wakes the module.
put tune/watch_ms 0
ok "it works again" machinectl faulty 3 none
wait_for settled 20 "it is taken back by itself"
is "$(get reason)" ok "nothing to complain about"
put tune/watch_ms 50

# The leader loses what it has won: nobody else can close that.
put tune/watch_ms 0
wait_for at_rest 10
leader=$(get leaders)
tracing=/sys/kernel/tracing
echo >$tracing/trace
echo 1 >$tracing/events/rmpopt/pass_end/enable
machinectl event 4 en-off "$leader"
put scan full
wait_for '[ "$(machinectl events)" = "0 0" ] && settled' 20 "RMPOPT_EN goes away on the leader's core in the middle of its part: all is optimized again"
is "$(sed -nE 's/.* pass_end: .* result=([a-z]+) .*/\1/p' $tracing/trace | head -n 1)" partial "by another pass, as that one was not complete"
echo 0 >$tracing/events/rmpopt/pass_end/enable
# Armed again once, and no more than that: it loses RMPOPT_EN with each RMPOPT, of whatever core.
leader=$(get leaders)
victim=$([ "$leader" = 3 ] && echo 2 || echo 3)
# dropped CPU - when its core was dropped, in ms, one a line
dropped() { sed -nE "s/.* ([0-9]+)\\.([0-9]{3})[0-9]*: event: kind=dropped cpu=$1 .*/\\1\\2/p" $tracing/trace; }
echo >$tracing/trace
echo 1 >$tracing/events/rmpopt/event/enable
for n in $(seq 9 60); do machinectl event "$n" en-off "$victim"; done
put scan full
wait_for '[ -n "$(dropped "$victim")" ]' 20 "a core that loses RMPOPT_EN again and again is dropped"
machinectl open
wait_for settled 20 "it is taken back by itself"
put tune/watch_ms 50

leader=$(get leaders)
ok "the leader's core faults for good" machinectl faulty "$leader" gp
put scan full
wait_for '[ "$(get leaders)" != "$leader" ] && get_is regions_optimized 7 && at_rest' 20 "another core leads"
ok "it works again" machinectl faulty "$leader" none
wait_for settled 30 "all is optimized, on all cores"

# SnpEn is per CPU: one that lacks it does not speak for the host.
leader=$(get leaders)
syscfg=$(machinectl rdmsr "$leader" 0xc0010010)
machinectl wrmsr "$leader" 0xc0010010 $((syscfg & ~(1 << 24)))
wait_for '[ "$(get leaders)" != "$leader" ] && state_is ready && get reason | grep -q "CPU $leader .*SnpEn" && at_rest' 20 \
	"SnpEn is gone on the leader's core only: it is named, and another one leads"
ok "a scan" scan full
is "$(get regions_optimized)" 7 "the others are optimized"
passes=$(get passes) slices=$(count slices)
# It is tried again after 1, 2, 4 ... s: two of them fit in here.
until=$(($(uptime_ms) + 3500))
wait_for "[ \$(uptime_ms) -ge $until ]" 10
is "$(get passes) $(count slices)" "$passes $slices" "trying it again interrupts nobody else"
machinectl wrmsr "$leader" 0xc0010010 "$syscfg"
put enabled 1
wait_for settled 20 "it is back: all is optimized"

# Without SnpEn a core is tried again after each pause, which is no pass.
syscfg=$(machinectl rdmsr 3 0xc0010010)
# drop_thrice - with pauses of 1, 2 and 4 s, of which the last one begins now; sets $begin: ms, before the first one
drop_thrice() {
	echo >$tracing/trace
	begin=$(uptime_ms)
	machinectl wrmsr 3 0xc0010010 $((syscfg & ~(1 << 24)))
	put scan full
	wait_for '[ "$(dropped 3 | wc -l)" -ge 3 ]' 30 "SnpEn is gone on core 3: it is dropped, tried again and dropped"
}
# pause N - its N-th pause, in ms
pause() { dropped 3 | awk -v n="$1" 'NR == n { at = $1 } NR == n + 1 { print $1 - at }'; }
drop_thrice
cmp_ok "$(pause 2)" '>=' 1990 "its second pause is longer than the first one"
machinectl wrmsr 3 0xc0010010 "$syscfg"
wait_for settled 20 "SnpEn is set again: it is taken back by itself"
# If it comes online, at once; it is no use on a machine that needs longer for that than the pause lasts.
for round in 1 2 3 4 5; do
	drop_thrice
	[ $round != 1 ] || cmp_ok "$(pause 1)" '<' 7900 "the first pause is short again, after a pass that went well"
	machinectl wrmsr 3 0xc0010010 "$syscfg"
	offline 3
	online 3
	wait_for 'in_list 3 "$(get cores)"' 20 "SnpEn is set again, and the CPU comes online: the core is taken back"
	took=$(($(uptime_ms) - begin))
	wait_for settled 20 "all is optimized"
	[ $took -ge 7000 ] || break
done
cmp_ok "$took" '<' 7000 "before its pause is over"
echo 0 >$tracing/events/rmpopt/event/enable

all_faulty() { for cpu in 0 1 2 3; do machinectl faulty $cpu ud; done; put scan full; }
# retries - the pauses that were announced, in s
retries() { dmesg | sed -nE 's/.*rmpopt: failed: .* next retry in ([0-9]+) s.*/\1/p'; }
all_faulty
all_failed() {
	state_is failed && ! put scan now 2>/dev/null && get_is cores "" &&
		get reason | grep -q "RMPOPT fails on all cores"
}
wait_for all_failed 20 "state becomes failed: no core takes part, a scan is refused, and the reason says so"
wait_for 'retries | grep -qx 2' 20 "it is tried again after a second, and then after two"
for cpu in 0 1 2 3; do machinectl faulty $cpu none; done
wait_for 'state_is ready && settled' 30 "it works again by itself"
before=$(retries | wc -l)
all_faulty
wait_for all_failed 20 "all fail again"
is "$(retries | sed -n $((before + 1))p)" 1 "the first pause is a second again"
wait_for 'retries | tail -n +$((before + 1)) | grep -qx 4' 20 "pauses grow"
before=$(retries | wc -l)
put enabled 1
wait_for 'retries | tail -n +$((before + 1)) | grep -qx 1' 20 "enabled 1 tries again at once, and pauses are short"
# CPU 3 works again, but is offline. If it comes online before the pause of the others is over, only that core is tried.
retry_s() { get reason | sed -nE 's/.* next retry in ([0-9]+) s.*/\1/p'; }
for _ in 1 2 3 4 5; do
	offline 3
	machinectl faulty 3 none
	wait_for 'state_is failed && [ "0$(retry_s)" -ge 4 ]' 60 "all that are online fail"
	before=$(machinectl count faults)
	online 3
	wait_for 'get_is cores 3 && get_is regions_optimized 7 && at_rest' 60 "a core that comes online works"
	faults=$(machinectl count faults)
	[ "$faults" != "$before" ] || break
done
is "$faults" "$before" "the others are not tried before their pause is over"
for cpu in 0 1 2; do machinectl faulty $cpu none; done
put enabled 1
wait_for 'state_is ready && settled' 20 "enabled 1 tries them again"

# Losses that no conversion explains.
for n in 3 15 25 33; do
	machinectl event $n lose 1
	put scan full
	wait_for '[ "$(machinectl events)" = "0 0" ] && at_rest' 20 "core 1 loses its table at RMPOPT $n"
	scan full
	wait_for settled 20 "a scan sees it"
done

# A guest takes a page in the middle of a pass, and gives it back.
for n in 1 5 8 12 29 30 34; do
	machinectl event $n assign $((6 * 0x40000 + 5))
	put scan full
	wait_for '[ "$(machinectl events)" = "0 0" ] && at_rest' 20 "a page of region 6 is taken at RMPOPT $n"
	wait_for 'get_is optimized 0-4,7 && [ "$(machinectl truth)" = "0 0 4" ]' 20 "the region is not optimized, the tables equal the truth"
	machinectl release $((6 * 0x40000 + 5))
	scan now
done
wait_for settled 20 "all is optimized"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
is "$(machinectl count too-early)" 0 "nothing before SNP_INIT"

# SNP is shut down and prepared anew while a leader is at work, and nothing tells of it. The leader can't
# know; SnpEn is not enough for anybody else to begin.
put tune/watch_ms 0
hold_leader 2
put scan full
ok "a pass is held in the middle" machinectl wait-gate --timeout 10
machinectl snp disable >/dev/null
machinectl snp enable >/dev/null
machinectl reset
wait_for '[ "$(uptime_ms)" -ge '$(($(uptime_ms) + 50))' ]' 10
machinectl open
wait_state waiting
like "$(get reason)" SNP_INIT "for SNP_INIT"
is "$(get last_result)" failed "the pass has failed"
is "$(machinectl count interruptions)" 0 "no follower was sent to anything"
is "$(machinectl count gap-base-sets)" 0 "no core was armed"
machinectl snp init >/dev/null
put tune/watch_ms 50
wait_for 'state_is ready && settled' 20 "it comes back: all is optimized again"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
ok "unload" unload
written_once
done_testing
