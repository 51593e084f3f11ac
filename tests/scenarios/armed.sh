#!/bin/sh
# Tables outlive the module: stopped or unloaded it writes nothing, and cores found armed keep the base that they have.
# machine: --cores 4
# check: harsh
# timeout: 200 300
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

views=/sys/kernel/debug/rmpopt
page=$((3 * 0x40000 + 77))
settled() { at_rest && get_is cores 0-3 && get_is optimized "$1" && [ "$(machinectl truth)" = "0 0 4" ] && at_rest; }
base() { machinectl rdmsr "$1" 0xc0010139; }
bases() { echo "$(base 0) $(base 1) $(base 2) $(base 3)"; }
tables() { echo "$(machinectl table 0) $(machinectl table 1) $(machinectl table 2) $(machinectl table 3)"; }
four() { echo "$1 $1 $1 $1"; }
# numbers COUNTER... - of the machine, in one line
numbers() {
	local what all=
	for what; do all="$all $(machinectl count "$what")"; done
	echo "${all# }"
}

# guests_unseen WHEN - a guest takes regions 2 and 3 and gives back the first
guests_unseen() {
	machinectl reset
	ok "$1: a guest takes pages of two regions" machinectl assign $((2 * 0x40000 + 9)) 7 4k
	machinectl assign $page 7 4k
	machinectl release $((2 * 0x40000 + 9)) 4k
	is "$(tables)" "$(four 0-1,4,6-7)" "$1: these bits are lost on all cores, the others stay"
	is "$(machinectl truth)" "0 4 4" "$1: no bit is wrong, nobody regains the region that came back, RMPOPT_EN stays set"
	is "$(numbers base-writes faults verifies reports)" "0 0 0 0" "$1: nothing is executed"
}

# further FROM - passes after the first one: a core that answered late has caught up.
# The leader tries again then what has failed.
further() { echo $(($(get passes) - $1 - 1)); }

# seen_again HOW PASSES - the module is back: one full pass
seen_again() {
	wait_state ready
	wait_for 'settled 0-2,4,6-7' 20 "$1: the region that came back is regained, by all"
	is "$(tables)" "$(four 0-2,4,6-7)" "$1: by every table"
	is "$(numbers base-writes faults)" "0 0" "$1: RMPOPT_BASE is left alone"
	is "$(numbers verifies)" $((26 + 2 * $(further "$2"))) "$1: one full pass is made"
	machinectl release $page 4k
	scan now
	ok "$1: the guest ends, and its region comes back" settled 0-4,6-7
}

stop_and_start() {
	machinectl reset
	ok "$1: load" load watch_ms=0 audit_ms=0 delay_ms=3600000 max_delay_ms=3600000
	wait_state ready
	wait_for 'settled 0-4,6-7' 20 "$1: all is optimized"
	is "$(numbers base-writes base-writes-armed)" "4 0" "$1: RMPOPT_BASE is written once for each core"
	ok "$1: stop" put enabled 0
	wait_state stopped
	guests_unseen "$1, stopped"
	passes=$(get passes)
	ok "$1: start" put enabled 1
	seen_again "$1, started" "$passes"
	ok "$1: unload" unload
	guests_unseen "$1, unloaded"
	ok "$1: reload" load watch_ms=0 audit_ms=0 delay_ms=3600000 max_delay_ms=3600000
	seen_again "$1, reloaded" 0
	ok "$1: unload" unload
	is "$(machinectl truth)" "0 0 4" "$1: tables stay in use"
}

stop_and_start "locked"
like "$(dmesg | grep 'was enabled already on' | tail -n 1)" \
	"enabled already on 4 of the cores, 0 of them" "the log tells what was found"
snp_again
machinectl clearable on >/dev/null
stop_and_start "clearable"
machinectl clearable off >/dev/null

# Bits that mean nothing read as set.
snp_again
machinectl base-bits 0x3e >/dev/null
stop_and_start "other bits"
is "$(bases)" "$(four 0x3f)" "other bits: they were there"
like "$(dmesg | grep 'was enabled already on' | tail -n 1)" ", 0 of them" "other bits: they make no other base"
machinectl base-bits 0 >/dev/null

# within BASE LIST - what of a list of regions that window holds
within() {
	echo "$2" | tr , '\n' | awk -F - -v base="$1" '
		function flush() {
			printf first < last ? "%s%d-%d" : "%s%d", comma, first, last
			comma = ","
		}
		NF {
			for (i = $1 + 0; i <= $NF + 0; i++) {
				if (i < base || i >= base + 2048)
					continue
				if (seen && i == last + 1) {
					last = i
					continue
				}
				if (seen)
					flush()
				seen = 1
				first = last = i
			}
		}
		END { if (seen) flush(); print "" }'
}

# as_wanted WHAT OPTIMIZED UNCOVERED VERIFIES - right after a load with $wanted bases
as_wanted() {
	local cpu=0 gib
	wait_state ready
	[ -z "$2" ] || wait_for '[ "$(get passes)" -ge 1 ]' 20 "$1: a first pass is made"
	wait_for "settled '$2'" 20 "$1: what some core's window holds is optimized" ||
		diag "optimized $(get optimized), truth $(machinectl truth), $(tables)"
	is "$(get cores)" 0-3 "$1: all cores take part"
	if [ -n "$2" ]; then
		is "$(get cores_behind)/$(get reason)" /ok "$1: none is behind"
	else
		wait_for 'get reason | grep -q "^no covered region is in the window of a core in use"' 20 "$1: the reason says that there is nothing to do"
		passes=$(get passes)
		scan now
		cmp_ok "$(get passes)" '>' "$passes" "$1: a pass that has no leader counts"
		is "$(get last_result)" failed "$1: as failed"
	fi
	is "$(get regions_uncovered)" "$3" "$1: $3 regions are in nobody's window"
	for gib in $wanted; do
		is "$(base $cpu)" "$(printf '0x%x' $((gib << 30 | 1)))" "$1: CPU $cpu keeps its base"
		is "$(machinectl table $cpu)" "$(within "$gib" "$2")" "$1: its table has what its window holds"
		is "$(read_table | grep "^$cpu ")" "$cpu $gib $(within "$gib" "$(get covered)" | members) $(within "$gib" "$2" | sed 's/^$/-/')" \
			"$1: debugfs table says so"
		cpu=$((cpu + 1))
	done
	is "$(numbers base-writes outside faults unsafe)" "0 0 0 0" "$1: nothing is written, no RMPOPT outside a window"
	is "$(numbers verifies)" "$(($4 ? $4 + $(further 0) : 0))" "$1: each core is sent what it can hold, once"
}

members() { tr , '\n' | awk -F - 'NF { n += $NF - $1 + 1 } END { print n + 0 }'; }

# found WHAT OPTIMIZED UNCOVERED VERIFIES WINDOWS - with $wanted bases in GiB
found() {
	local cpu=0 gib
	snp_again
	for gib in $wanted; do
		machinectl wrmsr $cpu 0xc0010139 $((gib << 30 | 1))
		cpu=$((cpu + 1))
	done
	machinectl reset
	ok "$1: load" load watch_ms=0 audit_ms=0
	as_wanted "$1" "$2" "$3" "$4"
	is "$(sed 1d $views/windows | awk '{ print $1, $2, $4, $5, $6 }' | tr '\n' ';')" "$5" "$1: debugfs windows"
	ok "$1: CPU 3 goes" offline 3
	ok "$1: and comes" online 3
	wait_for "settled '$2'" 20 "$1: it has caught up"
	ok "$1: unload" unload
	machinectl reset
	ok "$1: reload" load watch_ms=0 audit_ms=0
	as_wanted "$1, again" "$2" "$3" "$4"
	ok "$1: unload" unload
}

# Verifies: a leader's for each region in a window, then one for each other core that holds it, without region 5.
wanted="0 0 0 1"
found "one core" 0-4,6-7 0 28 "0 0 8 7 3;0 1 7 6 1;"
wanted="1 1 1 1"
found "all cores" 1-4,6-7 1 25 "0 1 7 6 4;"
wanted="3 1 4 0"
found "each its own" 0-4,6-7 0 21 "0 3 5 4 1;0 1 7 6 1;0 4 4 3 1;0 0 8 7 1;"
wanted="0 0 4096 0"
found "a window over nothing" 0-4,6-7 0 22 "0 0 8 7 3;0 4096 0 0 1;"
wanted="4096 4096 4096 4096"
found "nothing but such" "" 8 0 "0 4096 0 0 4;"
done_testing
