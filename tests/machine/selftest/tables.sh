# shellcheck shell=dash source=lib.sh
# Two cores of two threads: tables, windows, conversions, counters, gate.
. /selftest/lib.sh

cpu=/sys/devices/system/cpu
is "$(cat $cpu/cpu0/topology/thread_siblings_list) $(cat $cpu/cpu3/topology/thread_siblings_list)" "0-1 2-3" "the kernel sees two cores of two threads"
is "$(machinectl snp)" "4 1" "SNP is preset on all CPUs"

machinectl fresh kind
does fault report 0 0 -- "RMPOPT with RMPOPT_EN clear is #UD, and an exception-table entry catches it"
does 0 base 1 1 -- "RMPOPT_BASE can be written by the second thread"
does 1 verify 0 0 -- "a verify of a hypervisor-owned region succeeds on the first thread"
does 1 report 1 0 -- "the sibling sees the bit: the table is the core's"
does fault report 2 0 -- "the other core is not armed"
does 0 base 2 1 -- "now it is"
does 0 report 2 0 -- "its table is its own, and empty"
does 0 verify 0 5 -- "the region of the RMP itself is never optimized"
does 0 verify 0 8 -- "nor is a region that the RMP doesn't cover"
is "$(machinectl table 0)/$(machinectl table 2)" "0/" "tables by the control leaf"

for profile in kind harsh; do
	machinectl fresh "$profile"
	do_it base 0 1 >/dev/null
	do_it base 2 1 >/dev/null
	do_it verify 0 4 >/dev/null
	does 1 verify 2 4 -- "$profile: both cores have region 4"
	does 0 private "$page" 7 1 -- "$profile: the kernel makes a page private"
	is "$(do_it report 0 4)$(do_it report 2 4)" "00" "$profile: RMPUPDATE has cleared both bits"
	is "$(machinectl pages 4)" "1 7 $page" "$profile: the page belongs to ASID 7"
	does 0 verify 0 4 -- "$profile: a verify finds it"
	is "$(do_it rmpread "$page")" "0x0 1 0 0 7" "$profile: RMPREAD finds it"
	is "$(do_it rmpread 0x13fe00)" "0x0 0 2 0 0" "$profile: RMPREAD of its 2 MiB page says that another page of it is assigned"
	does 0 shared "$page" 1 -- "$profile: the kernel takes it back"
	does 1 verify 0 4 -- "$profile: optimized again"
	does 0 private 0x13fc00 9 2 -- "$profile: 2 MiB go to a guest"
	is "$(do_it rmpread 0x13fc01)" "0x1000 1 1 0 9" "$profile: RMPREAD of a page in it"
	does 0 smash 0x13fc00 -- "$profile: PSMASH"
	is "$(do_it rmpread 0x13fc01)" "0x1000 1 0 0 9" "$profile: now 4 KiB pages"
	is "$(machinectl pages 4)" "512 9 0x13fc00" "$profile: 512 of them"
	is "$(count unsafe)" 0 "$profile: never a bit over an assigned page"
done

machinectl fresh kind
do_it base 0 1 >/dev/null
do_it verify 0 0 >/dev/null
does 0 carry 0 10000 -- "20,000 reports under timer interrupts get CF right"
does 0 flags 0 20000 -- "and RMPOPTs leave the other flags as they are"
machinectl reset
does 1 slice 0 7 -- "seven verifies in one interruption"
is "$(count interruptions 0) $(count longest-run 0) $(count irqs-off 0) $(count verifies)" "1 7 7 7" "and the machine saw one stretch of seven"
does 1 verify 1 0 -- "a verify on a second thread"
is "$(count secondary)" 1 "is counted"
is "$(count paid) $(count cached)" "0 8" "scans of an unchanged region are cached"

machinectl reset
do_it verify 0 4 >/dev/null
do_it private "$page" 7 1 >/dev/null
do_it shared "$page" 1 >/dev/null
do_it verify 0 4 >/dev/null
is "$(count paid) $(count cached)" "2 0" "a conversion makes the cached result void"

machinectl event 2 ud
does 1 report 0 0 -- "the RMPOPT before an event"
does fault report 0 0 -- "the event: #UD"
does 1 report 0 0 -- "the one behind it"
machinectl faulty 1 gp
does fault report 0 0 -- "a faulty core gets #GP, which is caught"
machinectl faulty 1 none
machinectl event 1 assign 0x100
does 0 report 0 0 -- "a page is assigned just before a report"

machinectl fresh kind
do_it base 2 1 >/dev/null
machinectl event 1 gate
do_it hold 2 0 >/dev/null
machinectl wait-gate --timeout 10
is "$?" 0 "an RMPOPT is held at the gate"
ticks() { awk '$1 == "LOC:" { print $4 }' /proc/interrupts; }
before=$(ticks)
more_ticks() { [ "$(ticks)" -gt "$before" ]; }
comes more_ticks "its CPU takes interrupts"
does 1 held -- "and it stays there"
is "$(machinectl events)" "0 1" "the control leaf knows"
machinectl open
let_go() { [ "$(do_it held)" = 0 ]; }
comes let_go "until the gate is opened"
does 1 report 2 0 -- "then it has done its work"
machinectl event 1 gate 2
do_it base 0 1 >/dev/null
does 1 verify 0 0 -- "a gate for one core lets the others pass"
is "$(machinectl events)" "1 0" "and waits"
do_it hold 2 0 >/dev/null
machinectl wait-gate --timeout 10
is "$?" 0 "for the RMPOPT of that core"
machinectl event 1 gate 2
machinectl open step
is "$(machinectl events)" "1 0" "who is held can be let go up to the next gate"
do_it hold 2 0 >/dev/null
machinectl wait-gate --timeout 10
machinectl open 0
is "$(machinectl events)" "0 1" "not by opening that of another core"
machinectl open 2
is "$(machinectl events)" "0 0" "but by its own"
machinectl open
is "$(machinectl events)" "0 0" "or for good"
