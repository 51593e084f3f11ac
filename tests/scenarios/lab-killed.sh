#!/bin/sh
# The laboratory is interrupted and killed at thirty points; its module can't be unloaded during a step, and CPUs
# may go offline: nothing is left behind.
# machine: --cores 3 --threads 2
# boot: own
# profiles: kind
# check: none
# programs: env
# timeout: 1500
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2154,SC2317
. /rmpopt/lib.sh
. /rmpopt/parts/lab.sh

# Not where instructions are executed, or held.
taskset -p 2 $$ >/dev/null
steps=arm,report,verify,operands,core,sibling,each,together,base,offline

# RMPOPTs that were executed, one way or the other.
rmpopts() { echo $(($(machinectl count reports) + $(machinectl count verifies) + $(machinectl count faults))); }

# kill_at N SIGNAL STATUS STEPS OPTION...
kill_at() {
	local n=$1 signal=$2 expected=$3
	shift 3
	machinectl event "$n" gate
	begin "$@"
	machinectl wait-gate --timeout 300 || fail "RMPOPT $n of $*"
	kill -"$signal" "$tool"
	machinectl open
	ended "$expected" "$signal at RMPOPT $n of $1: exit status"
	host_as_before "$signal at RMPOPT $n of $1"
	[ "$signal" = KILL ] || is "$(step_states | tail -n 1 | cut -d ' ' -f 2)" interrupted "$signal at RMPOPT $n of $1: the report ends with what was interrupted"
}

# draw FROM TO - a number
seed=${RMPOPT_SEED:-1}
draw() {
	seed=$(((seed * 1103515245 + 12345) % 2147483648))
	echo $(($1 + seed / 65536 % ($2 - $1 + 1)))
}

# It executes nothing by itself, so that RMPOPTs are the laboratory's.
ok "rmpopt is loaded" load scan_on_load=0 watch_ms=0
wait_state ready
put tune/delay_ms 3000
host_before

machinectl reset
run_lab --steps $steps
is "$status" 0 "the laboratory comes to its end"
all=$(rmpopts)
diag "$all RMPOPTs"
cmp_ok "$all" '>' 200 "so many RMPOPTs that there are points enough"
host_as_before "to the end"

for _ in 1 2 3 4 5 6 7 8 9 10; do
	n=$(draw 1 $((all * 9 / 10)))
	kill_at "$n" INT 130 $steps
	n=$(draw 1 $((all * 9 / 10)))
	kill_at "$n" KILL 137 $steps
done
# While pages are the laboratory's.
for _ in 1 2 3 4 5; do
	n=$(draw 1 120)
	kill_at "$n" INT 130 convert --convert
	n=$(draw 1 120)
	kill_at "$n" KILL 137 convert --convert
done

# In the last one of rmpopt's own passes, which is not waited for any more.
machinectl reset
run_lab --steps passes
is "$status $(grep -c '"algorithm": "rmpopt"' "$report/lab.json")" "0 3" "passes come to their end, three of them rmpopt's own"
machinectl event $(($(rmpopts) - 5)) gate
begin passes
ok "the same is held near its end" machinectl wait-gate --timeout 300
is "$(lab_loaded && echo loaded)/$(state)" /scanning "in a pass of rmpopt"
kill -INT "$tool"
ended 130 "INT ends it"
machinectl open
host_as_before "INT in a pass of rmpopt"

machinectl event 20 gate
begin core
machinectl wait-gate --timeout 300
nok "the module can't be unloaded during a step" rmmod rmpopt_lab
ok "it is still there" lab_loaded
machinectl open
ended 0 "which has ended well"
host_as_before "unload during a step"

# While the laboratory leaves its core alone for 10 s.
machinectl reset
begin idle
wait_for '[ "$(machinectl count verifies)" = 1 ]' 60 "a step has begun"
ok "a CPU goes offline" offline 4
ended 64 "which is a surprise"
like "$(cat /tmp/said)" 'a CPU has gone offline' "as it says"
host_as_before "a CPU offline during a step"
done_testing
