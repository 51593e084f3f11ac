#!/bin/sh
# rmpoptctl why finds the pages that were planted, whose they are, and says what to do.
# machine: --sparse --cores 2 --threads 2
# modules: msr
# check: harsh
# timeout: 90
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

why() { rmpoptctl why --noheadings --output "$1" ${2:+"$2"} | tr -s ' ' | sed 's/^ //; s/ $//'; }

# Regions 0, 1 (the RMP), 1024, 1025.
base=$((1024 * 0x40000))
ok "guest 7 has 2 MiB of region 1024" machinectl assign $((base + 512)) 7 2m
ok "and a page" machinectl assign $((base + 5000)) 7 4k
ok "guest 300 has a page of it" machinectl assign $((base + 0x3ffff)) 300 4k
ok "and so has firmware" machinectl assign $((base + 9000)) 0 4k
ok "the module loads" load watch_ms=0 audit_ms=0
wait_state ready
wait_for had_pass 30 "the first pass ends"

is "$(why region,state,kind,asid,pages 1024 | sort)" "1024 held firmware 0 1
1024 held guest 300 1
1024 held guest 7 513" "why 1024: exact pages of each"
out=$(rmpoptctl why 1024)
diag "$out"
like "$out" "^Region 1024 .* is not optimized" "in words"
like "$out" "guest with ASID 7: 513 pages" "the one guest"
like "$out" "guest with ASID 300: 1 page of" "and the other"
like "$out" "firmware: 1 page of" "and firmware"
like "$out" "After these guests have ended: rmpoptctl scan --wait" "and what to do"
is "$(why region,whole,partial,firmware,asids | tail -n 1)" "1024 1 3 1 7,300" "why without a region: blocks of 2 MiB"
is "$(why region,state | cut -d ' ' -f 1,2)" "1 rmp
1024 held" "and all regions that are not optimized"
like "$(rmpoptctl why 1)" "holds the RMP itself" "why 1: the RMP"
like "$(rmpoptctl why 0)" "is optimized" "why 0: nothing"

ok "guest 7 gives its pages back" machinectl release $((base + 512)) 2m
ok "all of them" machinectl release $((base + 5000)) 4k
ok "guest 300, too" machinectl release $((base + 0x3ffff)) 4k
ok "and firmware" machinectl release $((base + 9000)) 4k
like "$(rmpoptctl why 1024)" "No page prevents it now: rmpoptctl scan --wait" "then nothing is in the way"
ok "that is so" rmpoptctl scan --wait --timeout 30
like "$(rmpoptctl why 1024)" "is optimized" "why 1024: optimized"

is "$(rmpoptctl cores -n -o cpu,node,base,error | tr -s ' ' | sed 's/^ //')" \
	"$(for cpu in 0 2 4 6; do echo "$cpu $((cpu / 4)) 0 0"; done)" "cores: nodes and bases, by debugfs"
# watch: a line for each change.
rmpoptctl watch >/tmp/watch &
pid=$!
wait_for 'grep -q " ready, 3 of 4 GiB optimized" /tmp/watch' 10 "watch shows how it is"
lines=$(wc -l </tmp/watch)
ok "rmpopt is stopped" put enabled 0
wait_for 'grep -q " stopped, 0 of 4 GiB optimized.*enabled" /tmp/watch' 10 "watch shows the change, and the reason"
cmp_ok "$(wc -l </tmp/watch)" '<=' $((lines + 4)) "and little else"
kill $pid
like "$(rmpoptctl status)" "3 GiB not known yet: rmpopt is stopped" "status blames no guest then"
like "$(rmpoptctl why 1024)" "No page prevents it, but rmpopt is stopped: " "and why says what is in the way"
is "$(why region,state | cut -d ' ' -f 2 | sort | uniq -c | tr -s ' ')" " 1 rmp
 3 unknown" "and knows nothing of the others"
ok "it starts again" put enabled 1
wait_for 'get_is regions_optimized 3 && at_rest' 20 "all is optimized again"

is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
ok "unload" rmpoptctl unload
done_testing
