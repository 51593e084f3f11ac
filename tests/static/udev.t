#!/bin/bash
# udev accepts the rule that is shipped, and notices a broken one.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"

root=$("$machine_dir/root.sh")
rules=90-rmpopt.rules

verify() { in_root "$root" --bind "$1:/rules" -- udevadm verify "/rules/$rules" >"$scratch/log" 2>&1; }

if verify "$tree/udev"; then
	pass "udevadm verify accepts the rule"
else
	fail "udevadm verify accepts the rule" "$scratch/log"
fi
mkdir "$scratch/broken"
sed 's/ENV{EVENT}==/ENV{EVENT=/' "$tree/udev/$rules" >"$scratch/broken/$rules"
if verify "$scratch/broken"; then
	fail "it refuses a broken one" "$scratch/log"
else
	pass "it refuses a broken one"
fi

# The commands of the rule, as udev hands them to the shell, with a stand-in for the file.
command=$(sed -n "s,.*RUN+=\"/bin/sh -c '\(.*\)'\".*,\1,p" "$tree/udev/$rules")
mkdir -p "$scratch/rmpopt"
: >"$scratch/rmpopt/scan"
if sh -c "${command//\/sys\/kernel/$scratch}" && [ "$(cat "$scratch/rmpopt/scan")" = later ]; then
	pass "it writes later to scan"
else
	fail "it writes later to scan"
fi
rm -r "$scratch/rmpopt"
if sh -c "${command//\/sys\/kernel/$scratch}"; then
	pass "without the module it does nothing"
else
	fail "without the module it does nothing"
fi
done_testing
