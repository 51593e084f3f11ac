# shellcheck shell=bash
# What the static tests share: TAP on stdout, whatever a tool says as comments.
# shellcheck source=../machine/host.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../machine/host.sh"

count=0
pass() {
	count=$((count + 1))
	printf 'ok %d - %s\n' "$count" "$1"
}

# fail DESCRIPTION [FILE] - FILE holds what was wrong
fail() {
	count=$((count + 1))
	printf 'not ok %d - %s\n' "$count" "$1"
	[ -z "${2:-}" ] || sed 's/^/# /' "$2"
}

skip() {
	count=$((count + 1))
	printf 'ok %d - %s # SKIP %s\n' "$count" "$1" "$2"
}

done_testing() { printf '1..%d\n' "$count"; }

# A scratch folder that goes away with the test.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Verdicts of a tool, below the cache: what was found clean once is not looked at again as long as
# nothing has changed that it depends on.
# open_verdicts TOOL
open_verdicts() {
	verdicts=$cache/$1
	mkdir -p "$verdicts"
	find "$verdicts" -type f -mtime +30 -delete
}
# verdict - by all that it depends on, on stdin
verdict() { printf '%s\n' "$verdicts/$(sha256sum | cut -c 1-40)"; }

# How many files the kernel's compiler has to see.
module_sources() { find "$tree/src" -name '*.c' ! -path '*/ctl/*' ! -name '*.mod.c' | wc -l; }

# The tree's own files: known to git or not yet, but not ignored.
tree_files() { git -C "$tree" ls-files --cached --others --exclude-standard; }
