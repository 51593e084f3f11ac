# shellcheck shell=dash source=lib.sh disable=SC2016 # conditions for vmm_until
# The module that stands in for a kernel that drives RMPOPT itself. Two cores of two threads, RAM
# up to 8 GiB.
. /selftest/lib.sh
# shellcheck source=../vmm.sh
. /etc/machine/vmm.sh

parameters=/sys/module/in_kernel/parameters
passes() { cat $parameters/passes; }
passes_are() { vmm_until "[ \$(passes) -ge $1 ]" 10; }
work() { echo "$(count base-writes) $(count verifies) $(count reports) $(count interruptions) $(count longest-run)"; }

for profile in kind harsh; do
	machinectl fresh "$profile"
	insmod /selftest/in_kernel.ko delay_ms=1
	passes_are 1
	is "$(passes)" 1 "$profile: a pass comes by itself"
	is "$(work)" "2 24 0 2 8" "$profile: the worker verified 8 regions, then each core in one interruption"
	is "$(machinectl truth)" "0 0 2" "$profile: both tables are true"
	is "$(machinectl table 0)/$(machinectl table 2)" "0-4,6-7/0-4,6-7" "$profile: and hold all but the RMP itself"
	is "$(awk '$4 == "[in_kernel]" && $3 ~ /^(snp_enable_rmpopt|rmpopt_init|do_rmpopt_work|rmpopt_scan_range)$/' /proc/kallsyms | wc -l)" 4 "$profile: the kernel's list has the names of the functions"
	is "$(online 3 0 2>/dev/null || echo refused)" refused "$profile: no CPU can go offline"

	do_it private "$page" 7 1 >/dev/null
	do_it shared "$page" 1 >/dev/null
	is "$(machinectl truth)" "0 2 2" "$profile: a page that came and went costs both cores a region"
	machinectl reset
	echo 1 >$parameters/pass
	is "$(passes) $(machinectl truth)" "2 0 0 2" "$profile: a pass that was asked for regains it"
	is "$(work)" "0 24 0 2 8" "$profile: it does the same again, and writes no base"

	rmmod in_kernel
	is "$(machinectl rdmsr 0 0xc0010139) $(machinectl rdmsr 2 0xc0010139)" "0x1 0x1" "$profile: the cores stay armed without it"
	online 3 0
	is "$?" 0 "$profile: a CPU can go offline"
	online 3 1
	machinectl reset
	insmod /selftest/in_kernel.ko delay_ms=1 period_ms=1
	passes_are 3
	is "$([ "$(passes)" -ge 3 ] && count base-writes)" 0 "$profile: it takes over armed cores, and repeats passes"
	rmmod in_kernel
done
