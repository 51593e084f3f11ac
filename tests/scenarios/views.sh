#!/bin/sh
# debugfs: each file shows what the machine has, and disturbs only whom it is asked about.
# machine: --cores 4
# check: kind
# timeout: 120
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

views=/sys/kernel/debug/rmpopt

# records FILE [REGEX] - its lines but the first one
records() { sed 1d "$views/$1" | grep -E "${2-.}"; }
# sum FILE REGEX COLUMN
sum() { records "$1" "$2" | awk "{ n += \$$3 } END { print n + 0 }"; }
# What table has to show, by the machine.
planted_table() {
	local cpu
	for cpu in $(all_cpus); do echo "$cpu 0 8 $(machinectl table "$cpu")"; done
}
# first_bytes FILE N - in reads of one byte, so that it is shown record by record
first_bytes() { dd if="$views/$1" bs=1 count="$2" 2>/dev/null; }

nok "before the module there is nothing" test -e "$views"
ok "the module loads" load watch_ms=0 audit_ms=0
wait_state ready
wait_for 'settled 7' 20 "all is optimized"
is "$(cd "$views" && stat -c '%n %a' ./* | cut -c 3- | tr '\n' ' ')" \
	"$(for f in cores 400 latency 400 rmp 400 rmp_region 600 segments 400 table 400 windows 400; do printf '%s ' $f; done)" \
	"files and modes"

# table
is "$(head -n 1 "$views/table")" "# cpu base regions set" "table: columns"
executed=$(executed)
# whole_table - sets $table and the machine's counters to a reading of it; again, if a core did not answer in time
whole_table() {
	for _ in 1 2 3 4 5; do
		machinectl reset
		table=$(records table)
		case $table in *' - - -'*) ;; *) break ;; esac
	done
}
whole_table
is "$table" "$(planted_table)" "it is what the machine has"
is "$(machinectl count reports)" 32 "one report for each region and core"
is "$(machinectl count verifies)" 0 "no verify"
is "$(machinectl count secondary)" 0 "on the cores' primaries"
cmp_ok "$(machinectl count irqs-off)" '==' 32 "in interruptions"
is "$(executed)" "$executed" "the statistics don't count what is done for a reader"
machinectl reset
is "$(first_bytes table 30 | sed -n 2p | cut -c 1-5)" "0 0 8" "one line is read"
is "$(machinectl count reports 0)" 8 "core 0 is asked"
is "$(machinectl count reports)" 8 "and nobody else"
ok "core 1 loses its table by itself" machinectl lose 1
whole_table
is "$(echo "$table" | grep '^1 ')" "1 0 8 -" "no bit is -"
is "$table" "$(planted_table | sed 's/ $/ -/')" "and the others as they are"
ok "a full scan mends it" scan_whole full
ok "all is optimized" settled 7
executed=$(executed)
machinectl faulty 2 ud
is "$(records table '^2 ')" "2 - - -" "a core that faults is not read"
machinectl faulty 2 gp
is "$(records table '^2 ')" "2 - - -" "however it faults"
machinectl faulty 2 none
is "$(read_table)" "$(planted_table)" "it works again"
is "$(executed)" "$executed" "these faults are not counted either"
ok "a scan after that" scan_whole now 30 "machinectl reset"
is "$(machinectl count verifies)" 1 "beliefs are what they were: only the failed region is verified"
ok "a CPU goes offline" offline 3
wait_for 'get_is cores 0-2' 20
is "$(records table | cut -d ' ' -f 1 | tr '\n' ' ')" "0 1 2 " "and is not shown"
is "$(records cores | cut -d ' ' -f 1 | tr '\n' ' ')" "0 1 2 " "nor in cores"
ok "and comes back" online 3
wait_for 'settled 7' 20 "and catches up"

# A core that does not answer. This script is on the leader's CPU: nothing but the held RMPOPT is on a CPU that is held.
leader=$(get leaders)
core=$([ "$leader" = 3 ] && echo 2 || echo 3)
ok "on the leader's CPU" taskset -pc "$leader" $$ >/dev/null
# hold_reader - somebody reads table, and the core is held
hold_reader() {
	rm -f /tmp/read
	machinectl event 1 gate "$core"
	(records table >/tmp/reading; mv /tmp/reading /tmp/read) &
	reader=$!
	ok "the core is held in a report" machinectl wait-gate --timeout 10
}
# read_is_true - has the reader been to all cores, and is what it has read what the machine has? Who does not answer for
# two seconds is not read: on a busy machine that may be any of them, but not all.
read_is_true() {
	local answered
	answered=$(grep -v ' - - -$' /tmp/read)
	is "$(wc -l </tmp/read)" 4 "the reader has been to all cores"
	isnt "$answered" "" "and has read tables"
	is "$(planted_table | grep -cFx "$answered")" "$(echo "$answered" | wc -l)" "which are what the machine has"
}
hold_reader
wait $reader
is "$(grep "^$core " /tmp/read)" "$core - - -" "a reader goes on without it"
read_is_true
is "$(records table "^$core ")" "$core - - -" "so does the next one"
machinectl open
wait_for '[ "$(records table)" = "$(planted_table)" ]' 10 "it answers again"

# held_awhile - a reader, and the core held for 100 ms, which with duty=5 means a rest of two seconds, of which one is
# had; sets $opened: when it was let go. A reader goes on without a core that needs two seconds, as on a busy machine
# it may: once more then.
held_awhile() {
	local begin
	for _ in 1 2 3 4 5; do
		begin=$(uptime_ms)
		hold_reader
		wait_for '[ "$(uptime_ms)" -ge '$(($(uptime_ms) + 100))' ]' 10
		opened=$(uptime_ms)
		machinectl open
		[ $(($(uptime_ms) - begin)) -ge 1500 ] || return
		wait $reader
	done
}
put tune/slice_us 10
held_awhile
ok "a full scan" scan full
cmp_ok $(($(uptime_ms) - opened)) '>=' 990 "waits until the core has had its rest"
wait $reader
read_is_true
held_awhile
wait $reader
cmp_ok $(($(uptime_ms) - opened)) '>=' 990 "a reader has to wait for it, too"
put tune/slice_us 50
ok "on any CPU" taskset -p ff $$ >/dev/null

# rmp
is "$(head -n 1 "$views/rmp")" "# region whole partial firmware asids" "rmp: columns"
is "$(records rmp | grep -v '^5 ' | cut -d ' ' -f 2- | sort -u)" "0 0 0 -" "nothing is assigned but in region 5"
base=$((2 * 0x40000))
ok "a guest has 2 MiB of region 2" machinectl assign $((base + 512)) 3 2m
ok "another one the first page of a block" machinectl assign $((base + 1024)) 4 4k
ok "another one a page in the middle" machinectl assign $((base + 2048 + 77)) 5 4k
ok "and the last page of a block" machinectl assign $((base + 0x3ffff)) 900 4k
ok "which is shared by a third" machinectl assign $((base + 0x3fffe)) 901 4k
ok "firmware has a page of region 3" machinectl assign $((3 * 0x40000 + 511)) 0 4k
ok "firmware has 2 MiB of it" machinectl assign $((3 * 0x40000 + 512)) 0 2m
machinectl reset
is "$(records rmp '^2 ')" "2 1 3 0 3-5,901" "blocks, and the first owner of each"
is "$(records rmp '^3 ')" "3 1 1 2 -" "firmware is told apart"
is "$(get optimizable)" "0-1,4,6-7" "optimizable: all but these two and the RMP's own"
cmp_ok "$(machinectl count rmpreads)" '>=' $((2 * 8 * 512)) "one RMPREAD for each block"
cmp_ok "$(machinectl count rmpreads)" '<=' $((3 * (8 * 512 + 1200 * 4 + 20480))) "and few more"
is "$(machinectl count reports) $(machinectl count verifies)" "0 0" "no RMPOPT"
for region in 0 1 2 3 4 5 6 7; do
	echo $region >"$views/rmp_region"
	is "$(sum rmp_region . 4)" "$(machinectl pages $region | cut -d ' ' -f 1)" "rmp_region $region: as many pages as the machine has"
done
echo 2 >"$views/rmp_region"
is "$(tr '\n' ' ' <"$views/rmp_region")" "# region asid kind pages 2 3 guest 512 2 4 guest 1 2 5 guest 1 2 900 guest 1 2 901 guest 1 " "exactly, by owner"
echo 3 >"$views/rmp_region"
is "$(records rmp_region)" "3 0 firmware 513" "firmware, too"
exec 4<>"$views/rmp_region"
for region in 2 3 2; do
	filectl to 4 $region >/dev/null
	is "$(sed 1d <&4 | cut -d ' ' -f 1 | sort -u)" $region "the same descriptor, asked for region $region, answers"
done
filectl to 4 3 >/dev/null
ok "firmware gives a page back" machinectl release $((3 * 0x40000 + 511)) 4k
filectl to 4 3 >/dev/null
is "$(sed 1d <&4)" "3 0 firmware 512" "each answer is new"
exec 4<&-
ok "firmware takes it again" machinectl assign $((3 * 0x40000 + 511)) 0 4k
is "$(filectl write "$views/rmp_region" 8)" EINVAL "a region that is not covered"
is "$(filectl write "$views/rmp_region" x)" EINVAL "no number"
is "$(filectl write "$views/rmp_region" '')" EINVAL "nothing"
is "$(records rmp_region)" "3 0 firmware 513" "change nothing"

# segments, windows, cores, latency
is "$(tr '\n' ' ' <"$views/segments")" "# segment first regions rmp_spa node 0 0 8 0x170100000 0 " "segments"
ok "a scan" scan_whole full
is "$(tr '\n' ' ' <"$views/windows")" "# node base leader regions optimized cores 0 0 $(get leaders) 8 5 4 " "windows"
is "$(head -n 1 "$views/cores")" "# cpu node base role owes error slices worst_slice_ns" "cores: columns"
is "$(records cores leader | cut -d ' ' -f 1-6)" "$(get leaders) 0 0 leader 0 0" "the leader"
is "$(records cores | grep -c ' follower 0 0 ')" 3 "three followers"
is "$(sum cores . 7)" "$(count slices)" "slices as in the statistics"
is "$(records cores | cut -d ' ' -f 8 | sort -n | tail -n 1)" "$(count worst_slice_ns)" "and the worst one"
is "$(sum latency leader_verify 3)" "$(count verifies_leader)" "latency: one entry for each verify of a leader"
is "$(sum latency follower_verify 3)" "$(($(count verifies_follower) + $(count verifies_catchup)))" "of a follower"
is "$(sum latency '^report' 3)" "$(count reports)" "for each report of the module"
is "$(records latency | awk '{ n = $2; while (n > 1 && n % 2 == 0) n /= 2; if (n > 1) bad++ } END { print (NR > 3), bad + 0 }')" "1 0" "from powers of 2"

# Not in service: no lies.
machinectl faulty 3 ud
# At once, as it is tried again after a second or more.
left_out() {
	get_is cores 0-2 && records cores '^3 0 - out 0 -14 ' >/dev/null && [ "$(records table '^3 ')" = "3 - - -" ]
}
wait_for '{ left_out || scan full; } && left_out' 20 "a core that fails is left out: cores says why, and it is not read"
machinectl faulty 3 none
put enabled 0
wait_state stopped
machinectl reset
is "$(records table | tr '\n' ' ')" "0 - - - 1 - - - 2 - - - 3 - - - " "stopped: no core has a table"
is "$(machinectl count reports) $(machinectl count faults)" "0 0" "nobody was asked"
is "$(records cores | cut -d ' ' -f 3-5 | sort -u)" "- out 0" "nobody takes part"
is "$(records windows | cut -d ' ' -f 3-)" "- 8 0 0" "nothing is optimized"
machinectl snp disable >/dev/null
if [ "$(profile)" = harsh ]; then
	is "$(records rmp | sed 's/^[0-7] //' | sort -u)" "- - - error:-14" "an RMPREAD that faults is shown"
	is "$(records rmp_region)" "3 - error:-14 -" "here, too"
else
	is "$(records rmp '^4 ')" "4 0 0 0 -" "the RMP is read without SnpEn"
fi
machinectl snp enable >/dev/null
machinectl snp init >/dev/null
put enabled 1
wait_state ready

# Unload, readers.
exec 4<"$views/table"
nok "an open file holds the module" unload 2>/dev/null
ok "which does not mind" state_among ready scanning
exec 4<&-
readers=
for _ in 1 2 3 4; do
	(cd "$views" && while :; do cat cores latency rmp rmp_region segments table windows; done >/dev/null 2>&1) &
	readers="$readers $!"
done
for cpu in 1 2 3 1 2 3; do
	offline $cpu
	scan full
	online $cpu
done
# A zombie can be killed, too.
is "$(for reader in $readers; do cat "/proc/$reader/stat"; done | grep -c ') [RSD] ')" 4 "all readers are still there"
# shellcheck disable=SC2086 # a list
kill $readers
wait
wait_for '[ "$(machinectl truth | cut -d " " -f 1-2)" = "0 0" ] && at_rest' 30 "four readers, passes and hotplug at once"
wait_for unload 10 "unload, as soon as nobody reads"
nok "nothing is left" test -e "$views"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
done_testing
