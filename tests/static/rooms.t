#!/bin/bash
# A door opens downwards only: a room (a folder of src) includes and calls what stands
# lower, never what stands higher or beside it. worker.h has the list. A seeded upward
# include and a seeded upward call are found. The laboratory is a module of its own: nobody
# enters its room, and it enters those below.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"

declare -A rank=([plan]=0 [host]=1 [lab]=2 [state]=2 [cores]=3 [events]=4 [pass]=4 [worker]=5 [files]=6 [main]=7)

# room_of FILE - below src
room_of() {
	case $1 in
	*/*) printf '%s\n' "${1%%/*}" ;;
	*) printf '%s\n' "${1%.*}" ;;
	esac
}

# rooms_files DIR PATTERN - files of the module below src, but not rmpoptctl's
rooms_files() { (cd "$1/src" && find . -name "$2" ! -path './ctl/*' ! -name '*.mod.*' -printf '%P\n' | sort); }

# upward FROM TO - FROM must not know TO
upward() { [ "$1" != "$2" ] && { [ "$2" = lab ] || [ "${rank[$2]:-9}" -ge "${rank[$1]:--1}" ]; }; }

# wrong_includes DIR
wrong_includes() {
	local file included
	while read -r file included; do
		case $included in
		rmpopt.h) ;;
		../* | */*/*) echo "src/$file: includes $included" ;;
		*.c) [[ $file == lab/host.c && $included =~ ^(host|plan)/ ]] || echo "src/$file: includes $included" ;;
		*/*) ! upward "$(room_of "$file")" "${included%%/*}" || echo "src/$file: includes $included" ;;
		*) [ -e "$1/src/$(dirname "$file")/$included" ] || echo "src/$file: includes $included, which is not in its room" ;;
		esac
	done < <(rooms_files "$1" '*.[ch]' | while read -r file; do
		sed -nE "s,^#include \"([^\"]+)\".*,$file \\1,p" "$1/src/$file"
	done)
}

# wrong_calls DIR - what each object wants of others, by what nm says of what was built there
wrong_calls() {
	local file symbol
	local -A owner=()
	while read -r file symbol; do owner[$symbol]=$file; done < <(symbols "$1" '--defined-only --extern-only')
	while read -r file symbol; do
		[ -n "${owner[$symbol]:-}" ] || continue
		! upward "$(room_of "$file")" "$(room_of "${owner[$symbol]}")" || echo "src/$file: uses $symbol of src/${owner[$symbol]}"
	done < <(symbols "$1" --undefined-only)
}

# symbols DIR OPTIONS
symbols() {
	local file
	rooms_files "$1" '*.o' | grep -v '^lab/' | while read -r file; do
		# shellcheck disable=SC2086 # options
		nm $2 --format=posix "$1/src/$file" | sed -E "s,^([^ ]+) .*,$file \\1,"
	done
}

# finds DESCRIPTION FUNCTION DIR - or, with an empty log, finds nothing
finds_nothing() { "$2" "$3" >"$scratch/log"; if [ -s "$scratch/log" ]; then fail "$1" "$scratch/log"; else pass "$1"; fi; }
finds() { "$2" "$3" >"$scratch/log"; if [ -s "$scratch/log" ]; then pass "$1"; else fail "$1"; fi; }

is_alone=$(cd "$tree/include" && ls)
if [ "$is_alone" = rmpopt.h ]; then pass "include/ has rmpopt.h alone"; else fail "include/ has rmpopt.h alone: $is_alone"; fi
if [ "$(rooms_files "$tree" '*.c' | wc -l)" -gt 30 ]; then pass "there are rooms"; else fail "there are rooms"; fi
finds_nothing "no include goes upwards" wrong_includes "$tree"
built=$("$machine_dir/build.sh" 7 "$tree" 2>"$scratch/log") || fail "it builds" "$scratch/log"
if [ "$(symbols "$built" --undefined-only | wc -l)" -gt 200 ]; then pass "objects are read"; else fail "objects are read"; fi
finds_nothing "no call goes upwards" wrong_calls "$built"

mkdir "$scratch/seeded"
cp -a "$tree/src" "$scratch/seeded/"
sed -i 's,#include "state.h",#include "state.h"\n#include "worker/due.h",' "$scratch/seeded/src/state/state.c"
finds "a seeded upward include is found" wrong_includes "$scratch/seeded"
mkdir -p "$scratch/calls/src"
cp -a "$built/src/state" "$built/src/cores" "$scratch/calls/src/"
mv "$scratch/calls/src/cores/cores.o" "$scratch/calls/src/state/seeded.o"
finds "a seeded upward call is found" wrong_calls "$scratch/calls"
done_testing
