#!/bin/bash
# make W=1 is clean on every kernel. tests/check has built the modules, if all tests are run.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"

for kernel in 7 6.12; do
	log=${RMPOPT_BUILT:-$scratch}/$kernel
	if [ -z "${RMPOPT_BUILT:-}" ]; then
		RMPOPT_BUILD=$scratch "$machine_dir/build.sh" "$kernel" "$tree" W=1 >/dev/null 2>"$log" ||
			echo "error: make has failed" >>"$log"
	fi
	objects=$(grep -c '  CC \[M\] .*src/' "$log") || true
	sources=$(module_sources)
	if [ "$objects" = "$sources" ]; then
		pass "$kernel: all $sources files are compiled"
	else
		fail "$kernel: all $sources files are compiled, not $objects" "$log"
	fi
	if grep -iE 'warning|error' "$log" >"$scratch/warnings"; then
		fail "$kernel: builds with W=1 without a warning" "$log"
	else
		pass "$kernel: builds with W=1 without a warning"
	fi
done
done_testing
