#!/bin/bash
# sparse finds nothing, and would have: a seeded error is found.
# Debian's headers lack the script by which C=1 decides to run, so it is forced; the
# headers of 7.x trip Debian 13's sparse, those of 6.12 don't.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"

sparse() {
	RMPOPT_BUILD=$scratch/build "$machine_dir/build.sh" 6.12 "$1" C=2 KBUILD_CHECKSRC=1 >/dev/null 2>"$scratch/log"
}

if sparse "$tree" && grep -q '  CHECK  ' "$scratch/log"; then
	pass "sparse runs"
else
	fail "sparse runs" "$scratch/log"
fi
if grep -E '(warning|error): ' "$scratch/log" >"$scratch/found"; then
	fail "sparse finds nothing" "$scratch/found"
else
	pass "sparse finds nothing"
fi

seeded=$scratch/seeded
mkdir "$seeded"
echo 'obj-m := seeded.o' >"$seeded/Kbuild"
cat >"$seeded/seeded.c" <<'END'
#include <linux/module.h>
int seeded_error(const int __user *p);
int seeded_error(const int __user *p) { return *p; }
MODULE_LICENSE("GPL");
END
sparse "$seeded" || true
if grep -q 'dereference of noderef expression' "$scratch/log"; then
	pass "sparse finds a seeded error"
else
	fail "sparse finds a seeded error" "$scratch/log"
fi
done_testing
