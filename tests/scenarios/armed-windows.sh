#!/bin/sh
# Memory more than 2 TiB apart, and cores found armed with windows that this module would not choose: they keep them.
# machine: --sparse --far --cores 2
# check: harsh
# timeout: 200
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

views=/sys/kernel/debug/rmpopt
settled() { at_rest && get_is cores 0-3 && get_is optimized "$1" && [ "$(machinectl truth)" = "0 0 4" ] && at_rest; }
base() { machinectl rdmsr "$1" 0xc0010139; }
bases() { echo "$(base 0) $(base 1) $(base 2) $(base 3)"; }
tables() { for cpu in 0 1 2 3; do printf '%s;' "$(machinectl table $cpu)"; done; }
windows() { sed 1d $views/windows | awk '{ print $1, $2, $4, $5, $6 }' | tr '\n' ';'; }

# found BASE... - four cores are found armed with these bases in GiB, - is not armed
found() {
	local cpu=0 gib
	snp_again
	for gib; do
		[ "$gib" = - ] || machinectl wrmsr $cpu 0xc0010139 $((gib << 30 | 1))
		cpu=$((cpu + 1))
	done
	before=$(bases)
	machinectl reset
}

# as_wanted WHAT OPTIMIZED UNCOVERED TABLES WINDOWS - right after a load
as_wanted() {
	wait_state ready
	wait_for "settled '$2'" 20 "$1: what some core's window holds is optimized" ||
		diag "optimized $(get optimized), truth $(machinectl truth)"
	is "$(get cores)/$(get cores_behind)/$(get reason)" 0-3//ok "$1: all cores take part"
	is "$(get regions_uncovered)" "$3" "$1: $3 regions are in nobody's window"
	is "$(tables)" "$4" "$1: each table has what its window holds"
	is "$(windows)" "$5" "$1: debugfs windows"
	is "$(machinectl count outside) $(machinectl count faults) $(machinectl count unsafe)" "0 0 0" "$1: no RMPOPT outside a window"
}

# check WHAT OPTIMIZED UNCOVERED TABLES WINDOWS
check() {
	ok "$1: load" load watch_ms=0 audit_ms=0
	as_wanted "$@"
	ok "$1: a guest takes a page in region 1024" machinectl assign $((1024 * 0x40000 + 5)) 7 4k
	machinectl release $((1024 * 0x40000 + 5)) 4k
	scan now
	wait_for "settled '$2'" 20 "$1: and gives it back"
	ok "$1: CPU 3 goes" offline 3
	ok "$1: and comes" online 3
	wait_for "settled '$2'" 20 "$1: it has caught up"
	ok "$1: unload" unload
	is "$(tables)" "$4" "$1: tables stay in use"
	writes=$(machinectl count base-writes)
	ok "$1: reload" load watch_ms=0 audit_ms=0
	as_wanted "$1, again" "$2" "$3" "$4" "$5"
	ok "$1: unload" unload
	is "$(machinectl count base-writes)" "$writes" "$1: RMPOPT_BASE is not written by the second"
	written_once
}

# Region 1 holds the RMP.
near=0,1024-1025 far=3072-3075 all=0,1024-1025,3072-3075
found 0 0 0 0
check "as one window for all" $near 4 "$near;$near;$near;$near;" "0 0 4 3 2;1 0 4 3 2;"
is "$(bases)" "$before" "they keep it"
found 1028 1028 0 0
check "each node looks at the other" $all 0 "$far;$far;$near;$near;" "0 1028 4 4 2;1 0 4 3 2;"
is "$(bases)" "$before" "they keep it"
found 0 0 0 1028
check "the cores of node 1 differ" $all 0 "$near;$near;$near;$far;" "0 0 4 3 2;1 0 4 3 1;1 1028 4 4 1;"
is "$(bases)" "$before" "they keep it"
found 1024 5000 - -
check "node 1 is not armed" 1024-1025,3072-3075 2 "1024-1025;;$far;$far;" "0 1024 2 2 1;0 5000 0 0 1;1 1028 4 4 2;"
is "$(base 0) $(base 1)" "${before% * *}" "node 0 keeps what it has"
is "$(base 2) $(base 3)" "0x10100000001 0x10100000001" "node 1 gets its own window"
is "$(machinectl count base-writes)" 2 "by one write each"
done_testing
