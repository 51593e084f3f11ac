#!/bin/bash
# What runs over the root leaves nothing behind, on the host or in the root, however it ends.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"

root=$("$machine_dir/root.sh")
mkdir "$scratch/tmp" "$scratch/out"
export TMPDIR=$scratch/tmp

# over_root COMMAND - in a shell
over_root() { in_root "$root" --overlay --bind "$scratch/out:/out" -- sh -euc "$1"; }

# check HOW - nothing is left of what has ended like that, which has said so
check() {
	find "$scratch/tmp" "$root/behind" "$root"/tmp/{behind,upper} -not -path "$scratch/tmp" >"$scratch/log" 2>/dev/null || true
	if [ ! -s "$scratch/log" ] && [ "$(cat "$scratch/out/behind")" = "$1" ]; then
		pass "nothing is left of what has $1"
	else
		fail "nothing is left of what has $1" "$scratch/log"
	fi
}

over_root 'touch /behind /tmp/behind; echo ended >/out/behind'
check ended
mkfifo "$scratch/out/wait"
become='exec' over_root 'touch /behind /tmp/behind; echo "been killed" >/out/behind; exec cat /out/wait' &
# It waits from here on.
exec 9>"$scratch/out/wait"
kill -KILL $!
wait $! 2>/dev/null || true
check "been killed"
done_testing
