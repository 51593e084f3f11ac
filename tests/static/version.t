#!/bin/bash
# The version stands in one place, dkms.conf, and the module carries it.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"

root=$("$machine_dir/root.sh")
version=$(sed -nE 's/^PACKAGE_VERSION="([0-9.]+)"$/\1/p' "$tree/dkms.conf")
if [ -n "$version" ]; then
	pass "dkms.conf has a version"
else
	fail "dkms.conf has a version" "$tree/dkms.conf"
fi

for kernel in 7 6.12; do
	if ! dir=$("$machine_dir/build.sh" "$kernel" "$tree" 2>"$scratch/log"); then
		fail "$kernel: builds" "$scratch/log"
		continue
	fi
	in_root "$root" --bind "$dir:/mnt" -- modinfo -F version /mnt/rmpopt.ko >"$scratch/log" 2>&1 || true
	if [ -n "$version" ] && [ "$(cat "$scratch/log")" = "$version" ]; then
		pass "$kernel: the module says $version"
	else
		fail "$kernel: the module says $version" "$scratch/log"
	fi
done

if tree_files | grep -E '^(Kbuild|Makefile|src/|include/)' | sed "s,^,$tree/," | xargs grep -nF "\"$version\"" >"$scratch/log"; then
	fail "no second place names the version" "$scratch/log"
else
	pass "no second place names the version"
fi
done_testing
