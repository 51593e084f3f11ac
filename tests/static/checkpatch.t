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

# checkpatch DIR FILES... - what it has to say of all of them
checkpatch() {
	local root
	root=$("$machine_dir/root.sh")
	# Where it finds a git repository it wants git, which the root does not have.
	in_root "$root" --bind "$dir:/checkpatch" --bind "$1:/tree" -- sh -c \
		'cd /tree && GIT_DIR=/nonexistent perl /checkpatch/checkpatch.pl --no-tree --root=. --strict --terse --show-types --no-summary --color=never -f "$@"' sh "${@:2}"
}

# key FILE OPTION... - of its verdict
key() { { cat "$tree/$1"; echo "$* $script"; } | verdict; }

# look_at 'OPTION...' FILES... - one result for each file
look_at() {
	local file
	local -a unknown=() options
	read -ra options <<<"$1"
	shift
	for file; do
		[ -e "$(key "$file" "${options[@]}")" ] || unknown+=("$file")
	done
	: >"$scratch/log"
	[ ${#unknown[@]} = 0 ] || checkpatch "$tree" "${options[@]}" "${unknown[@]}" >"$scratch/log" 2>&1 || :
	# It asks git for things that files don't need; there is none in that root.
	grep -vE '^[^ ]+:[0-9]+: |git: not found$' "$scratch/log" >"$scratch/else" || :
	for file; do
		if grep -F "$file:" "$scratch/log" >"$scratch/said"; then
			fail "$file" "$scratch/said"
		else
			pass "$file"
			[ -s "$scratch/else" ] || touch "$(key "$file" "${options[@]}")"
		fi
	done
	[ ! -s "$scratch/else" ] || fail "checkpatch says nothing else" "$scratch/else"
}

if ! dir=$(checkpatch_dir); then
	skip "checkpatch" "Debian's kernel source can't be had: $(tail -n 1 "$cache/log/checkpatch.log" 2>/dev/null)"
	done_testing
	exit 0
fi
open_verdicts checkpatch
script=$(cat "$dir"/* | sha256sum)
mapfile -t files < <(tree_files | grep -E '^(src|include|tests/bench/upstream)/.*\.[ch]$' | grep -v '^src/ctl/')
look_at '' "${files[@]}"
# What people read is not split, and programs have no pr_err() by which to know it;
# libraries have names of their own.
mapfile -t files < <(tree_files | grep -E '^src/ctl/.*\.[ch]$')
look_at '--max-line-length=120 --ignore=LONG_LINE_STRING,CAMELCASE' "${files[@]}"

printf '// SPDX-License-Identifier: GPL-2.0\nint x( void ){\n}\n' >"$scratch/seeded.c"
if checkpatch "$scratch" seeded.c >"$scratch/log" 2>&1; then
	fail "checkpatch finds a seeded error" "$scratch/log"
else
	pass "checkpatch finds a seeded error"
fi
done_testing
