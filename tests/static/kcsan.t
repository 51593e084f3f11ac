#!/bin/bash
# Which reports of data races count: those about rmpopt.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"

# access WHO FRAME... - one of the two stacks of a report
access() {
	printf 'write to 0xffff888100001000 of 8 bytes by %s on cpu 1:\n' "$1"
	shift
	printf ' %s\n' "$@" ''
}

# report RACE STACK - what the kernel prints
report() {
	local line='=================================================================='
	printf '%s\n' "$line" "BUG: KCSAN: data-race in $1" '' "$2" '' 'Reported by Kernel Concurrency Sanitizer on:' \
		'CPU: 1 UID: 0 PID: 77 Comm: rmpopt/1 Tainted: G           OE' "$line" | sed 's/^/[   12.345678] /'
}

# counted - of the reports on stdin
counted() { awk -f "$machine_dir/kcsan.awk" | tee "$scratch/log" | grep -c 'BUG: KCSAN' || :; }

# counts N WHAT - so many of the reports on stdin do
counts() {
	local n
	n=$(counted)
	if [ "$n" = "$1" ]; then pass "$2"; else fail "$2 ($n)" "$scratch/log"; fi
}

linux=$(access 'task 1' 'tick_nohz_handler+0x1d/0x60' 'kthread+0x1/0x2')
ours=$(access 'task 77' 'plan_next+0x1d/0x60 [rmpopt]' 'kthread+0x1/0x2')
called=$(access 'task 77' 'wake_up_process+0x1/0x2' 'kick+0x1d/0x60 [rmpopt]')
handler=$(access 'interrupt' 'follow+0x1/0x2 [rmpopt]' 'sysvec_call_function+0x1/0x2' 'asm_sysvec_call_function+0x1/0x2' 'cpu_idle+0x1/0x2')
victim=$(access 'interrupt' 'tick_nohz_handler+0x1/0x2' 'asm_sysvec_apic_timer_interrupt+0x1/0x2' 'plan_next+0x1d/0x60 [rmpopt]')

counts 0 "none of whose functions is of rmpopt" < <(report 'a / b' "$linux"$'\n'"$linux")
counts 1 "a race in rmpopt" < <(report 'plan_next [rmpopt] / b' "$ours"$'\n'"$linux")
counts 1 "a race of what rmpopt calls" < <(report 'a / b' "$linux"$'\n'"$called")
counts 1 "a race in an interrupt's handler of rmpopt" < <(report 'a / b' "$handler"$'\n'"$linux")
counts 0 "rmpopt was what the interrupt came to" < <(report 'a / b' "$victim"$'\n'"$linux")
counts 1 "it was, and occurs in the other stack" < <(report 'a / b' "$victim"$'\n'"$called")
counts 0 "a known race of Linux" < <(report 'hrtimer_wakeup / schedule_hrtimeout_range_clock' "$linux"$'\n'"$called")
counts 0 "another one" < <(report 'ktime_get / timekeeping_update_from_shadow.constprop.0' "$linux"$'\n'"$called")
counts 1 "half of a known race" < <(report 'hrtimer_wakeup / plan_next [rmpopt]' "$linux"$'\n'"$ours")
{
	report 'a / b' "$linux"$'\n'"$victim"
	report 'plan_next [rmpopt] / b' "$ours"$'\n'"$linux"
	report 'a / b' "$linux"$'\n'"$linux"
	report 'a / b' "$linux"$'\n'"$called"
} >"$scratch/all"
counts 2 "each report is judged for itself" <"$scratch/all"
if diff <(sed 's/not of rmpopt: /BUG: /' "$scratch/log") "$scratch/all" >"$scratch/diff"; then
	pass "and nothing else of the log is changed"
else
	fail "and nothing else of the log is changed" "$scratch/diff"
fi
counts 1 "a report that is cut off hides no other" < <(head -n 6 "$scratch/all"; report 'plan_next [rmpopt] / b' "$ours")
done_testing
