# shellcheck shell=dash source=lib.sh
# Regions that fault, and RMPREADs that don't answer. Two cores of two threads.
. /selftest/lib.sh

# both_are REPORT-ON-CPU-0 REPORT-ON-CPU-2 REGION TEXT
both_are() { is "$(do_it report 0 "$3") $(do_it report 2 "$3")" "$1 $2" "$4"; }

for profile in kind harsh; do
	machinectl fresh "$profile"
	do_it base 0 1 >/dev/null
	do_it base 2 1 >/dev/null
	machinectl fault-region 1 gp
	machinectl fault-region 4 ud
	both_are fault fault 1 "$profile: RMPOPT of a region is #GP on all cores"
	both_are fault fault 4 "$profile: of another one #UD"
	both_are 0 0 0 "$profile: the one between works"
	does fault verify 0 1 -- "$profile: so is a verify"
	does 1 verify 0 0 -- "$profile: and of the one between not"
	is "$(machinectl region-faults 1) $(machinectl region-faults 4) $(machinectl region-faults 0)" "3 2 0" "$profile: each region's faults are counted"
	is "$(count faults)" 5 "$profile: and all of them"
	machinectl fault-region 4 off
	both_are 0 0 4 "$profile: the one works again"
	both_are fault fault 1 "$profile: the other doesn't"
	machinectl fault-region 1 off
	machinectl fault-region 1 gp 3
	both_are 0 fault 1 "$profile: a fault on one core only, named by its second thread"
	machinectl fault-region 1 gp
	machinectl fault-region 1 off 2
	both_are fault fault 1 "$profile: a fault on all cores is not ended on one"
	machinectl fault-region 1 off
	both_are 0 0 1 "$profile: but on all"
	is "$(machinectl region-faults 1) $(machinectl region-faults 4)" "8 2" "$profile: counts last"
	for region in $(seq 1000 1255); do
		machinectl fault-region "$region" ud
	done
	is "$(machinectl fault-region 1256 ud 2>&1)" "machinectl: the machine refuses: No space left on device" "$profile: there may be 256 such regions"
	is "$(do_it verify 0 1000) $(do_it verify 2 1255) $(do_it verify 0 999)" "fault fault 0" "$profile: the first, the last, and one before"
	machinectl reset
	is "$(machinectl region-faults 1) $(machinectl region-faults 1255)" "0 0" "$profile: reset counts anew"
	does fault verify 0 1255 -- "$profile: but leaves the faults"

	machinectl rmpread-busy 3
	is "$(for _ in 1 2 3 4 5 6; do do_it rmpread 0x170000 | cut -d ' ' -f 1,2; done | paste -sd ' ')" \
		"0x0 1 0x0 1 error 3 0x0 1 0x0 1 error 3" "$profile: every third RMPREAD answers \"in use\""
	machinectl rmpread-busy 2
	does 0 private "$page" 7 1 -- "$profile: a page is assigned"
	is "$(for _ in 1 2 3 4; do do_it lookup "$page"; done | paste -sd ' ')" "1 1 1 1" "$profile: the kernel's own RMPREADs are answered"
	machinectl rmpread-busy 1
	does "error 3" rmpread "$page" -- "$profile: every single RMPREAD answers \"in use\""
	machinectl rmpread-busy 0
	does "0x0 1 0 0 7" rmpread "$page" -- "$profile: none does"

	machinectl rmpread-busy 2
	machinectl fresh "$profile"
	is "$(machinectl rmpread-busy) $(machinectl region-faults 1255)" "0 0" "$profile: fresh forgets all that"
	do_it base 0 1 >/dev/null
	does 0 verify 0 1255 -- "$profile: and the faults"
done
