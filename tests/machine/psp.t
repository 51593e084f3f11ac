#!/bin/bash
# The emulated PSP with the stock drivers of the newest Linux 7.2 and 7.3: prints TAP.
# usage: psp.t [GUEST...], all without
# check-all: the machine's own; scenarios of every day use the PSP
set -euo pipefail
# shellcheck source=host.sh
. "$(dirname -- "$0")/host.sh"
# shellcheck source=selftest-tap.sh
. "$machine_dir/selftest-tap.sh"

only="$*"

# psp_in NAME OPTION... -- COMMAND...: with the kernel of this round
psp_in() {
	local name=$1
	shift
	boot "$name-$kernel" "clean kernel log and power-off" --kernel "$kernel" --snp psp "$@"
}

# Hosts without RMPOPT: both profiles have the same answers but for how a loss spreads.
older() {
	local cpu
	for cpu in zen3 zen4 zen5; do
		psp_in "psp-$cpu" --cpu "$cpu" --threads 2 --region-nodes 2 -- sh /selftest/psp-older.sh "$cpu"
	done
}

others() {
	case $kernel in
	7.2)
		psp_in psp-nodes --nodes 2 --cores 1 --profile harsh -- sh /selftest/psp-short.sh 1 '7 6' ;;
	7.3)
		older
		psp_in psp-far --sparse --far --cores 1 -- sh /selftest/psp-short.sh 1 '1024 1025 3072 3073 3074 3075'
		# shellcheck disable=SC2016 # the guest's
		boot preset-7.3 "SNP preset and no PSP: a southbridge all the same" --kernel 7.3 -- \
			sh -c 'test "$(machinectl snp)" = "2 1"' ;;
	esac
}

for kernel in 7.2 7.3; do
	status=0
	"$machine_dir/kernel.sh" "$kernel" --headers >/dev/null 2>"$work/err" || status=$?
	if [ "$status" = 3 ]; then
		emit ok "the PSP with Linux $kernel # SKIP the mirror has no Linux $kernel whose image and headers can be installed"
		continue
	fi
	make_payload "$kernel"
	for profile in kind harsh; do
		psp_in "psp-$profile" --threads 2 --region-nodes 2 -- sh /selftest/psp.sh "$profile"
	done
	others
done
printf '1..%d\n' "$tests"
