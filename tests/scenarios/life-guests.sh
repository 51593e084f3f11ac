#!/bin/sh
# Guests begin and end: what they held is regained by itself, by one pass that touches nothing else.
# machine: --cores 4 --snp psp --region-nodes 4
# kernel: 7.2/none 7.3/harsh
# timeout: 300
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

tables_equal() { at_rest && get_is cores 0-3 && [ "$(machinectl truth)" = "0 0 4" ] && at_rest; }
optimized() { tables_equal && get optimized | grep -q "$1"; }
# lost REGION... - by no core, whatever is believed
lost() {
	local cpu region
	for region; do
		for cpu in $(all_cpus); do
			case $(machinectl bit "$cpu" "$region") in
			1*) return 1 ;;
			esac
		done
	done
}

# all_back - regions 9 to 11, and what was before them; a region that is held back by now has to be asked for
all_back() { { get_is backoff "" || scan now; } && optimized "[0-8]-11$"; }

in_service() {
	ok "the module loads" load watch_ms=0 audit_ms=0 delay_ms=1000 max_delay_ms=60000 slice_us=1000 duty=100
	ok "kvm_amd is there" modprobe kvm_amd
	wait_state ready 10
}
in_service
# Until then the module looks again, as SNP has moved.
until=$(($(uptime_ms) + 8000))
ok "a VMM starts" vmm one
ok "it launches guests all over, which end" vm one launch warm 64K
ok "so that KVM has all that it needs" vm one end warm
wait_for '[ "$(count last_trigger)" = conversion ] && optimized "[0-8]-11$"' 30 "regions that nobody uses are optimized"
wait_for "[ \$(uptime_ms) -ge $until ]" 20

# two_guests - over 3 + 1 regions: they come, end, and all is back. Sets $passes, $before and $conversions: before they end
two_guests() {
	ok "a guest over three regions" vm one launch a 64K@1 64K@2 64K@3
	ok "another in a fourth" vm one launch b 64K@4
	is "$(machinectl states guest)" 64 "these are all guest pages that there are"
	ok "the regions are lost on all cores" lost 8 9 10 11
	ok "a scan" scan now
	unlike "$(get optimized)" "8|9|10|11" "the module knows"
	wait_for tables_equal 10
	passes=$(get passes)
	before=$(count verifies_follower)
	conversions=$(count conversions)
	# Longer than both take on a busy machine.
	put tune/delay_ms 30000
	ok "the first one ends" vm one end a
	ok "the second one ends" vm one end b
	is "$(machinectl states guest)" 0 "their pages are back"
	machinectl reset
	is "$(get passes)" "$passes" "no pass before the quiet period"
	put tune/delay_ms 1000
	wait_for 'optimized "[0-8]-11$"' 20 "all four are back on all cores"
}
two_guests
# A core that is late on a busy machine makes two passes of one: then once more, with a module that holds no region back.
for _ in 1 2 3 4; do
	! get_is passes $((passes + 1)) || break
	ok "unload" unload
	in_service
	wait_for 'optimized "[0-8]-11$"' 30 "all is optimized"
	two_guests
done
is "$(get passes)" $((passes + 1)) "by one pass"
is "$(count last_trigger)" conversion "that conversions made due"
cmp_ok $(($(count conversions) - conversions)) '>=' 64 "each page was seen"
touched=$(($(count verifies_follower) - before))
is "$touched" 12 "the three followers verified these four regions and nothing else"
# One each, if nothing else keeps the CPUs of the real machine busy: slices go by real time.
cmp_ok "$(machinectl count interruptions)" '<=' 12 "in a few interruptions"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"

# Memory that outlives its VM, while leaders look again and again. A bit that is there on any core is an unsafe one.
ok "a guest" vm one launch c 64K@2
ok "somebody else has its memory, too" vm one keep c
ok "a scan" scan now
passes=$(get passes)
before=$(count verifies_follower)
looks=$(count verifies_leader)
ok "its VM ends" vm one close-vm c
ok "and the memory that the VMM had" vm one close-memory c
is "$(machinectl states guest)" 16 "but the pages are still there"
put tune/watch_ms 500
never 'in_list 9 "$(get optimized)"' "$(everyday 4 10)" "for seconds the region is not optimized"
wait_for '[ $(($(count verifies_leader) - looks)) -ge 10 ]' 20 "though leaders have tried"
put tune/watch_ms 0
nok "it is not" in_list 9 "$(get optimized)"
ok "on no core" lost 9
is "$(count verifies_follower)" "$before" "no follower was touched"
# The region was lost soon after it was regained: the end of its hold is a pass.
cmp_ok $(($(get passes) - passes)) '<=' 1 "no pass, or one"
is "$(machinectl states guest)" 16 "the pages were there all the time"
ok "now they come back" vm one drop c
wait_for '[ "$(machinectl states guest)" = 0 ]' 10
wait_for all_back 20 "and the region with them"

# Twenty tiny guests in a row, each of which ends while the quiet period of the one before runs.
put tune/max_delay_ms 4000
wait_for tables_equal 10
passes=$(get passes)
start=$(uptime_ms)
guest=0
longest=0
while [ $guest -lt 20 ]; do
	before=$(uptime_ms)
	if ! vm one launch "g$guest" 4K@1 >/dev/null || ! vm one end "g$guest" >/dev/null; then
		fail "guest $guest"
	fi
	took=$(($(uptime_ms) - before))
	[ "$took" -le "$longest" ] || longest=$took
	guest=$((guest + 1))
done
took=$(($(uptime_ms) - start))
most=$((took / 1000 + 1))
diag "20 guests in $took ms, the slowest $longest ms: $(($(get passes) - passes)) passes"
cmp_ok $(($(get passes) - passes)) '<=' $most "passes not more often than the quiet period allows"
wait_for all_back 20 "in the end all is optimized"

# SIGKILL in the middle of launch.
ok "the PSP takes its time with a page" machinectl psp hold launch-update
vm_send one launch d 64K@3
ok "a launch is under way" machinectl psp wait launch-update
kill -KILL "$(cat /tmp/vmm-one/pid)"
machinectl psp release
ok "its VMM is gone" vmm_kill one
wait_for '[ "$(machinectl states guest)" = 0 ] && [ "$(machinectl states pre-guest)" = 0 ]' 20 "the pages come back"
wait_for all_back 20 "and the regions with them"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
ok "unload" unload
done_testing
