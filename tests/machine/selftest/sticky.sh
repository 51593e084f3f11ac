# shellcheck shell=dash source=lib.sh
# RMPOPT_EN stays set while SnpEn is, and goes with it; or not, if a test says so. Two cores of two threads.
. /selftest/lib.sh

base_is() { is "$(machinectl rdmsr 2 0xc0010139)" "$1" "$2"; }

# begin PROFILE - as at boot, core 2 armed at 0, its bit of region 1 set
begin() {
	machinectl fresh "$1"
	machinectl clearable off
	do_it base 2 1 >/dev/null
	do_it verify 2 1 >/dev/null
	machinectl reset
}

begin kind
does 0 base 3 0 -- "kind: a write that clears RMPOPT_EN, by the other thread,"
base_is 0x1 "kind: is ignored"
does 0 base 2 0x40000000 -- "kind: so is one that clears it and has another base"
base_is 0x1 "kind: with that base"
does 1 report 2 1 -- "kind: the bit is still there"
does 0 base 2 0x40000001 -- "kind: another base"
base_is 0x40000001 "kind: is taken"
does 0 report 2 1 -- "kind: the table is empty"

begin harsh
does -5 base 3 0 -- "harsh: a write that clears RMPOPT_EN, by the other thread, is #GP"
does -5 base 2 0x40000000 -- "harsh: so is one that clears it and has another base"
does -5 base 2 0x40000001 -- "harsh: so is another base"
base_is 0x1 "harsh: RMPOPT_BASE is as it was"
does 1 report 2 1 -- "harsh: the bit is still there"
is "$(count base-writes) $(count base-writes-armed)" "3 3" "harsh: refused writes are counted"
does 0 base 2 1 -- "harsh: the same value is taken"
does 0 base 0 0 -- "harsh: a core that is not armed may be written"
does 0 base 0 0x40000001 -- "harsh: and armed"
is "$(count base-writes) $(count base-writes-armed)" "6 4" "harsh: of these writes one came to an armed core"

for profile in kind harsh; do
	begin "$profile"
	machinectl clearable on
	does 0 base 2 0x40000001 -- "$profile, clearable: another base"
	base_is 0x40000001 "$profile, clearable: is taken"
	does 0 base 2 0 -- "$profile, clearable: RMPOPT_EN is cleared"
	base_is 0 "$profile, clearable: and reads 0"
	does fault report 2 1 -- "$profile, clearable: RMPOPT is #UD"

	begin "$profile"
	machinectl snp disable >/dev/null
	base_is 0 "$profile: RMPOPT_EN goes with SnpEn"
	machinectl snp enable >/dev/null
	does fault report 2 1 -- "$profile: and does not come back with it"
	does 0 base 2 1 -- "$profile: it can be set again"
	does 0 report 2 1 -- "$profile: the table is empty"

	begin "$profile"
	machinectl en-stays on
	machinectl snp disable >/dev/null
	base_is 0x1 "$profile, en-stays: RMPOPT_EN outlives SnpEn"
	does fault report 2 1 -- "$profile, en-stays: RMPOPT is #UD all the same"
	does 0 base 2 0 -- "$profile, en-stays: without SnpEn it can be cleared"
	base_is 0 "$profile, en-stays: and reads 0"

	begin "$profile"
	machinectl base-bits 0x8000000000000006
	does 0 base 0 0x40000001 -- "$profile: a base is written"
	is "$(machinectl rdmsr 0 0xc0010139)" 0x8000000040000007 "$profile: base-bits read as 1"
	does 0 base 0 0x8000000040000007 -- "$profile: and may be written so"
	does 1 verify 0 1 -- "$profile: the core works"
	is "$(machinectl table 0)" 1 "$profile: the base is the one that was written"
	is "$(machinectl base-bits 1 2>&1)" "machinectl: the machine refuses: Invalid argument" "$profile: not those with a meaning"
	machinectl fresh "$profile"
	is "$(machinectl base-bits) $(machinectl en-stays)" "0 off" "$profile: fresh forgets all that"
done
