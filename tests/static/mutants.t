#!/bin/bash
# Every mutant can be made, and "make check" runs the scenario that has to find it; ../mutants/mutants.t makes them.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"
# shellcheck source=../mutants/lib.sh
. "$tree/tests/mutants/lib.sh"

look_at() {
	has_once "$tree/$1" "$2" || echo "$1 does not have this once: $2" >>"$scratch/lost"
	boots_with "$4" >/dev/null || echo "$1: no boot of make check runs $4" >>"$scratch/homeless"
}

touch "$scratch/lost" "$scratch/homeless"
write_boots
each_mutant look_at
if [ -s "$scratch/lost" ]; then fail "what mutants replace is there, once" "$scratch/lost"
else pass "what mutants replace is there, once"; fi
if [ -s "$scratch/homeless" ]; then fail "make check runs their scenarios" "$scratch/homeless"
else pass "make check runs their scenarios"; fi
done_testing
