#!/bin/sh
# CPUs come and go: whole cores, single siblings, at rest and in the middle of passes.
# machine: --nodes 2 --cores 4 --threads 2
# check: harsh
# timeout: 200
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

settled() { at_rest && [ "$(list_size "$(get cores)")" = "$1" ] && get_is regions_optimized 7 && [ "$(machinectl truth)" = "0 0 $1" ] && at_rest; }

ok "the first thread of core 2 goes offline" offline 4
ok "the module loads" load
wait_state ready
wait_for 'settled 8' 30 "all 8 cores are optimized"
is "$(get cores)" 0,2,5-6,8,10,12,14 "core 2 by its second thread"
is "$(machinectl count secondary)" "$(machinectl count verifies 5)" "which is the only secondary one that verified"

ok "it comes back" online 4
wait_for 'settled 8 && get_is cores 0,2,4,6,8,10,12,14' 30 "and takes over from its sibling"

follower=$(get_is leaders 12 && echo 10 || echo 12)
before=$(count verifies_catchup)
ok "a follower's second thread goes offline" offline $((follower + 1))
ok "and comes back" online $((follower + 1))
# What that did to the table is not known.
wait_for '[ "$(count verifies_catchup)" -ge $((before + 7)) ] && settled 8' 30 "its core verifies all regions anew"

ok "core 3 goes offline, one thread" offline 6
ok "and the other" offline 7
wait_for 'get_is cores 0,2,4,8,10,12,14' 30 "it does not take part any more"
is "$(machinectl rdmsr 6 0xc0010139)" 0x1 "its RMPOPT_BASE is as it was"
ok "it comes back" online 6
ok "with its sibling" online 7
wait_for 'settled 8' 30 "it is optimized"

leader=$(get leaders)
if [ "$leader" != 0 ]; then
	ok "the leader goes offline" offline "$leader"
	ok "and its sibling" offline $((leader + 1))
	wait_for '[ "$(get leaders)" != "$leader" ] && [ "$(get cores_behind)/$(get regions_optimized)" = /7 ] && at_rest' 30 "another core leads"
	ok "it comes back" online "$leader"
	ok "with its sibling" online $((leader + 1))
else
	pass "CPU 0 leads, which can't go offline"
fi
wait_for 'settled 8' 30 "all cores are optimized"
ok "unload" unload

written_once

ok "the module loads" load duty=100 parallel=0
wait_state ready
( while [ ! -e /tmp/stop ]; do put scan full 2>/dev/null; nap; done ) &
scans=$!
failed=0
fulls=$(count passes_full)
for _ in 1 2 3 4 5 6; do
	for cpu in 3 4 5 9 12 13; do
		offline $cpu || failed=$((failed + 1))
	done
	for cpu in 13 12 9 5 4 3; do
		online $cpu || failed=$((failed + 1))
	done
done
touch /tmp/stop
wait $scans
rm /tmp/stop
cmp_ok $(($(count passes_full) - fulls)) '>' 6 "full passes are made all the time"
is "$failed" 0 "6 rounds of 6 CPUs going off and on meanwhile: none vetoed"
wait_for 'settled 8' 30 "all cores are optimized"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
is "$(machinectl count outside)" 0 "no RMPOPT outside the window"
is "$(get cores_behind)" "" "no core is behind"
ok "unload" unload
written_once
done_testing
