#!/bin/sh
# Runs in the guest: every line of /rmpopt/plan ("NAME PROFILE SECONDS") is a
# scenario to run. Prints KTAP; run-boot on the host reads it.
# shellcheck shell=dash
exec 3>&1
# shellcheck source=lib.sh
. /rmpopt/lib.sh
# shellcheck source=/dev/null
. /rmpopt/settings

seconds() { cut -d . -f 1 /proc/uptime; }

# A session of its own, so that whatever it leaves running can be ended.
run_scenario() {
	local status
	# shellcheck disable=SC2016 # $$, $0 and $1 are the inner shell's
	RMPOPT_PROFILE=$2 setsid sh -c 'echo $$ >/tmp/session; exec timeout -k 5 "$0" sh "$1"' \
		"$3" "/rmpopt/scenarios/$1.sh" >/tmp/output 2>&1 </dev/null
	status=$?
	kill -KILL -- "-$(cat /tmp/session)" 2>/dev/null
	tail -n 100 /tmp/output | while IFS= read -r line; do report "# $line"; done
	case $status in
	124 | 137 | 143) report "# took more than its $3 s and was ended" ;;
	esac
	return $status
}

run_one() {
	local start trouble verdict=ok
	start=$(seconds)
	echo "# Subtest: $1 $2"
	dmesg -c >/dev/null
	if fresh "$2" >/tmp/output 2>&1; then
		run_scenario "$@" || verdict='not ok'
	else
		report "# the machine could not be brought to a fresh start:"
		while IFS= read -r line; do report "# $line"; done </tmp/output
		verdict='not ok'
	fi
	if trouble=$(new_kernel_trouble); then
		diag "in the kernel log: $trouble"
		verdict='not ok'
	fi
	echo "$verdict $number - $1 $2 # $(($(seconds) - start)) s"
}

# So that modprobe finds them, too, with their options from the kernel command line.
mkdir -p "/lib/modules/$(uname -r)/updates"
ln -s /rmpopt/rmpopt.ko /rmpopt/rmpopt_lab.ko "/lib/modules/$(uname -r)/updates/"
# By its path: the shell would take its own, and libkmod wants the binary index.
/usr/sbin/depmod

# Linux 7.3 warns of them where CPUs come and go in a guest that gets little time: hrtimer_forward() of a timer that is
# queued already, in dl_task_timer().
no_deadline_servers

remember_boot_cpus
remember_boot_settings
echo "KTAP version 1"
number=0
while read -r name profile limit; do
	number=$((number + 1))
	run_one "$name" "$profile" "$limit"
done </rmpopt/plan
# What nobody refers to any more: the boot fails for it. Twice: what is on its way may look lost. Without what the kernel
# has allocated when it booted, as it refers to its RMP segments from pages, in which kmemleak does not look, and without
# the ASID bitmaps of kvm_amd: sev_hardware_unsetup() of Linux 7.3 does not free them if SEV was not enabled.
leaks=/sys/kernel/debug/kmemleak
leaked() {
	awk 'function tell() { if (object !~ /comm "swapper\/0", pid 1,|kvm_x86_vendor_init/) printf "%s", object; object = "" }
		/^unreferenced object/ { tell() }
		{ object = object $0 "\n" }
		END { tell() }' $leaks
}
if [ -e $leaks ]; then
	unload_tests
	! loaded || rmmod rmpopt
	echo scan >$leaks
	echo scan >$leaks
	leaked >/tmp/leaked
	[ ! -s /tmp/leaked ] || echo "BUG: memory leak" >/dev/kmsg
	# One by one: a message has 1,024 bytes at the most.
	while IFS= read -r line; do printf '%s\n' "$line" >/dev/kmsg; done </tmp/leaked
fi
echo "1..$number"
