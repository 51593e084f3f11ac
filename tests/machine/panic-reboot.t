#!/bin/bash
# The kernel's end by a panic and by a reboot, at rest and in the middle of a pass. A panic:
# the module does nothing more, and panic() comes to its own end. A reboot: the
# pass ends, and RMPOPT_BASE is left alone. What the machine counts outlives the kernel. Prints TAP.
set -euo pipefail
# shellcheck source=host.sh
. "$(dirname -- "$0")/host.sh"
# shellcheck source=selftest-tap.sh
. "$machine_dir/selftest-tap.sh"

make_modules() {
	local built
	mkdir -p "$work/payload/panic-reboot"
	for built in "$tree" "$machine_dir/panic-reboot"; do
		built=$("$machine_dir/build.sh" 7 "$built" 2>"$work/err") || { cat "$work/err" >&2; return 1; }
		cp "$built"/*.ko "$work/payload/panic-reboot/"
	done
	cp "$machine_dir/panic-reboot/guest.sh" "$work/payload/panic-reboot/"
}

# check DESCRIPTION COMMAND...
check() {
	local what=$1
	shift
	if "$@"; then emit ok "$name: $what"; else emit 'not ok' "$name: $what"; fi
}

# is GOT WANTED DESCRIPTION
is() {
	check "$3" test "$1" = "$2"
	[ "$1" = "$2" ] || printf "# got '%s', wanted '%s'\n" "$1" "$2"
}

# end_of NAME LINE OPTION... - a guest that is to end with this line in its log
end_of() {
	local line=$2
	name=$1
	log=$build/machine/selftest-$name.log
	shift 2
	boot "$name" "$line" --expect "$line" --quick "$@" -- sh /panic-reboot/guest.sh "$name"
	sed -n '/^=== counted/,$p' "$log" >"$work/marks"
	check "the end came by itself" no_line '^=== the launcher ended' "$log"
	check "nothing else was wrong" no_line "$trouble" "$log"
}

# What no kernel says, not even while it panics.
trouble='BUG|WARNING:|Oops|general protection|unable to handle|lockup|blocked for more than|scheduling while atomic|sleeping function|rcu.* (stall|starved)|refused to|failed to stop'

# no_line REGEX FILE
no_line() {
	! grep -E -- "$1" "$2" | grep -vE 'hw-vuln/|ommand line: ' >"$work/found" || { sed 's/^/# /' "$work/found"; false; }
}

marks() { sed -n "s/^$1 //p" "$work/marks"; }
marked() { grep -c '^cpu [0-9]* marked$' "$work/marks"; }

# panics NAME OPTION...
panics() {
	end_of "$1" 'Kernel panic - not syncing: test$' --append panic=1 "${@:2}"
	is "$(grep -c 'Kernel panic' "$log")" 1 "one panic"
	check "which came to its end" grep -q 'Rebooting in 1 seconds' "$log"
	is "$(marked)" 2 "the machine was told of it"
	check "no RMPOPT, RMPREAD, write of RMPOPT_BASE since" no_line \
		' (verifies|reports|faults|rmpreads|base-writes) ' "$work/marks"
}

# wanted NAME - RMPOPT_ALL is empty if tests/check runs what is for every day
wanted() { [ -n "${RMPOPT_ALL-yes}" ] || [[ " follower " == *" $1 "* ]]; }

# panics_at_rmpopt NAME DESCRIPTION OPTION... - while one is held
panics_at_rmpopt() {
	wanted "$1" || return 0
	panics "$1" "${@:3}"
	is "$(marks armed)" 2 "RMPOPT_BASE stays as it was on all cores"
	is "$(marks held)" 1 "$2"
}

make_modules
if wanted rest; then
	# ccp shuts SNP down in a panic notifier, under the probes' eyes.
	panics rest --snp psp --profile harsh
	is "$(marks initialised) $(marks armed)" "0 0" "SNP is shut down by the kernel, and RMPOPT_EN is gone with it"
	check "pages came back" grep -q ' rmpupdates ' "$work/marks"
fi
panics_at_rmpopt leader "the leader was at its RMPOPT" --profile kind
panics_at_rmpopt follower "the follower was in its slice" --profile harsh
panics_at_rmpopt tick "the follower was in its slice behind a tick" --profile kind
end_of reboot 'reboot: Restarting system' --profile harsh
is "$(marked)" 2 "the machine was told of it"
is "$(marks armed)" 2 "RMPOPT_BASE stays as it was on all cores"
check "nobody has written it" no_line ' base-writes ' "$work/marks"
is "$(awk '$3 == "verifies" || $3 == "reports" { n += $4 } END { print n + 0 }' "$work/marks")" 1 \
	"the pass has ended with the instruction that was held"
if wanted reboot-hung; then
	end_of reboot-hung 'reboot: Restarting system' --profile kind
	is "$(marks held)" 1 "a leader that never comes back from its RMPOPT is not waited for"
fi
printf '1..%d\n' "$tests"
