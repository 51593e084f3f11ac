#!/bin/sh
# Memory more than 2 TiB apart: each node has a window of its own, and nobody verifies outside his.
# machine: --sparse --far --cores 2
# check: harsh
# timeout: 120
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh
. /rmpopt/parts/lab.sh

settled() { at_rest && [ "$(list_size "$(get cores)")" = "$1" ] && get_is optimized "$2" && [ "$(machinectl truth)" = "0 0 $1" ] && at_rest; }
base() { machinectl rdmsr "$1" 0xc0010139; }

is "$(grep -c '^300[08]0000000-.* : System RAM' /proc/iomem)" 2 "there is memory at 3 TiB"
ok "the module loads" load watch_ms=0 audit_ms=0
wait_state ready
# Region 1 holds the RMP.
wait_for 'settled 4 0,1024-1025,3072-3075' 20 "all is optimized"
is "$(get covered)" 0-1,1024-1025,3072-3075 "what the RST covers"
is "$(get regions_uncovered)" 0 "all of it is in some window"
is "$(base 0) $(base 1)" "0x1 0x1" "node 0 looks at the first 2 TiB"
is "$(base 2) $(base 3)" "0x10100000001 0x10100000001" "node 1 at the last 2 TiB, where most of its own memory is"
is "$(dmesg | grep -c 'rmpopt: the RMPOPT_BASE of CPU 2.* by kexec')" 1 "the log warns of kexec, once"
like "$(get leaders)" '^[01],[23]$' "each has a leader"
is "$(count verifies_leader)" 8 "which verify each region once"
is "$(count verifies_follower)" 7 "one core of each node follows"
is "$(machinectl table 0)" 0,1024-1025 "a core of node 0 has what is in its window"
is "$(machinectl table 3)" 3072-3075 "a core of node 1 the others"

is "$(read_table)" "0 0 4 0,1024-1025
1 0 4 0,1024-1025
2 1028 4 3072-3075
3 1028 4 3072-3075" "debugfs table says the same"

ok "a guest takes a page at 3 TiB" machinectl assign $((3073 * 0x40000 + 5)) 7 4k
machinectl reset
ok "a scan" scan now
ok "is told of it" settled 4 0,1024-1025,3072,3074-3075
is $(($(machinectl count verifies 0) + $(machinectl count verifies 1))) 1 "node 0 does nothing for it but retry region 1"
ok "it comes back" machinectl release $((3073 * 0x40000 + 5)) 4k
ok "a scan" scan now
ok "regains it" settled 4 0,1024-1025,3072-3075

ok "a core of node 1 goes offline" offline 3
wait_for 'settled 3 0,1024-1025,3072-3075' 20 "the others have what they had"
before=$(count verifies_catchup)
ok "and comes back" online 3
wait_for 'settled 4 0,1024-1025,3072-3075' 20 "it catches up"
is $(($(count verifies_catchup) - before)) 4 "with what is in its window"
is "$(base 3)" 0x10100000001 "which is node 1's"

for cpu in 2 3; do
	ok "CPU $cpu goes offline" offline $cpu
done
wait_for 'settled 2 0,1024-1025' 20 "without node 1 nobody looks at 3 TiB"
for cpu in 2 3; do
	ok "CPU $cpu comes back" online $cpu
done
wait_for 'settled 4 0,1024-1025,3072-3075' 20 "all is optimized again"
ok "unload" unload

for cpu in 2 3; do
	ok "CPU $cpu goes offline" offline $cpu
done
ok "the module loads without node 1" load watch_ms=0 audit_ms=0
wait_state ready
wait_for 'settled 2 0,1024-1025' 20 "node 0 looks after what is in its window"
is "$(get regions_uncovered)" 4 "which is no core's window at 3 TiB"
for cpu in 2 3; do
	ok "CPU $cpu comes" online $cpu
done
wait_for 'settled 4 0,1024-1025,3072-3075' 20 "and looks after its memory"
is "$(get regions_uncovered)" 0 "all of it is in some window"
is "$(base 2) $(base 3)" "0x10100000001 0x10100000001" "through that window"
is "$(machinectl count outside)" 0 "no RMPOPT outside a window"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
is "$(machinectl count faults)" 0 "no fault"
arms_as_rmpopt
done_testing
