#!/bin/sh
# 8 TiB of RMP: lists are whole, however long; every file works and memory is not eaten.
# machine: --cores 2 --regions 8192
# profiles: kind
# timeout: 300
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

views=/sys/kernel/debug/rmpopt
free_kib() { awk '/^MemAvailable/ { print $2 }' /proc/meminfo; }

# A guest in every second region of the window: the longest list that there is.
ok "guests take pages" regions assign 1 2 2047
wanted=$(seq -s , 0 2 2046)
before=$(free_kib)
ok "the module loads" load duty=100 watch_ms=0 audit_ms=0
wait_state ready 60
wait_for had_pass 100 "the first pass"
cmp_ok $((before - $(free_kib))) '<' 16384 "it takes less than 16 MiB"
is "$(get regions_covered) $(get regions_uncovered)" "8192 6144" "8192 regions, of which a window holds 2048"
is "$(get covered)" 0-8191 "covered"
cmp_ok "${#wanted}" '>' 4096 "a list longer than a page"
is "$(get optimized)" "$wanted" "optimized is whole"
is "$(dd if=$rmpopt/optimized bs=7 2>/dev/null)" "$wanted" "read in pieces of 7 bytes as well"
is "$(dd if=$rmpopt/optimized bs=1 skip=4090 count=20 2>/dev/null)" "$(printf '%s' "$wanted" | cut -c 4091-4110)" "and from the middle"
is "$(read_table | head -n 1)" "0 0 2048 $wanted" "table shows the same"
machinectl reset
is "$(sed 1d "$views/table" | wc -l)" 2 "a line for each core"
is "$(machinectl count reports)" 4096 "though the lines don't fit in a buffer, each core is asked once"
is "$(sed 1d "$views/windows")" "0 0 $(get leaders) 2048 1024 2" "windows"
start=$(uptime_ms)
is "$(sed 1d "$views/rmp" | awk '$3 >= 1 && $5 == 1 + $1 % 900' | wc -l)" 1024 "rmp shows every guest's page"
diag "8192 regions by RMPREAD took $(($(uptime_ms) - start)) ms"
cat "$views/rmp" >/tmp/part & reader=$!
wait_for 'ls -l /proc/$reader/fd 2>/dev/null | grep -q "$views/rmp"' 20
kill -TERM $reader
wait $reader
cmp_ok "$(wc -l </tmp/part)" '<' 8193 "a reader of it can be ended before it has all"
# begin_to_read FILE TIMES - without a process, which would take longer than that. A slab has 8 KiB for this list.
# shellcheck disable=SC3045 # the guest's shell knows -n
begin_to_read() { for _ in $(seq "$2"); do read -r -n 1 _ <"$rmpopt/$1"; done; }
# readers_of_cores N - each begins while the files of those before are open
readers_of_cores() {
	[ "$1" = 0 ] || {
		# shellcheck disable=SC3045 # the guest's shell knows -n
		read -r -n 1 _
		readers_of_cores $(($1 - 1))
	} <$rmpopt/cores
}
slab_kib() { awk '/^SUnreclaim/ { print $2 }' /proc/meminfo; }
begin_to_read optimized 20
before=$(slab_kib)
begin_to_read optimized 1000
after=$(slab_kib)
diag "a thousand readers of optimized that leave early: $((after - before)) KiB"
# KASAN keeps for a while what is freed; where it runs, kmemleak says what is not.
[ -e /sys/kernel/debug/kmemleak ] || cmp_ok $((after - before)) '<' 4096 "their lists are freed"
exec 4<$rmpopt/optimized
part=$(dd bs=4096 count=1 <&4 2>/dev/null)
# Lists that all may read are kept apart from those for root.
readers_of_cores 20
ok "in the middle of reading the list changes" put enabled 0
wait_state stopped
is "$(get optimized)" "" "for others"
is "$part$(cat <&4)" "$wanted" "who reads it gets the one that he has begun, however many read cores meanwhile"
exec 4<&-
# More of them than are kept apart.
for _ in 1 2 3 4 5 6 7 8 9; do
	dd if=$rmpopt/covered bs=2 count=1 2>/dev/null
done >/dev/null
is "$(get covered)" 0-8191 "readers that leave early hurt nobody"
# Some four million RMPREADs.
machinectl reset
cat $rmpopt/optimizable >/tmp/part 2>/dev/null & reader=$!
wait_for '[ "$(machinectl count rmpreads)" -ge 1000 ]' 20 "somebody reads optimizable"
ok "unload" unload
wait $reader
nok "does not wait for him to come to the end: he gets nothing" [ -s /tmp/part ]
rm -f /tmp/part
done_testing
