#!/bin/sh
# Random bytes into every file and reads from random places, during passes and hotplug: nothing but errnos comes of it.
# machine: --cores 4
# check: harsh
# timeout: 300
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2046,SC2317
. /rmpopt/lib.sh

settled() { at_rest && state_is ready && get_is regions_optimized 7 && [ "$(machinectl truth)" = "0 0 4" ] && at_rest; }
files() { find /sys/kernel/rmpopt /sys/kernel/debug/rmpopt /sys/module/rmpopt/parameters -type f; }
fuzzing() { kill -0 $one 2>/dev/null || kill -0 $two 2>/dev/null || kill -0 $three 2>/dev/null; }

ok "the module loads" load watch_ms=50 audit_ms=100
wait_state ready
wait_for settled 20 "all is optimized"
defaults=$(cd $rmpopt/tune && for f in *; do echo "$f $(cat "$f")"; done)
cmp_ok "$(files | wc -l)" '>' 55 "there are many files"

# By seeds, so that it can be done again.
filefuzz 1 1500 $(files) >/tmp/one 2>&1 & one=$!
filefuzz 2 1500 $(files | grep -v enabled) >/tmp/two 2>&1 & two=$!
filefuzz 3 400 $(files) /sys/kernel/rmpopt/scan >/tmp/three 2>&1 & three=$!
turns=0
while fuzzing; do
	for cpu in 1 2 3; do
		offline $cpu
		put scan full 2>/dev/null
		machinectl assign $((2 * 0x40000 + cpu)) $cpu 4k
		online $cpu
		put scan now 2>/dev/null
		machinectl release $((2 * 0x40000 + cpu)) 4k
	done
	[ $((turns % 4)) != 3 ] || put enabled 1
	turns=$((turns + 1))
done
wait
cmp_ok "$turns" '>' 0 "hotplug meanwhile ($turns rounds)"
for name in one two three; do
	like "$(cat /tmp/$name)" '^[1-9][0-9]* [1-9][0-9]*$' "fuzzer $name: calls that succeeded, and that failed ($(cat /tmp/$name))"
done

echo "$defaults" >/tmp/defaults
while read -r file value; do put "tune/$file" "$value"; done </tmp/defaults
put enabled 1
wait_for 'state_is ready' 30 "the module is in service"
ok "a full scan" scan full
wait_for settled 30 "all is optimized"
is "$(get reason)" ok "nothing to complain about"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
is "$(machinectl count outside)" 0 "no RMPOPT outside the window"
ok "unload" unload
done_testing
