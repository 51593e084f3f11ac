#!/bin/bash
# The documents in doc/ABI are in the kernel's format, and words that stand in two
# places are the same in both. What they name is compared with the running module by
# the scenario abi.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"

# Each entry has What (once or more), Date, KernelVersion, Contact, Description, in that
# order, and a text that says the mode. Prints what is wrong.
malformed() {
	awk '
		function wrong(why) { print FILENAME ":" FNR ": " why }
		function finish() { if (state != "" && !mode) wrong("no mode in the entry before") }
		FNR == 1 { finish(); state = ""; mode = 1 }
		/^What:\t\t\/sys\// {
			if (state != "What") { finish(); mode = 0 }
			state = "What"; next
		}
		/^Date:\t\t[A-Z][a-z]+ 20[0-9][0-9]$/ && state == "What" { state = "Date"; next }
		/^KernelVersion:\trmpopt [0-9]+\.[0-9]+\.[0-9]+$/ && state == "Date" { state = "KernelVersion"; next }
		/^Contact:\t/ && state == "KernelVersion" { state = "Contact"; next }
		/^Description:$/ && state == "Contact" { state = "Description"; next }
		/^\t\t *[^ ]/ && state == "Description" { if (/Modes? 0[0-7][0-7][0-7]/) mode = 1; next }
		/^$/ { next }
		{ wrong("not expected here: " $0) }
		END { finish() }' "$@"
}

# trace_words NAME and file_words NAME - the words of trace.h and of state.c, in order
trace_words() {
	sed -n "/#define TRACE_${1}_WORD/,/)\$/p" "$tree/src/state/trace.h" | sed -nE 's/.*\{ ([A-Z_]+),[[:space:]]*"([a-z]+)" \}.*/\1 \2/p'
}
file_words() {
	sed -n "/ ${1}_words\[\]/,/^};/p" "$tree/src/state/state.c" | sed -nE 's/.*\[([A-Z_]+)\][[:space:]]*= "([a-z]+)".*/\1 \2/p'
}

for document in "$tree"/doc/ABI/*; do
	name=${document#"$tree/"}
	malformed "$document" >"$scratch/log"
	if [ -s "$document" ] && [ ! -s "$scratch/log" ]; then
		pass "$name: format"
	else
		fail "$name: format" "$scratch/log"
	fi
done
sed '0,/^Contact:/{/^Contact:/d}' "$tree/doc/ABI/sysfs-kernel-rmpopt" >"$scratch/seeded"
if [ -n "$(malformed "$scratch/seeded")" ]; then pass "a line that is missing is found"; else fail "a line that is missing is found"; fi

for list in state result trigger; do
	trace_words "${list^^}" >"$scratch/trace"
	file_words "$list" >"$scratch/file"
	diff "$scratch/file" "$scratch/trace" >"$scratch/log" || true
	if [ "$(wc -l <"$scratch/file")" -gt 4 ] && [ ! -s "$scratch/log" ]; then
		pass "words of tracepoints and of files: $list"
	else
		fail "words of tracepoints and of files: $list" "$scratch/log"
	fi
	while read -r name _; do
		grep -q "TRACE_DEFINE_ENUM($name);" "$tree/src/state/trace.h" || echo "$name"
	done <"$scratch/trace" >"$scratch/log"
	if [ ! -s "$scratch/log" ]; then pass "and their values: $list"; else fail "and their values: $list" "$scratch/log"; fi
done
# Reasons, and why a load is refused: what is to be done stands behind a colon or semicolon. A name has no blank.
nothing_to_do='the system is being suspended|the module is being unloaded|can.t map the RMP|SNP was shut down or initialised'
(cd "$tree" && grep -noE '"[^"]{25,}"' src/worker/look.c src/host/host.c src/host/host_rmp.c src/cores/arm.c >"$scratch/sentences") || true
grep -vE '[:;] [a-z]' <(sed -E 's/^[^"]*//' "$scratch/sentences" | grep ' ') | grep -vE "$nothing_to_do" >"$scratch/log" || true
if [ "$(wc -l <"$scratch/sentences")" -gt 15 ] && [ ! -s "$scratch/log" ]; then
	pass "every reason names what to do"
else
	fail "every reason names what to do" "$scratch/log"
fi
done_testing
