#!/bin/bash
# Plain English: words that were once here and may not come back (words), in documents, in
# comments and messages of the sources, and in scripts.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"

list=$tree/tests/static/words

# searched - the files in question
searched() {
	tree_files | grep -E '^(README\.md|CHANGELOG|CONTRIBUTING\.md|SECURITY\.md|doc/|src/|include/|scripts/|dkms/|systemd/|debian/[^/]*\.NEWS$|tests/[^/]*/README\.md)' |
		sed "s,^,$tree/,"
}

# found PATTERN FILE... - where it is met
found() {
	grep -niEH -e "$1" -- "${@:2}"
}

mapfile -t files < <(searched)
patterns=0
while IFS=$'\t' read -r pattern instead; do
	case $pattern in '#'* | '') continue ;; esac
	patterns=$((patterns + 1))
	if found "$pattern" "${files[@]}" >"$scratch/log"; then
		sed -i "s,^$tree/,," "$scratch/log"
		fail "no \"$pattern\": $instead" "$scratch/log"
	else
		pass "no \"$pattern\": $instead"
	fi
done <"$list"
if [ "$patterns" -gt 10 ] && [ ${#files[@]} -gt 100 ]; then pass "the list and the tree are read"; else fail "the list and the tree are read"; fi

# Each pattern finds what the list was made for.
seeded() {
	cat <<-'END'
	how to mend that
	the last one is stronger
	in its own sentence
	Well. Of check: nothing
	for who won't wait
	no machine could be had by us
	words that stand in two places
	the way back to before
	what is there is kept
	rmpopt is failed
	by the hardware's own doing
	those who can't wait
	guests, as a rule
	see rmpopt at work
	Worst stall
	for ever
	at the most
	the place behind the last one
	that makes no sense
	a verify gets dearer
	the system goes down
	CPU 3 and maybe more
	it asks for a scan
	what is looked after
	for want of a leader
	tried again with growing pauses
	by whomever
	the CPU's own affair
	END
}
seeded >"$scratch/seeded"
missed=0
while IFS=$'\t' read -r pattern _; do
	case $pattern in '#'* | '') continue ;; esac
	found "$pattern" "$scratch/seeded" >"$scratch/log" || { missed=$((missed + 1)); echo "$pattern" >>"$scratch/missed"; }
done <"$list"
if [ "$missed" = 0 ]; then pass "every pattern finds what it was made for"; else fail "every pattern finds what it was made for" "$scratch/missed"; fi
done_testing
