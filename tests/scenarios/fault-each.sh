#!/bin/sh
# Each RMPOPT, RMPREAD and access to an MSR faults once, by each vector, from load to unload: no oops, a state that
# says what is so, and the truth in all tables soon after. In check-all each of the first 1,000, else some of them.
# machine: --cores 4 --regions 96
# profiles: harsh
# timeout: 400 7200
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

page=$((6 * 0x40000 + 5))

fired() { [ "$(machinectl events)" = "0 0" ]; }
settled() { at_rest && state_is ready && [ "$(machinectl truth)" = "0 0 4" ] && at_rest; }

# reach CONDITION - is it true soon, and the fault still to come? Status 2: it is not true
reach() {
	wait_for "$1" 30 || return 2
	! fired
}

# Load, full pass, a delta by a page that comes and goes, a look at the RMP, until the fault has come: what follows
# would make good what it has done. Any of it is allowed to fail, not to hang: status 2.
cycle() {
	load watch_ms=200 || return 1
	reach '{ [ "$(get passes)" -ge 1 ] || state_is viewing; } && at_rest' || return
	put scan full
	reach at_rest || return
	machinectl assign $page 7
	machinectl release $page
	put scan now
	reach at_rest || return
	[ "$1" != rmpread ] || cat /sys/kernel/debug/rmpopt/rmp >/dev/null
}

# What is said at load of a host whose MSRs can't be read is said for good: loaded again it is right.
recovers() {
	loaded && ! state_is viewing || { ! loaded || unload; load watch_ms=200; } || return
	wait_for settled 60
}

# faults_once N WHAT VECTOR - status 1: nothing was left to fault; 2: something is wrong
faults_once() {
	# No table has a bit that was left there before.
	snp_again
	if [ "$2" = rmpopt ]; then machinectl event "$1" "$3"; else machinectl fault-nth "$2" "$1" "$3"; fi
	cycle "$2" 2>/dev/null
	[ $? != 2 ] || return 2
	# The last ones are those of unload.
	if ! fired; then
		! loaded || unload
		fired || { machinectl open; return 1; }
	fi
	recovers || return 2
	unload
}

# each WHAT VECTOR STEP LEAST - a check: every STEP-th of the first 1,000, of which there are LEAST or more
each() {
	local n=1 faults=0 status=0 step
	step=$(everyday "$3" 1)
	while [ $n -le 1000 ]; do
		faults_once $n "$1" "$2" || { status=$?; break; }
		faults=$((faults + 1))
		n=$((n + step))
	done
	if [ $status = 2 ]; then
		fail "$1 number $n gets #$2: all is well soon after"
		diag "state: $(state)" "reason: $(get reason)" "truth: $(machinectl truth)" "events: $(machinectl events)"
		machinectl open
		! loaded || unload
	else
		cmp_ok $((faults * step)) '>=' "$4" "$faults times number 1, $((1 + step)) ... $((n - step)) of $1 gets #$2: all is well soon after"
	fi
}

each rmpopt ud 251 1000
each rmpopt gp 249 996
each rmpread ud 251 1000
each rmpread gp 249 996
each msr gp 13 60
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
is "$(machinectl count too-early)" 0 "nothing before SNP_INIT"
done_testing
