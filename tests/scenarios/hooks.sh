#!/bin/sh
# Conversions by the kernel's own functions: a pass after the quiet period, for what was converted and nothing else.
# machine: --cores 4
# build: tests/modules/convert
# check: harsh
# timeout: 150
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

tracing=/sys/kernel/tracing
# told KIND - the regions of the events of that kind since they were switched on
told() { sed -n "s/.* event: kind=$1 cpu=-1 region=//p" $tracing/trace | sort -n | tr '\n' ' '; }
convert() { echo "$*" >/sys/kernel/convert/do; }
# page REGION - one of its pages
page() { echo $(($1 * 0x40000 + 0x8063)); }

ok "pages can be converted" load_test convert
ok "without the module" convert cost "$(page 1)" 2000
plain=$(cat /sys/kernel/convert/cost)
# three_come_back - pages of three regions, after the load: sets $passes, $before: before it, $last: ms, before the last one
# has come, $wakeups: of the worker, from then on
three_come_back() {
	ok "the module loads" load watch_ms=0 audit_ms=0 delay_ms=300 max_delay_ms=60000
	wait_state ready
	wait_for 'settled 7' 20 "all is optimized"
	like "$(get hooks)" "^rmp_make_shared .*kvm_amd" "hooks are attached"
	diag "hooks: $(get hooks)"

	is "$(count conversions)" 0 "nothing was converted yet"
	ok "guests take pages of regions 1, 6 and 7" convert private "$(page 1)" 5
	ok "region 6" convert private "$(page 6)" 5
	ok "region 7" convert private "$(page 7)" 6
	is "$(count conversions)" 0 "pages that go are not counted"
	ok "a scan sees it" scan now
	is "$(get optimized)" 0,2-4 "three regions are lost"

	put tune/delay_ms 3000
	pages="$(page 1) $(page 6) $(page 7)"
	passes=$(get passes)
	before=$(count verifies_follower)
	echo >$tracing/trace
	echo 1 >$tracing/events/rmpopt/event/enable
	machinectl reset
	start=$(uptime_ms)
	for page in $pages; do
		last=$(uptime_ms)
		ok "page $page comes back" convert shared "$page"
	done
	# By then, on a busy machine, the pass may be at work.
	wakeups=$(worker_wakeups)
	wait_for '[ "$(uptime_ms)" -ge $((last + 2000)) ]' 10
	wakeups=$(($(worker_wakeups) - wakeups))
	wait_for 'settled 7' 20 "they are regained"
	took=$(($(uptime_ms) - last))
}
three_come_back
# Whoever needs longer than the quiet period for them gets two passes, and a retry if a core was late: once more then.
for _ in 1 2 3 4; do
	[ $((last - start)) -gt 2000 ] || ! get_is passes $((passes + 1)) || break
	ok "unload" unload
	three_come_back
done
cmp_ok "$wakeups" '<=' 200 "the worker slept until then"
is "$(count last_trigger)" conversion "the trigger was a conversion"
is "$(count conversions)" 3 "each page was counted"
is "$(get passes)" $((passes + 1)) "by one pass"
is $(($(count verifies_follower) - before)) 9 "followers verified three regions each once"
is "$(machinectl count verifies)" 12 "leaders nothing but these: the failed region is left alone"
is "$(machinectl count reports)" 7 "4 reports of clean regions and 3 closing ones"
is "$(told converted)" "1 6 7 " "a tracepoint tells of each region"
echo 0 >$tracing/events/rmpopt/event/enable
cmp_ok "$took" '>=' 2990 "not before the quiet period"
diag "regained $took ms after the last of them ($((last - start)) ms)"

# A steady stream in region 4, one conversion in region 0.
put tune/delay_ms 2000
put tune/max_delay_ms 4000
ok "pages of two regions go" convert private "$(page 4)" 5
ok "region 0" convert private "$(page 0)" 5
ok "a scan sees it" scan now
is "$(get optimized)" 1-3,6-7 "two regions are lost"
passes=$(get passes)
page=$(page 4)
start=$(uptime_ms)
convert shared "$(page 0)"
while :; do
	convert shared "$page"
done &
stream=$!
wait_for '[ "$(get passes)" -gt '"$passes"' ]' 30
took=$(($(uptime_ms) - start))
cmp_ok "$took" '>=' 3900 "a steady stream puts the pass off"
cmp_ok "$took" '<' 20000 "but not beyond max_delay_ms"
wait_for at_rest 20
is "$(get optimized)" 0-3,6-7 "region 0 takes part, region 4 does not while the stream goes on"
passes=$(get passes)
never '[ "$(get passes)" != '"$passes"' ]' 5 "no pass for a stream alone, whatever the cap"
is "$(get optimized)" 0-3,6-7 "region 4 still waits"
kill $stream
wait_for 'settled 7' 20 "the stream ends: region 4 takes part"
is "$(get passes)" $((passes + 1)) "in one pass"

put tune/delay_ms 300
put tune/auto N
ok "a page goes" convert private "$(page 1)" 5
ok "a scan sees it" scan now
passes=$(get passes)
before=$(count conversions)
ok "it comes back" convert shared "$(page 1)"
is "$(count conversions)" $((before + 1)) "with auto=N hooks count"
never '[ "$(get passes)" != '"$passes"' ]' 1 "and do nothing else"
put tune/auto Y
wait_for 'settled 7' 20 "auto=Y: the pass that is due runs"

# A region that comes and goes too often would be held back: another one each time, and what was before is forgotten.
ok "unload" unload
ok "the module loads anew" load watch_ms=0 audit_ms=0 delay_ms=60000 max_delay_ms=60000
wait_state ready
wait_for 'settled 7' 20 "all is optimized"
# A pass for something else comes first: what is not quiet yet goes on waiting.
ok "a page goes" convert private "$(page 6)" 5
ok "a scan sees it" scan now
ok "it comes back" convert shared "$(page 6)"
core=$(get_is leaders 3 && echo 2 || echo 3)
ok "a core goes" offline "$core"
ok "and comes back" online "$core"
wait_for '[ "$(count last_trigger)" = hotplug ] && [ -z "$(get cores_behind)" ] && at_rest' 20 "a pass for that core"
is "$(get optimized)" 0-4,7 "does not send followers to a region that is not quiet"
is "$(get backoff)" 6 "which shows as held back"
put tune/delay_ms 300
wait_for 'settled 7' 20 "later a pass of its own regains it"
is "$(get backoff)" "" "and nothing is held back any more"
is "$(count last_trigger)" conversion "as the trigger says"

ok "a page goes" convert private "$(page 7)" 5
ok "a scan sees it" scan now
hold_leader 2
ok "it comes back" convert shared "$(page 7)"
ok "the pass for it is held in the middle" machinectl wait-gate --timeout 20
# The next one comes soon: not before this one was seen.
put tune/delay_ms 60000
put scan cancel
machinectl open
wait_for 'get_is last_result cancelled' 10 "and cancelled"
put tune/delay_ms 300
wait_for 'settled 7' 20 "the next one regains the region"
is "$(count last_trigger)" conversion "by itself"

put tune/delay_ms 60000
put tune/max_delay_ms 500
ok "a page goes" convert private "$(page 0)" 5
ok "a scan sees it" scan now
ok "it comes back" convert shared "$(page 0)"
wait_for 'settled 7' 20 "max_delay_ms below delay_ms is what counts"
is "$(count last_trigger)" conversion "as the trigger says"
put tune/max_delay_ms 60000
put tune/delay_ms 300

# A number of this emulation, where each instruction costs what QEMU needs for it.
before=$(count conversions)
ok "with the hook" convert cost "$(page 1)" 2000
hooked=$(cat /sys/kernel/convert/cost)
is $(($(count conversions) - before)) 40000 "each of many pages was counted"
diag "a page that comes back: $plain cycles without the hook, $hooked with it"
cmp_ok "$hooked" '<' $((plain * 10)) "the hook's cost is of the order of the conversion's"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
ok "unload" unload
nok "no probe stays" grep -q rmp_make_shared /sys/kernel/debug/kprobes/list

ok "the module loads for some regions" load coverage=2-4 watch_ms=0 audit_ms=0 delay_ms=100
wait_state ready
wait_for 'had_pass && get_is regions_optimized 3 && get_is cores_behind "" && at_rest' 20 "they are optimized"
echo >$tracing/trace
echo 1 >$tracing/events/rmpopt/event/enable
ok "guests take pages of others" convert private "$(page 1)" 5
ok "behind these" convert private "$(page 6)" 5
ok "and further behind" convert private "$(page 7)" 5
passes=$(get passes)
wakeups=$(worker_wakeups)
for region in 1 6 7; do ok "the page of region $region comes back" convert shared "$(page $region)"; done
is "$(count conversions)" 3 "each was counted"
never '[ "$(worker_wakeups)" != '"$wakeups"' ]' 2 "and the worker was not woken up"
is "$(told converted)/$(get passes)" "/$passes" "no covered region was converted, and there is no pass"
echo 0 >$tracing/events/rmpopt/event/enable
ok "unload" unload

# Cores that were armed before by somebody else, with windows that hold nothing: nobody can lead.
snp_again
for cpu in $(all_cpus); do machinectl wrmsr "$cpu" 0xc0010139 $((4096 << 30 | 1)); done
ok "the module loads, and no pass can have a leader" load watch_ms=0 audit_ms=0 delay_ms=0
wait_for 'get reason | grep -q "no covered region"' 20 "as the reason says"
echo >$tracing/trace
echo 1 >$tracing/events/rmpopt/enable
ok "a scan" scan now
is "$(get last_result)" failed "is in vain"
like "$(cat $tracing/trace)" 'pass_begin: .* trigger=request full=0' "tracepoints tell of it"
like "$(cat $tracing/trace)" 'pass_end: .* trigger=request result=failed' "and how it ended"
echo 0 >$tracing/events/rmpopt/enable
ok "a page goes" convert private "$(page 1)" 5
ok "and comes back" convert shared "$(page 1)"
passes=$(get passes)
never '[ "$(get passes)" -gt $((passes + 10)) ]' 3 "with growing pauses, which a conversion does not make short"
ok "unload" unload
snp_again

ok "hooks=N loads" load watch_ms=50 audit_ms=0 hooks=N
wait_state ready
wait_for 'settled 7' 20 "all is optimized"
is "$(get hooks)" "none: the parameter hooks is N" "no hook is attached, and why"
ok "a page goes" convert private "$(page 6)" 5
wait_for 'get_is regions_optimized 6' 5 "the watch sees it"
ok "it comes back" convert shared "$(page 6)"
wait_for 'settled 7' 5 "the watch regains the region"
is "$(count last_trigger)" watch "as the trigger says"
is "$(count conversions)" 0 "nothing was counted"
ok "unload" unload
done_testing
