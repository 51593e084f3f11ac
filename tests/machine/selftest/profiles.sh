# shellcheck shell=dash source=lib.sh
# What the public facts leave open, in both answers. Two cores of two threads.
. /selftest/lib.sh

both() {
	do_it base 0 1 >/dev/null
	do_it base 2 1 >/dev/null
	do_it verify 0 1 >/dev/null
	do_it verify 2 1 >/dev/null
}

machinectl fresh kind
both
does 1 verify 0 0x40001000 -- "kind: an unaligned address is rounded down"
does 0 verify 0 2048 -- "kind: outside the window CF is 0"
is "$(count outside)" 2 "kind: both are counted"
does 0 base 0 1 -- "kind: the same base again"
does 1 report 0 1 -- "kind: the table has survived it"
does 0 base 0 0x100000001 -- "kind: another base"
does 0 report 0 4 -- "kind: an empty table"
does 1 verify 0 4 -- "kind: the window begins at the base"
does 0 report 0 1 -- "kind: and has nothing below it"
machinectl snp disable >/dev/null
does fault verify 2 1 -- "kind: after a shutdown of SNP RMPOPT is #UD"
is "$(machinectl rdmsr 2 0xc0010139)" 0 "kind: and RMPOPT_EN reads 0"
does 0 base 2 1 -- "kind: RMPOPT_EN without SnpEn"
is "$(machinectl rdmsr 2 0xc0010139)" 0 "kind: is ignored"
is "$(do_it rmpread 0x170000)" "0x0 0 0 0 0" "kind: RMPREAD works without SNP and finds nothing assigned"

machinectl fresh harsh
both
does fault verify 0 0x40001000 -- "harsh: an unaligned address is #GP"
does fault verify 0 2048 -- "harsh: so is one outside the window"
is "$(count outside) $(count faults)" "2 2" "harsh: both are counted"
does 1 report 0 1 -- "harsh: the bit is there"
does 0 base 0 1 -- "harsh: the same base again"
does 0 report 0 1 -- "harsh: the table is gone"
does -5 base 0 2 -- "harsh: reserved bits are #GP"
machinectl snp disable >/dev/null
does fault report 2 1 -- "harsh: after a shutdown of SNP RMPOPT is #UD"
is "$(machinectl rdmsr 2 0xc0010139)" 0 "harsh: and RMPOPT_EN reads 0"
does -5 base 2 1 -- "harsh: RMPOPT_EN without SnpEn is #GP"
does fault rmpread 0x170000 -- "harsh: RMPREAD without SNP is #UD"

for profile in kind harsh; do
	machinectl fresh "$profile"
	both
	online 3 0
	online 3 1
	does 1 report 2 1 -- "$profile: a thread of a core was offline, the table is there"
	online 3 0
	online 2 0
	online 2 1
	online 3 1
	left=1
	[ "$profile" = kind ] || left=0
	does "$left" report 2 1 -- "$profile: both were offline, the bit is $left"
	is "$(machinectl rdmsr 3 0xc0010139)" 0x1 "$profile: RMPOPT_EN is as it was"
	does 1 report 0 1 -- "$profile: the other core has lost nothing"
done

# in_between TRIES - has one core lost the bit and the other not yet? Until it is seen.
in_between() {
	machinectl fresh "$profile"
	both
	for _ in $(seq "$1"); do
		do_it verify 0 4 >/dev/null
		do_it verify 2 4 >/dev/null
		[ "$(do_it race 0 2 "$page")" = 0 ] || { echo sometimes; return; }
		do_it shared "$page" 1 >/dev/null
	done
	echo never
}
profile=kind
is "$(in_between 10)" never "kind: never has one core lost the bit and the other not yet"
# A CPU may get no time on the host just then.
profile=harsh
is "$(in_between 1000)" sometimes "harsh: sometimes it has"

# Harsh: the broadcast reaches core after core, but RMPUPDATE ends behind the last.
machinectl fresh harsh
both
bad=0
for _ in $(seq 20); do
	do_it verify 0 4 >/dev/null
	do_it verify 2 4 >/dev/null
	do_it private "$page" 3 1 >/dev/null
	[ "$(do_it report 0 4)$(do_it report 2 4)" = 00 ] || bad=$((bad + 1))
	do_it shared "$page" 1 >/dev/null
done
is "$bad $(count unsafe)" "0 0" "harsh: 20 conversions, every bit clear when RMPUPDATE is done"
is "$(count lost)" 40 "harsh: each core lost its bit each time"
