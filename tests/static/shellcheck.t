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
in_root "$root" --bind "$tree:/tree" -- env -C /tree shellcheck --color=never --format=gcc "${files[@]}" >"$scratch/log" 2>&1 || :
for file in "${files[@]}"; do
	if grep -F "$file:" "$scratch/log" >"$scratch/said"; then
		fail "$file" "$scratch/said"
	else
		pass "$file"
	fi
done
if grep -vE '^[^ ]+:[0-9]+:[0-9]+: ' "$scratch/log" >"$scratch/said"; then
	fail "shellcheck says nothing else" "$scratch/said"
fi
# shellcheck disable=SC2016 # the file's
printf '#!/bin/sh\necho $1\n' >"$scratch/seeded.sh"
if in_root "$root" --bind "$scratch:/seeded" -- shellcheck /seeded/seeded.sh >"$scratch/log" 2>&1; then
	fail "shellcheck finds a seeded error" "$scratch/log"
else
	pass "shellcheck finds a seeded error"
fi
done_testing
