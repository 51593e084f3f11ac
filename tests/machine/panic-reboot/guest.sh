#!/bin/sh
# Runs in the guest and brings it to its end: guest.sh HOW. What is said after the end
# is for panic-reboot.t; "not ok - WHAT" if it doesn't come so far.
# shellcheck shell=dash disable=SC2317 # until_true calls
set -u
rmpopt=/sys/kernel/rmpopt
die=/sys/module/machine_end/parameters/die

give_up() {
	echo "not ok - $*"
	exit 1
}

# until_true WHAT CONDITION - for 30 s
until_true() {
	local tries=600
	until eval "$2"; do
		[ $tries -gt 0 ] || give_up "$1"
		tries=$((tries - 1))
		usleep 50000
	done
}

get() { cat "$rmpopt/$1"; }

full() { [ "$(get state)" = ready ] && [ "$(get passes)" -gt 0 ] && [ "$(machinectl truth)" = "0 0 2" ]; }

start() {
	insmod /panic-reboot/rmpopt.ko || give_up "the module loads"
	insmod /panic-reboot/machine_end.ko "hang=$hang" || give_up "the test's module loads"
	until_true "all is optimized" full
	leader=$(get leaders)
	other=$((1 - leader))
}

# stay_on CPU - what is held elsewhere holds nothing else
stay_on() { taskset -p "$(printf '%x' $((1 << $1)))" $$ >/dev/null || give_up "this shell moves to CPU $1"; }

# held_at CPU N - a pass is at that CPU's n-th RMPOPT
held_at() {
	machinectl event "$2" gate "$1"
	echo full >$rmpopt/scan
	machinectl wait-gate || give_up "a pass is held"
}

hang=0
[ "$1" != reboot-hung ] || hang=1
[ "$1" != rest ] || modprobe kvm_amd || give_up "kvm_amd loads"
start
case $1 in
rest)
	grep -q snp_shutdown $rmpopt/hooks || give_up "hooks are attached"
	echo now >$die ;;
leader)
	stay_on "$other"
	held_at "$leader" 5
	echo now >$die ;;
follower)
	stay_on "$leader"
	held_at "$other" 3
	echo now >$die ;;
tick)
	stay_on "$leader"
	taskset -c "$other" sh -c 'while :; do :; done' &
	until_true "the other CPU is busy" "[ \"\$(cut -d ' ' -f 14 /proc/$!/stat)\" -gt 0 ]"
	held_at "$other" 3
	echo now >$die ;;
reboot | reboot-hung)
	stay_on "$other"
	# A kernel reboots on CPU 0 if it is not told otherwise, and waits for that one itself.
	echo "$other" >/sys/kernel/reboot/cpu
	held_at "$leader" 5
	reboot -f ;;
esac
give_up "the kernel ends"
