#!/bin/sh
# Files, parameters and their modes are those of doc/ABI, all of them and no others.
# machine: --cores 4
# check: kind
# timeout: 60
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

# "MODE NAME" of what is documented. Where a parameter has a file in tune/, the
# first mode is that of the parameter.
documented() {
	awk '
		/^What:/ { names[n++] = $2; next }
		/Mode 0[0-7]+[.,]/ { match($0, /0[0-7]+/); first = last = substr($0, RSTART + 1, RLENGTH - 1) }
		/Modes 0[0-7]+ \(parameter\) and 0[0-7]+\./ {
			match($0, /0[0-7]+/); first = substr($0, RSTART + 1, RLENGTH - 1)
			match($0, /and 0[0-7]+/); last = substr($0, RSTART + 5, RLENGTH - 5)
		}
		first != "" {
			for (i = 0; i < n; i++)
				print (names[i] ~ /\/parameters\// ? first : last), names[i]
			n = 0; first = ""
		}' "$here"/doc/ABI/*
}

existing() {
	stat -c '%a %n' /sys/kernel/debug/rmpopt $rmpopt/stats
	find /sys/kernel/rmpopt /sys/kernel/debug/rmpopt /sys/module/rmpopt/parameters -type f -exec stat -c '%a %n' {} +
}

ok "the module loads" load
wait_state ready
documented | sort >/tmp/documented
existing | sort >/tmp/existing
cmp_ok "$(wc -l </tmp/documented)" '>' 50 "the documents are read"
is "$(awk 'NR == FNR { known[$0] = 1; next } !($0 in known)' /tmp/documented /tmp/existing)" "" "what exists is documented, with its mode"
is "$(awk 'NR == FNR { known[$0] = 1; next } !($0 in known)' /tmp/existing /tmp/documented)" "" "what is documented exists, with its mode"
is "$(cut -d ' ' -f 2 /tmp/documented | sort | uniq -d)" "" "and once"

wrong=
for parameter in $(cd $rmpopt/tune && ls); do
	shown=$(get "tune/$parameter")
	grep -A 12 "parameters/$parameter\$" "$here"/doc/ABI/sysfs-kernel-rmpopt | tr -s '\n\t ' ' ' |
		grep -qE "default $shown;|$shown \(default\)" || wrong="$wrong $parameter=$shown"
done
is "$wrong" "" "defaults are the documented ones"
ok "unload" unload
done_testing
