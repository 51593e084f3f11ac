#!/bin/bash
# The emulated machine's own tests: boots a few guests, prints TAP.
# usage: selftest.t [GUEST...]; without, all, but in "make check" those that others rely on most
set -euo pipefail
# shellcheck source=host.sh
. "$(dirname -- "$0")/host.sh"
# shellcheck source=selftest-tap.sh
. "$machine_dir/selftest-tap.sh"

# ends NAME STATUS PATTERN TEXT OPTION... - the launcher's status, and a line in log or messages
ends() {
	local name=$1 wanted=$2 pattern=$3 text=$4 status=0 log=$build/machine/selftest-$1.log
	shift 4
	[[ " ${only:-$name} " == *" $name "* ]] || return 0
	"$machine_dir/launch" --quick --log "$log" "$@" >"$work/out" 2>"$work/err" </dev/null || status=$?
	if [ "$status" = "$wanted" ] && grep -qE -- "$pattern" "$log" "$work/err"; then
		emit ok "launch: $text"
	else
		emit 'not ok' "launch: $text"
		printf '# status %s, wanted %s and a line like /%s/\n' "$status" "$wanted" "$pattern"
		sed 's/^/# /' "$work/err"
	fi
}

# output NAME LINES TEXT - what a shell writes arrives, whole, whoever ends meanwhile
output() {
	local name=$1 lines
	[[ " ${only:-$name} " == *" $name "* ]] || return 0
	# shellcheck disable=SC2016 # the guest's
	"$machine_dir/launch" --quick --cores 4 --log "$build/machine/selftest-$1.log" -- sh -c '
		i=0
		while [ $i -lt '"$2"' ]; do
			usleep $((i % 200 * 10)) &
			for _ in 1 2 3 4 5; do i=$((i + 1)); printf "this is line %s of them\n" $i; done
		done' >"$work/out" 2>"$work/err" </dev/null || true
	lines=$(grep -cxE 'this is line [0-9]+ of them' "$work/out") || true
	if [ "$lines" = "$2" ]; then emit ok "launch: $3"; else emit 'not ok' "launch: $3: $lines of $2 lines"; fi
}

only="$*"
# RMPOPT_ALL is empty if tests/check runs what is for every day.
[ -n "$only${RMPOPT_ALL-yes}" ] || only='tables+profiles panic'
make_payload 7 "$tree/tests/modules/in_kernel"
run_in tables+profiles --threads 2
run_in answers --threads 2
run_in sticky --threads 2
run_in faults --threads 2
# shellcheck disable=SC2016 # the guest's
boot clearable "an option of the launcher, which outlives a fresh start" --clearable -- \
	sh -c '. /selftest/lib.sh; machinectl clearable off; machinectl fresh harsh; is "$(machinectl clearable)" on "clearable"
		do_it base 0 1; does 0 base 0 0 -- "RMPOPT_EN is cleared"'
run_in in-kernel --threads 2
run_in costs --costs
run_in sparse --sparse
boot unfixed "an RMPOPT without exception-table entry kills the kernel by #UD" \
	--expect 'Oops: invalid opcode' -- \
	sh -c '. /selftest/lib.sh; do_it bare 1; sleep 5'
boot wide "4 TiB covered" --regions 4096 -- \
	sh -c '. /selftest/lib.sh; do_it base 0 1; do_it base 1 0x20000000001
		does 1 verify 1 4000 -- "region 4000, in the second window"
		does 0 verify 0 4000 -- "which is outside the first"
		does 0 verify 1 4090 -- "region 4090 holds the RMP"'
# shellcheck disable=SC2016 # the guest's
boot old "Linux 6.12 is an SNP host without segmented RMP" --kernel 6.12 -- \
	sh -c 'test "$(machinectl snp)" = "2 0" && grep -qw sev_snp /proc/cpuinfo && [ "$(machinectl rdmsr 0 0xc0010133)" != 0 ]'
ends status 7 'Power down' "the command's exit status is the launcher's" -- sh -c 'exit 7'
ends panic 126 'kernel complains' "a panic is found and shown" -- sh -c 'echo c >/proc/sysrq-trigger'
ends vanish 126 'without a clean power-off' "a power-off before the command's end" -- poweroff -f
ends hang 124 '^RIP=' "a hung guest is ended, its registers are in the log" --timeout 30 -- sleep 1000
output output 4000 "no line is lost"
printf '1..%d\n' "$tests"
