#!/bin/bash
# Scenarios find what they are for: the module is broken in a copy, in one place at a time, and the scenario that is
# named for that must fail. "list" has the places, README.md the format.
# usage: mutants.t [WORD...] - only those of which the file or the scenario contains one of these
# check-all: a minute for each, and it tests the scenarios, which "make check" runs
set -euo pipefail
# shellcheck source=../static/lib.sh
. "$(dirname -- "$0")/../static/lib.sh"
# shellcheck source=lib.sh
. "$tree/tests/mutants/lib.sh"

export RMPOPT_BUILD=$build/mutants
copy=$RMPOPT_BUILD/copy
words=("$@")

# boot_file SCENARIO - one of those that "make check" would boot, with nothing but one run of that in it
boot_file() {
	local all run=$RMPOPT_BUILD/mutant/boots/$1.boot
	all=$(boots_with "$1" | head -n 1)
	[ -n "$all" ] || { echo "make check does not run $1" >"$scratch/log"; return 1; }
	mkdir -p "${run%/*}"
	awk -v name="$1" '$1 != "run" || ($2 == name && !n++)' "$all" >"$run"
}

# fails SCENARIO [REGEX] - succeeds if it fails, with what was built from the copy; the first check that fails, and has that
# in its name, is enough. Its line is in $scratch/caught then.
fails() {
	local pid status=0
	boot_file "$1" || return 1
	: >"$scratch/log"
	RMPOPT_ALL='' setsid "$copy/tests/scenarios/run-boot" "$RMPOPT_BUILD/mutant/boots/$1.boot" >"$scratch/log" 2>&1 </dev/null &
	pid=$!
	grep -m 1 -E "^not ok [0-9]+ - $1\[[a-z]+\]: .*${2:-}" >"$scratch/caught" <(exec tail --pid="$pid" -n +1 -f "$scratch/log") || status=$?
	kill -- "-$pid" 2>/dev/null || true
	wait "$pid" || true
	return "$status"
}

# replace FILE OLD NEW - exactly one place
replace() {
	local text
	has_once "$1" "$2" || { echo "$1 does not have this once: $2" >"$scratch/log"; return 1; }
	text=$(cat "$1" && echo .)
	text=${text/"$2"/"$3"}
	printf '%s' "${text%.}" >"$1"
}

# try FILE OLD NEW SCENARIO [REGEX]
try() {
	local name="$4: $1: ${2:0:50} -> ${3:0:50}"
	has_word "$1 $4" "${words[@]}" || return 0
	cp "$copy/$1" "$scratch/unbroken"
	if replace "$copy/$1" "$2" "$3" && fails "$4" "${5:-}"; then
		pass "${name//#/}"
		sed 's/^not ok [0-9]* - /# caught by /' "$scratch/caught"
	else
		fail "${name//#/}" "$scratch/log"
	fi
	# Its time stamp is to be a new one.
	cat "$scratch/unbroken" >"$copy/$1"
}

mkdir -p "$copy"
# Only what differs: a file that was broken and is whole again has to stay newer than what was built from it.
cd -- "$tree"
tree_files | while IFS= read -r name; do
	cmp -s "$name" "$copy/$name" || cp -P --parents "$name" "$copy"
done
write_boots
each_mutant try
done_testing
