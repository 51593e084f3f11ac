#!/bin/bash
# No shell script of the tree makes shellcheck say anything.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"

root=$("$machine_dir/root.sh")

is_shell() {
	case $1 in
	*.sh) return 0 ;;
	*) head -n 1 -- "$1" | grep -qE '^#!.*[/ ](ba|da|a)?sh( |$)' ;;
	esac
}

files=()
while read -r file; do
	if [ -f "$tree/$file" ] && is_shell "$tree/$file"; then
		files+=("$file")
	fi
done < <(tree_files)

# key FILE - of all that shellcheck may read for it: itself, and what is there to be sourced
sourced=$(cd "$tree" && awk 'FNR == 1 && !/^#!/ { print FILENAME }' "${files[@]}" | xargs cat | sha256sum)
version=$(in_root "$root" -- shellcheck --version | sha256sum)
key() { { cat "$tree/$1" "$tree/.shellcheckrc"; echo "$1 $sourced $version"; } | verdict; }

open_verdicts shellcheck
unknown=()
for file in "${files[@]}"; do
	[ -e "$(key "$file")" ] || unknown+=("$file")
done
: >"$scratch/log"
status=0
if [ ${#unknown[@]} -gt 0 ]; then
	in_root "$root" --bind "$tree:/tree" -- env -C /tree shellcheck --color=never --format=gcc "${unknown[@]}" >"$scratch/log" 2>&1 || status=$?
fi
for file in "${files[@]}"; do
	if grep -F "$file:" "$scratch/log" >"$scratch/said"; then
		fail "$file" "$scratch/said"
	else
		pass "$file"
		[ "$status" -gt 1 ] || touch "$(key "$file")"
	fi
done
# 1: it has found something.
if [ "$status" -gt 1 ] || grep -vE '^[^ ]+:[0-9]+:[0-9]+: ' "$scratch/log" >"$scratch/said"; then
	fail "shellcheck says nothing else (status $status)" "$scratch/log"
fi
# shellcheck disable=SC2016 # the file's
printf '#!/bin/sh\necho $1\n' >"$scratch/seeded.sh"
if in_root "$root" --bind "$scratch:/seeded" -- shellcheck /seeded/seeded.sh >"$scratch/log" 2>&1; then
	fail "shellcheck finds a seeded error" "$scratch/log"
else
	pass "shellcheck finds a seeded error"
fi
done_testing
