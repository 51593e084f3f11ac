#!/bin/bash
# Nothing that runs inside a handler of a kprobe may be probed itself: all functions of the module
# that a handler calls, and those that they call, are in the kernel's blacklist.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"

# handlers - by their type
handlers() {
	sed -nE 's/^static int ([a-z_]+)\(struct kprobe \*.*/\1/p' "$tree"/src/*/*.c
}

# calls MODULE - "FROM TO" for each call and jump from function to function, in the module or out of it
calls() {
	objdump -dr --no-show-raw-insn "$1" | awk '
		/^[0-9a-f]+ <.*>:$/ { from = $2; gsub(/[<>:]/, "", from); next }
		/R_X86_64_(PLT32|PC32)/ { to = $NF; sub(/[-+]0x[0-9a-f]+$/, "", to); print from, to; next }
		/\t(call|j[a-z]+) .*<[^+>]*>$/ { to = $NF; gsub(/[<>]/, "", to); if (to != from) print from, to }'
}

# blacklist MODULE - names of what is in it
blacklist() {
	{
		nm "$1"
		objdump -r -j _kprobe_blacklist "$1"
	} | awk '$2 ~ /^[tT]$/ { sub(/^0+/, "", $1); at[$1] = $3 }
		$2 == "R_X86_64_64" { name = $3; if (sub(/^\.text\+0x0*/, "", name)) name = at[name]; print name }'
}

# forgotten - handlers and what they call, as far as it is the module's, but for what is in the blacklist
forgotten() {
	awk -v roots="$(handlers | tr '\n' ' ')" '
		FILENAME ~ /own$/ { own[$1] = 1; next }
		FILENAME ~ /blacklist$/ { listed[$1] = 1; next }
		{ call[$1] = call[$1] " " $2 }
		END {
			n = split(roots, queue, " ")
			for (i = 1; i <= n; i++) {
				if (!(queue[i] in own) || done[queue[i]]++) continue
				if (!(queue[i] in listed)) print queue[i]
				m = split(call[queue[i]], to, " ")
				for (j = 1; j <= m; j++) queue[++n] = to[j]
			}
		}' "$scratch/own" "$scratch/blacklist" "$scratch/calls"
}

host_needs objdump=binutils
built=$("$machine_dir/build.sh" 7 "$tree" 2>"$scratch/log") || { fail "builds" "$scratch/log"; done_testing; exit; }
nm "$built/rmpopt.ko" | awk '$2 ~ /^[tT]$/ { print $3 }' >"$scratch/own"
calls "$built/rmpopt.ko" >"$scratch/calls"
blacklist "$built/rmpopt.ko" >"$scratch/blacklist"
forgotten >"$scratch/forgotten"
if [ -s "$scratch/forgotten" ]; then
	fail "what handlers of kprobes call can't be probed" "$scratch/forgotten"
else
	pass "what handlers of kprobes call can't be probed"
fi

# Each entry is needed, so the test sees where handlers go; but what was inlined is nowhere called.
while read -r name; do
	grep -q " $name\$" "$scratch/calls" || handlers | grep -qx "$name" || continue
	blacklist "$built/rmpopt.ko" | grep -vx "$name" >"$scratch/blacklist"
	if [ "$(forgotten)" = "$name" ]; then
		pass "forgotten, and noticed: $name"
	else
		fail "forgotten, and noticed: $name"
	fi
done < <(blacklist "$built/rmpopt.ko")
done_testing
