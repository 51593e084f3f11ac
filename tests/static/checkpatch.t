#!/bin/bash
# checkpatch.pl --strict is clean over the modules. The script comes out of Debian's
# kernel source package, which is fetched once; where it can't be had: a skip.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"

# Print the folder that holds checkpatch.pl, fetching it if need be.
checkpatch_dir() {
	local root series dir deb
	root=$("$machine_dir/root.sh")
	series=$(cut -d ' ' -f 1 "$cache/choice-7" | grep -oE '^[0-9]+\.[0-9]+')
	dir=$cache/checkpatch-$series
	lock checkpatch
	if [ ! -e "$dir/checkpatch.pl" ]; then
		rm -rf "$cache"/checkpatch-[0-9]*
		mkdir -p "$dir.part"
		in_root "$root" --bind "$dir.part:/mnt" -- sh -c \
			"cd /mnt && apt-get -o APT::Sandbox::User=root download linux-source-$series/trixie-backports" >"$cache/log/checkpatch.log" 2>&1 ||
			return 1
		deb=$(find "$dir.part" -name '*.deb')
		dpkg-deb --fsys-tarfile "$deb" | tar -xOf - --wildcards './usr/src/linux-source-*.tar.xz' |
			xz -dc | tar -xf - -C "$dir.part" --strip-components=2 --wildcards \
			'*/scripts/checkpatch.pl' '*/scripts/spelling.txt' '*/scripts/const_structs.checkpatch'
		rm -f "$deb"
		mv "$dir.part" "$dir"
	fi
	unlock
	printf '%s\n' "$dir"
}

checkpatch() {
	local root
	root=$("$machine_dir/root.sh")
	local -a more=()
	# What people read is not split, and programs have no pr_err() by which to know it.
	# Names of libraries are theirs.
	case ${*: -1} in src/ctl/*) more=(--max-line-length=120 --ignore LONG_LINE_STRING --ignore CAMELCASE) ;; esac
	in_root "$root" --bind "$dir:/checkpatch" --bind "$1:/tree" -- sh -c \
		"cd /tree && perl /checkpatch/checkpatch.pl --no-tree --strict --terse --show-types --no-summary --color=never -f \"\$@\"" sh "${more[@]}" "${@:2}"
}

if ! dir=$(checkpatch_dir); then
	skip "checkpatch" "Debian's kernel source can't be had: $(tail -n 1 "$cache/log/checkpatch.log" 2>/dev/null)"
	done_testing
	exit 0
fi
while read -r file; do
	if checkpatch "$tree" "$file" >"$scratch/log" 2>&1; then
		pass "$file"
	else
		fail "$file" "$scratch/log"
	fi
done < <(tree_files | grep -E '^(src|include|tests/bench/upstream)/.*\.[ch]$')

printf '// SPDX-License-Identifier: GPL-2.0\nint x( void ){\n}\n' >"$scratch/seeded.c"
if checkpatch "$scratch" seeded.c >"$scratch/log" 2>&1; then
	fail "checkpatch finds a seeded error" "$scratch/log"
else
	pass "checkpatch finds a seeded error"
fi
done_testing
