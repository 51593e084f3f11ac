#!/bin/sh
# The first pass: exact counts, tables equal to the truth, a blocked region regained.
# machine: --nodes 2 --cores 4 --threads 2
# check: harsh
# timeout: 90
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

# 8 regions; 5 holds the RMP; the last page of 7 belongs to a guest.
page=$((8 * 0x40000 - 1))
ok "an SNP guest has one page of region 7, the module loads, and the first pass runs by itself" \
	load_in_one_pass 0,2,4,6,8,10,12,14 'machinectl assign "$page" 5 4k'
is "$(state)" ready "it is ready"
is "$(get last_result)" ok "it ends well"
is "$(get reason)" ok "there is nothing to complain about"
is "$(dmesg | grep -c kexec)" 0 "nor to warn of: the window is a kernel's own"

is "$(machinectl count verifies)" $((8 + 6 * 7)) "8 verifies by the leader, 6 by each of 7 followers"
is "$(count verifies_leader)" 8 "the module counts the same for the leader"
is "$(count verifies_follower)" $((6 * 7)) "and for the followers"
is "$(machinectl count reports)" 6 "one closing report for each region won"
is "$(machinectl count secondary)" 0 "none on a secondary thread"
is "$(machinectl count outside)" 0 "none outside the window"
is "$(machinectl count faults)" 0 "no fault"
is "$(machinectl count too-early)" 0 "nothing before SNP_INIT"
is "$(machinectl truth)" "0 0 8" "no unsafe bit; all 8 cores' tables equal the truth"

is "$(get regions_covered)" 8 "8 regions covered"
is "$(get covered)" 0-7 "namely these"
is "$(get optimized)" 0-4,6 "optimized: all but the RMP's and the guest's"
is "$(get regions_optimized)" 6 "that is 6"
is "$(get regions_uncovered)" 0 "none outside the window"
is "$(get cores)" 0,2,4,6,8,10,12,14 "one thread of each core takes part"
is "$(get cores_behind)" "" "no core is behind"
is "$(get progress)" "0 0" "nothing runs"
is "$(count last_trigger)" load "the load was the trigger"

leader=$(get leaders)
is "$(machinectl count verifies "$leader")" 8 "the leader named is the one that verified 8"
is "$(machinectl count interruptions "$leader")" 0 "the leader is not interrupted"
cmp_ok "$(machinectl count interruptions)" '<=' $((6 * 7)) "followers are interrupted no more often than they verify"

ok "the guest gives its page back" machinectl release "$page" 4k
is "$(get regions_optimized)" 6 "nobody knows yet"
ok "a scan on request" scan_whole now
is "$(get optimized)" 0-4,6-7 "regains the region"
is "$(get regions_optimized)" 7 "7 regions optimized"
is "$(machinectl truth)" "0 0 8" "tables equal the truth again"
is "$(count last_trigger)" request "the request was the trigger"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"

# One after the other, each wholly in one slice or resting until all others had theirs.
tracing=/sys/kernel/tracing
put tune/parallel 1
put tune/slice_us 1000
echo 1 >$tracing/events/rmpopt/follower_slice/enable
ok "a full scan, one follower at a time" scan_whole full 30 'echo >$tracing/trace'
is "$(sed -n 's/.* follower_slice: .* cpu=\([0-9]*\) .*/\1/p' $tracing/trace | awk '!seen[$1]++' | tr '\n' ' ')" \
	"$(printf '%s\n' 0 8 2 10 4 12 6 14 | grep -vx "$leader" | tr '\n' ' ')" "nodes take turns"
echo 0 >$tracing/events/rmpopt/follower_slice/enable

ok "a page in every region" sh -c 'for r in 0 1 2 3 4 6 7; do machinectl assign $((r * 0x40000 + 77)) 9 4k || exit 1; done'
machinectl reset
slices=$(count slices)
ok "a scan when nothing can be optimized" scan full
is "$(machinectl count verifies)" 8 "costs the leader's 8 verifies"
is "$(machinectl count interruptions)" 0 "and interrupts nobody"
is "$(count slices)" "$slices" "not even for nothing"
is "$(get regions_optimized)" 0 "nothing is optimized"

ok "unload" unload

ok "the module loads for two threads, a first one and a second one" load cpus=0,3
wait_state ready
wait_for 'get_is cores 0,2 && had_pass' 20 "the cores of both take part, and no other"
ok "unload" unload
written_once
done_testing
