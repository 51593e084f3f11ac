#!/bin/sh
# Each allocation of the module, and each that the kernel makes on its behalf, fails once, from load over a CPU that
# comes and the files: load is refused, or a state says what is so, or nothing is lacking; and soon after
# all is as ever.
# machine: --cores 4
# profiles: kind
# build: tests/modules/memory_nth
# timeout: 180 1800
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

parameters=/sys/module/memory_nth/parameters
nth=$parameters/nth
left() { local value; read -r value <$nth; [ "$value" -gt 0 ]; }
settled() { at_rest && state_is ready && get_is cores 0-3 && [ "$(machinectl truth)" = "0 0 4" ] && at_rest; }

# reach CONDITION - is it true soon, and the allocation still to come? Status 2: neither; 1: it has failed, so that it is
# for those who look later what comes of it.
reach() {
	wait_for "$1" 30 || ! left || return 2
	left
}

# Each use of the module, until the allocation has failed; status 2: something hangs though nothing has failed.
use() {
	load watch_ms=200 || return 1
	reach '{ [ "$(get passes)" -ge 1 ] || state_is failed; } && at_rest' || return
	offline 1 && online 1
	reach at_rest || return
	cat $rmpopt/covered $rmpopt/optimized $rmpopt/backoff $rmpopt/cores $rmpopt/leaders >/dev/null
	cat /sys/kernel/debug/rmpopt/*
	left || return
	put scan full
	reach at_rest || return
	put enabled 0
	reach 'state_is stopped' || return
	put enabled 1
	reach '! state_is stopped && at_rest'
}

# Refused whole, or one of the states; and it recovers by itself. Status 1: all that was asked for was had.
fails_once() {
	local had=0 hangs=0
	snp_again
	echo "$1" >$nth
	use >/dev/null 2>&1
	[ $? != 2 ] || hangs=1
	# Where a probe can't be taken back for lack of memory the kernel warns, so unload gets what it asks for.
	! left || had=1
	echo 0 >$nth
	[ $hangs = 0 ] || return 2
	if loaded; then
		state_among ready scanning waiting failed || return 2
		[ $had = 1 ] || wait_for settled 60 || return 2
		unload
	else
		[ $had = 0 ] && [ ! -e $rmpopt ] && [ ! -e /sys/kernel/debug/rmpopt ] || return 2
	fi
	return $had
}

# What it looked like in the end, and which allocation it was that failed.
lacking() {
	diag "number $((n - step)): state $(get state): $(get reason); served $(get served) of $(get requested)," \
		"progress $(get progress), cores $(get cores), behind $(get cores_behind), truth $(machinectl truth)"
	diag "no memory at:" "$(cat $parameters/refused)"
}

ok "the test module loads" load_test memory_nth
n=1 failed=0 status=0 step=$(everyday 31 1)
while [ $status = 0 ]; do
	fails_once $n || status=$?
	[ $status != 0 ] || failed=$((failed + 1))
	n=$((n + step))
done
diag "the last was number $((n - step)), step $step"
is "$status" 1 "all $failed end well"
[ $status = 1 ] || lacking
cmp_ok $((failed * step)) '>=' 200 "there are many"
! loaded || unload
ok "with memory the module loads" load
wait_for settled 30 "and works"
ok "unload" unload
done_testing
