#!/bin/sh
# Load and unload: many times with passes running, and at the worst moments.
# machine: --cores 4
# check: harsh
# timeout: 240 400
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

gone() { ! loaded && [ ! -e "$rmpopt" ]; }

# going - the module is on its way out
going() { state_is leaving || [ "$(cat /sys/module/rmpopt/initstate)" = going ]; }

# Every second time the first pass is surely running: its leader is held at one
# of its verifies until the unload has begun. Else it runs or not, as it comes.
# CPU 0 leads, and is held.
taskset -p e $$ >/dev/null
times=$(everyday 16 200) failed=0 held=0
for n in $(seq "$times"); do
	if [ $((n % 2)) = 0 ]; then
		load duty=100 && put scan full 2>/dev/null
		unload || failed=$((failed + 1))
		continue
	fi
	machinectl event $((n / 2 % 8 + 1)) gate
	load duty=100 || failed=$((failed + 1))
	machinectl wait-gate --timeout 10 && held=$((held + 1))
	unload &
	wait_for going 10
	machinectl open
	wait $! || failed=$((failed + 1))
done
is "$failed" 0 "$times × load and unload"
is "$held" $((times / 2)) "half of them in the middle of a pass"
ok "nothing is left" gone
is "$(armed)" 4 "tables stay in use"
written_once

# The leader is held at its n-th verify; the unload waits for that one only.
for n in 1 5 8; do
	load
	wait_for settled 30
	machinectl event $n gate
	put scan full
	ok "the leader is held at verify $n" machinectl wait-gate --timeout 10
	rmmod rmpopt &
	unloading=$!
	# By then the worker has been told to leave: initstate says "going" before.
	wait_for 'grep -q worker_leave /proc/$unloading/stack' 10 "unload has begun"
	machinectl reset
	machinectl open
	ok "and ends" wait $unloading
	ok "nothing is left" gone
	cmp_ok "$(machinectl count verifies)" '<=' 1 "no further verify"
done

# A follower's handler is held with interrupts off: the module's text must stay.
# This shell keeps to CPU 0, which leads: the held CPU runs nothing else.
taskset -p 1 $$ >/dev/null
# Without hooks, as what takes them away waits for all CPUs.
for n in 1 3; do
	load hooks=N
	wait_for settled 30
	machinectl event $n gate 3
	put scan full
	ok "a follower is held at its RMPOPT $n" machinectl wait-gate --timeout 10
	unload &
	unloading=$!
	wait_for '[ "$(cat /sys/module/rmpopt/initstate)" = going ]' 10 "unload has begun"
	never '[ ! -e /sys/module/rmpopt ]' 3 "it waits for the handler, which has been late for a second"
	machinectl open
	ok "and ends" wait $unloading
	ok "nothing is left" gone
done

# Files held open while the module goes.
load
wait_state ready
exec 4<"$rmpopt/state" 5<"$rmpopt/optimized"
ok "unload with files held open" unload
nok "an old descriptor reads nothing" cat <&4
nok "nor does that of a list" cat <&5
exec 4<&- 5<&-
is "$(armed)" 4 "tables stay in use"
written_once
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
done_testing
