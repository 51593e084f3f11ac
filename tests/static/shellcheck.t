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

while read -r file; do
	if [ ! -f "$tree/$file" ] || ! is_shell "$tree/$file"; then
		continue
	fi
	if in_root "$root" --bind "$tree:/tree" -- env -C /tree shellcheck --color=never "$file" >"$scratch/log" 2>&1; then
		pass "$file"
	else
		fail "$file" "$scratch/log"
	fi
done < <(tree_files)
done_testing
