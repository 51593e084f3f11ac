#!/bin/bash
# make W=1 is clean on every kernel.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"

for kernel in 7 6.12; do
	if ! RMPOPT_BUILD=$scratch "$machine_dir/build.sh" "$kernel" "$tree" W=1 >/dev/null 2>"$scratch/log"; then
		fail "$kernel: builds with W=1" "$scratch/log"
		continue
	fi
	pass "$kernel: builds with W=1"
	if grep -iE 'warning|error' "$scratch/log" >"$scratch/warnings"; then
		fail "$kernel: no warning" "$scratch/log"
	else
		pass "$kernel: no warning"
	fi
done
done_testing
