#!/bin/bash
# "make run" on a machine without RMPOPT: everything that it says it does, in the emulated host.
set -euo pipefail
# shellcheck source=host.sh
. "$(dirname -- "$0")/host.sh"

out=$build/run-t
mkdir -p "$out"
status=0
"$tree/scripts/run" --emulated >"$out/log" 2>&1 </dev/null || status=$?

tests=0
# check DESCRIPTION COMMAND...
check() {
	local what=$1
	shift
	tests=$((tests + 1))
	if "$@"; then
		printf 'ok %d - %s\n' "$tests" "$what"
	else
		printf 'not ok %d - %s\n' "$tests" "$what"
		tail -n 30 "$out/log" | sed 's/^/# /'
	fi
}

check "make run ends well" [ "$status" = 0 ]
check "with no guest's page in a region that is optimized" grep -q 'guests or firmware: 0. Cores whose table differs from the truth: 0' "$out/log"
check "the region is regained when the guest is gone" grep -q '2 optimized while the guest ran, 3 after it ended; 3 can be' "$out/log"
check "unload leaves the tables in use" grep -q 'After unload: 8 cores have their tables in use, 0 of them' "$out/log"
printf '1..%d\n' "$tests"
