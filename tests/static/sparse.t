#!/bin/bash
# sparse finds nothing, and would have: a seeded error is found.
# Debian's headers lack the script by which C=1 decides to run, so it is forced; the
# headers of 7.x trip Debian 13's sparse, those of 6.12 don't.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"

sparse() {
	RMPOPT_BUILD=$scratch/build "$machine_dir/build.sh" 6.12 "$1" W=1 C=2 >/dev/null 2>"$scratch/log"
}

# What tests/check has compiled with W=1 is not compiled again.
if [ -n "${RMPOPT_BUILT:-}" ]; then
	mkdir -p "$scratch/build"
	cp -a "$build"/6.12.* "$scratch/build/"
fi

sources=$(module_sources)
if sparse "$tree" && [ "$(grep -c '  CHECK  .*src/' "$scratch/log")" = "$sources" ]; then
	pass "sparse looks at all $sources files"
else
	fail "sparse looks at all $sources files" "$scratch/log"
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
