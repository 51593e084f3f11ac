# shellcheck shell=dash source=lib.sh
# Every answer to every question that the public facts leave open. Two cores of two threads, RAM in
# regions 0, 1 and 4 to 7; region 5 holds the RMP, which covers regions 0 to 7.
. /selftest/lib.sh

gib=0x40000000
region4=0x100000000
region2050=0x20080000000	# 4 + 2046
rmp_page=0x170000000
hole=0x80000000

# begin QUESTION VALUE - a fresh machine, cores armed at 0, their bits of region 4 set
begin() {
	machinectl fresh kind
	question=$1 value=$2
	machinectl answer "$question" "$value"
	do_it base 0 1 >/dev/null
	do_it base 2 1 >/dev/null
	do_it verify 0 4 >/dev/null
	do_it verify 2 4 >/dev/null
}

# gives WANTED OPERATION ARGUMENT... - under the answer that was set
gives() {
	wanted=$1
	shift
	is "$(do_it "$@")" "$wanted" "$question $value: $* gives $wanted"
}

# The table itself: what both profiles say, and what fresh makes of it.
kind='disarmed ud report-first cf0 rax-unaligned rounded rax-upper cf0 rax-below cf0 rax-above cf0 rax-beyond-rmp cf0 rax-hole cf1 rcx-2 verify rcx-3 report rcx-upper ignored en-clear ignored other-base taken-emptied same-base kept sibling shared cache-success until-conversion cache-failure none failure-cost early idle kept offline-thread kept offline-core kept rmpread-own assigned rmpread-mmio unassigned rmpread-unaligned rounded loss at-once'
harsh='disarmed ud report-first cf0 rax-unaligned gp rax-upper gp rax-below gp rax-above gp rax-beyond-rmp cf0 rax-hole cf1 rcx-2 gp rcx-3 gp rcx-upper gp en-clear gp other-base gp same-base emptied sibling shared cache-success until-conversion cache-failure none failure-cost early idle kept offline-thread kept offline-core emptied rmpread-own assigned rmpread-mmio unassigned rmpread-unaligned rounded loss before-return'
all() { machinectl answers | paste -sd ' '; }
machinectl fresh kind
is "$(all)" "$kind" "kind: all answers"
machinectl answer cache-success 250
machinectl answer rmpread-own code-7
machinectl answer loss late
is "$(machinectl answer cache-success) $(machinectl answer rmpread-own) $(machinectl answer loss)" "250 code-7 late" "answers with and without a number"
machinectl fresh harsh
is "$(all)" "$harsh" "harsh: all answers, whatever was set before"
machinectl profile kind >/dev/null
is "$(all)" "$kind" "a profile is all answers at once"
machinectl clearable on
is "$(machinectl answer en-clear) $(machinectl answer other-base)" "cleared taken-emptied" "clearable is two of them"
machinectl profile harsh >/dev/null
is "$(machinectl clearable)" on "and stays when the profile is another one"
machinectl clearable off
is "$(all)" "$harsh" "without it they are the profile's"
refused="machinectl: the machine refuses: Invalid argument"
is "$(machinectl answer idle none 2>&1)/$(machinectl answer loss ud 2>&1)" "$refused/$refused" "answers that a question doesn't have"
is "$(machinectl answer cache-success 0 2>&1)/$(machinectl answer sibling 5 2>&1)" "$refused/$refused" "numbers that can't be"
is "$(machinectl answer nothing 2>&1)" "machinectl: nothing is no question; machinectl answers has them all" "no such question"
is "$(machinectl answer loss never 2>&1)" "machinectl: never is no answer" "no such answer"

for value in ud gp cf0; do
	machinectl fresh kind
	question=disarmed
	machinectl answer disarmed $value
	gives "${value#cf}" raw 0 0 1
	gives "${value#cf}" raw 0 $region4 0
done
do_it base 0 1 >/dev/null
gives 1 raw 0 0 0

begin report-first cf0
machinectl snp disable >/dev/null
machinectl snp enable >/dev/null
machinectl snp init >/dev/null
do_it base 0 1 >/dev/null
gives 0 report 0 4
begin report-first cf1
gives 1 report 2 0
gives 0 report 2 5
is "$(machinectl table 2)" 0-4,6-7 "report-first cf1: all that a verify would set"
do_it base 2 0x40000001 >/dev/null
gives 0 report 2 4

begin rax-unaligned rounded
gives 1 raw 0 0x100001000 1
begin rax-unaligned gp
gives gp raw 0 0x100001000 1
gives gp raw 0 0x100001000 0
begin rax-unaligned cf0
gives 0 raw 0 0x100001000 1
gives 0 raw 0 0x40001000 0
is "$(machinectl bit 0 1) $(machinectl bit 0 4)" "0 1 1 1 1 1" "rax-unaligned cf0: the verify has done nothing"

begin rax-upper ignored
gives 1 raw 0 0x8010000100000000 1
begin rax-upper gp
gives gp raw 0 0x8010000100000000 1
begin rax-upper cf0
gives 0 raw 0 0x8010000100000000 1
gives 1 raw 0 $region4 1

# Above: region 2052, which is 4 modulo 2048. Below: region 2, with a window from region 4 on.
for value in cf0 gp wraps; do
	want=${value#cf}
	[ $value != wraps ] || want=1
	begin rax-above $value
	gives "$want" raw 0 0x20100000000 1
	machinectl fresh kind
	question=rax-below
	machinectl answer rax-below "$value"
	machinectl answer rax-beyond-rmp cf1
	do_it base 0 0x100000001 >/dev/null
	do_it raw 0 $region2050 0 >/dev/null
	gives "$want" raw 0 $hole 1
	gives 0 raw 0 $region4 1
done

for value in cf0 cf1 gp; do
	begin rax-beyond-rmp $value
	gives "${value#cf}" raw 0 0x200000000 0
	gives 0 raw 0 0x240000000 1
	gives 1 raw 0 $gib 0
	begin rax-hole "$value"
	gives "${value#cf}" raw 0 $hole 0
	gives 1 raw 0 $gib 0
	gives 0 raw 0 0x140000000 0
	is "$(count unsafe)" 0 "rax-hole $value: nothing unsafe"
	for region in 0 1 2 3 6 7; do do_it verify 0 $region >/dev/null; do_it verify 2 $region >/dev/null; done
	is "$(machinectl truth)" "0 0 2" "rax-hole $value: tables are true when all is set that can be"
done

bit() { machinectl bit "$1" "$2" | cut -d ' ' -f 1; }

# RCX = 6 and 7, too: what counts is whether it is even.
for n in 2 3; do
	for value in verify report gp; do
		case $value in verify) want=1 ;; report) want=0 ;; *) want=gp ;; esac
		begin rcx-$n $value
		gives $want raw 0 $gib $n
		gives $want raw 0 $gib $((n + 4))
		is "$(bit 0 1)" "$([ "$value" = verify ] && echo 1 || echo 0)" "rcx-$n $value: the bit behind that"
	done
done
begin rcx-upper ignored
gives 0 raw 0 $gib 0x100000001
gives 1 raw 0 $gib 0x100000000
begin rcx-upper gp
gives gp raw 0 $gib 0x100000001
gives gp raw 0 $gib 0x100000000

base() { machinectl rdmsr 0 0xc0010139; }

begin en-clear ignored
gives 0 base 0 0x40000000
is "$(base) $(bit 0 4)" "0x1 1" "en-clear ignored: nothing has changed"
begin en-clear gp
gives -5 base 0 0
is "$(base) $(bit 0 4)" "0x1 1" "en-clear gp: nothing has changed"
begin en-clear cleared
gives 0 base 0 0
is "$(base)" 0 "en-clear cleared: it is"
gives ud raw 0 $region4 1

begin other-base taken-emptied
gives 0 base 0 0x40000001
is "$(base) $(machinectl table 0)" "0x40000001 " "other-base taken-emptied"
begin other-base taken-kept
do_it verify 0 0 >/dev/null
gives 0 base 0 0x40000001
is "$(base) $(machinectl table 0)" "0x40000001 4" "other-base taken-kept: each region keeps its bit, if it is in the window"
gives 0 base 0 1
is "$(base) $(machinectl table 0)" "0x1 4" "other-base taken-kept: and back"
begin other-base ignored
gives 0 base 0 0x40000001
is "$(base) $(machinectl table 0)" "0x1 4" "other-base ignored"
begin other-base gp
gives -5 base 0 0x40000001
is "$(base) $(machinectl table 0)" "0x1 4" "other-base gp"

begin same-base kept
gives 0 base 0 1
is "$(machinectl table 0)" 4 "same-base kept"
begin same-base emptied
gives 0 base 0 1
is "$(machinectl table 0)" "" "same-base emptied"
begin same-base gp
gives -5 base 0 1
is "$(machinectl table 0)" 4 "same-base gp"

begin sibling shared
gives 1 report 1 4
begin sibling own
gives 0 report 1 4
gives 1 report 0 4
gives 1 verify 1 1
gives 0 report 0 1
do_it private "$page" 7 1 >/dev/null
is "$(do_it report 0 4)$(do_it report 2 4)" 00 "sibling own: a conversion costs every table its bit"
do_it verify 1 0 >/dev/null
do_it verify 0 1 >/dev/null
machinectl lose 0
is "$(machinectl table 0)/$(machinectl table 1)" "/" "sibling own: a core loses both tables"

begin offline-thread kept
online 3 0
online 3 1
gives 1 report 2 4
begin offline-thread emptied
online 3 0
gives 0 report 2 4
do_it verify 2 4 >/dev/null
online 3 1
gives 1 report 2 4
gives 1 report 0 4
for value in kept emptied; do
	begin offline-core $value
	online 3 0
	is "$(bit 2 4)" 1 "offline-core $value: one thread is online"
	online 2 0
	online 2 1
	online 3 1
	gives "$([ "$value" = kept ] && echo 1 || echo 0)" report 2 4
	gives 1 report 0 4
done

begin idle kept
sleep 8
gives 1 report 2 4
begin idle emptied
gives 1 report 2 4
taskset -c 0 sh -c 'while :; do :; done' &
sleep 8
kill $!
is "$(bit 0 4)" 1 "idle emptied: not that of a core where something runs"
gives 0 report 2 4

begin rmpread-own assigned
gives "0 1" rmpread-at $rmp_page
begin rmpread-own gp
gives gp rmpread-at $rmp_page
gives "0 0" rmpread-at $hole
begin rmpread-own ud
gives ud rmpread-at $rmp_page
begin rmpread-own code-5
gives "5 0" rmpread-at 0x170100000
gives "0 0" rmpread-at 0x16ffff000
begin rmpread-mmio unassigned
gives "0 0" rmpread-at $hole
begin rmpread-mmio gp
gives gp rmpread-at $hole
gives "0 0" rmpread-at $region4
begin rmpread-mmio code-1
gives "1 0" rmpread-at 0xfffff000
begin rmpread-unaligned rounded
gives "0 1" rmpread-at $((rmp_page + 16))
begin rmpread-unaligned gp
gives gp rmpread-at $((rmp_page + 16))
begin rmpread-unaligned code-2
gives "2 0" rmpread-at $((rmp_page + 16))
gives "0 1" rmpread-at $rmp_page

# The page comes back, and the region, before each of them.
for value in at-once before-return; do
	begin loss $value
	gives 0 lag 2 "$page"
	is "$(count late)" 0 "loss $value: no bit outlives RMPUPDATE"
done
begin loss late
lag=$(do_it lag 2 "$page")
is "$([ "$lag" -gt 0 ] && [ "$lag" -lt 100000 ] && echo some)" some "loss late: so many reports still find the bit: $lag"
is "$(count late) $(count unsafe) $(machinectl truth | cut -d ' ' -f 1)" "1 0 0" "loss late: it is counted, and not as unsafe"
is "$(bit 2 4)" 0 "loss late: the bit is gone"
do_it shared "$page" 1 >/dev/null
do_it verify 2 4 >/dev/null
do_it private "$page" 7 1 >/dev/null
i=0
until [ "$(bit 2 4)" = 0 ] || [ $((i += 1)) -gt 200 ]; do usleep 100000; done
is "$(bit 2 4)" 0 "loss late: where nothing executes it goes by time"
do_it shared "$page" 1 >/dev/null
do_it verify 2 4 >/dev/null
sleep 6
is "$(bit 2 4)" 1 "loss late: what is gained when the page is back stays"

machinectl fresh kind
do_it base 0 1 >/dev/null
do_it base 2 1 >/dev/null
question=event value=lie
machinectl event 2 lie
gives 1 verify 0 4
gives 0 report 0 4
gives 1 report 0 4
machinectl event 1 lie
gives 1 verify 0 5
is "$(bit 0 5) $(count unsafe)" "0 0" "event lie: the table is not touched"
machinectl event 2 gp 2
gives 1 report 0 4
gives 0 report 2 4
gives gp raw 2 $region4 1
