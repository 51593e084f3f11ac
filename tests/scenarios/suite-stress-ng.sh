#!/bin/sh
# stress-ng reads and writes all of sysfs, procfs and debugfs, takes CPUs away, and keeps timers and the scheduler
# busy, while passes run; and it loads and unloads the module.
# machine: --cores 4
# profiles: harsh
# check: none
# packages: stress-ng
# programs: stress-ng
# timeout: 400
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

seconds=$(everyday 20 60)
settled() { at_rest && state_is ready && get_is cores 0-3 && [ "$(machinectl truth)" = "0 0 4" ] && at_rest; }
# stress OPTION... - a check
stress() {
	local status=0
	stress-ng --temp-path /tmp --timeout "$seconds" --oomable "$@" >/tmp/stress 2>&1 || status=$?
	is $status 0 "stress-ng $*"
	[ $status = 0 ] || diag "$(tail -n 12 /tmp/stress)"
}
passes_go_on() {
	while :; do
		put scan full
		machinectl assign $((2 * 0x40000 + 7)) 3
		machinectl release $((2 * 0x40000 + 7))
		nap
	done 2>/dev/null
}

for what in "--sysfs 2" "--procfs 2" "--cpu-online 1" "--timer 2 --schedmix 2" "--sysfs 1 --cpu-online 1 --timer 1 --fork 1"; do
	load watch_ms=100 audit_ms=1000 delay_ms=50 max_delay_ms=200 duty=50
	wait_for settled 30
	passes_go_on &
	asking=$!
	before=$(get passes)
	# shellcheck disable=SC2086 # options
	stress $what
	diag "$(($(get passes) - before)) passes"
	kill $asking
	wait $asking 2>/dev/null
	machinectl release $((2 * 0x40000 + 7)) 2>/dev/null
	# It writes to files, too.
	boot_cpus
	put enabled 1
	wait_for 'put scan full 2>/dev/null' 30 "a scan"
	wait_for settled 60 "the tables equal the truth"
	ok "unload" unload
done

stress --module 1 --module-name rmpopt
! loaded || unload
ok "the module loads" load
wait_for settled 30 "and works"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
ok "unload" unload
done_testing
