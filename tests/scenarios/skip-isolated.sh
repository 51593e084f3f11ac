#!/bin/sh
# Isolated cores: interrupted, or left alone, as the admin says; they never lead.
# machine: --cores 4
# append: isolcpus=0,3
# check: harsh
# timeout: 90
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

# settled ARMED - tables stay in use when their cores don't take part any more
settled() { at_rest && get_is regions_optimized 7 && [ "$(machinectl truth)" = "0 0 $1" ] && at_rest; }

ok "the module loads" load isolated=skip
wait_state ready
wait_for 'settled 2' 20 "the others are optimized"
is "$(get cores)" 1-2 "isolated cores don't take part"
is "$(machinectl count verifies 0)" 0 "the first is left alone"
is "$(machinectl count verifies 3)" 0 "so is the last"
is "$(machinectl rdmsr 3 0xc0010139)" 0 "its RMPOPT_BASE is 0"
like "$(get leaders)" '^[12]$' "none of them leads"
ok "a core goes offline" offline 3
ok "and comes back" online 3
ok "a scan" scan full
is "$(machinectl rdmsr 3 0xc0010139)" 0 "it is left alone as before"

put tune/isolated ipi
wait_for 'settled 4' 20 "on request they are served"
is "$(get cores)" 0-3 "and take part"
like "$(get leaders)" '^[12]$' "but none leads"
put tune/isolated skip
wait_for 'settled 4 && get_is cores 1-2' 20 "and released again"
isnt "$(machinectl rdmsr 0 0xc0010139)" 0 "their tables stay in use"
# A core that is dropped is tried again and again; but not one that the admin leaves out.
worker=$(grep -lx rmpopt /proc/[0-9]*/comm)
worker_ms() { awk '{ printf "%d\n", $1 / 1000000 }' "${worker%comm}schedstat"; }
put tune/isolated ipi
wait_for 'get_is cores 0-3 && settled 4' 20 "all are served again"
machinectl faulty 3 ud
put scan full
# At once, as it is tried again after a second.
wait_for 'get_is cores 0-2 && get reason | grep -q "CPU 3 " && at_rest' 20 "an isolated core faults: it is dropped, and named"
put tune/isolated skip
wait_for 'settled 4 && get_is cores 1-2' 20 "isolated cores are left out, that one, too"
is "$(state) $(get reason)" "ready ok" "nobody misses it"
faults=$(machinectl count faults 3)
# By the second half of this it would have been due again.
for half in first second; do
	before=$(worker_ms)
	until=$(($(uptime_ms) + 2000))
	wait_for "[ \$(uptime_ms) -ge $until ]" 10
	diag "in the $half 2 s the worker ran for $(($(worker_ms) - before)) ms"
done
cmp_ok "$(($(worker_ms) - before))" '<=' 100 "the worker sleeps"
is "$(machinectl count faults 3)" "$faults" "nobody tries it"
machinectl faulty 3 none
put tune/isolated ipi
wait_for 'settled 4 && get_is cores 0-3' 20 "it is taken back with the others"
put tune/isolated skip
wait_for 'settled 4 && get_is cores 1-2' 20 "and left out with them"

put tune/isolated ipi
wait_for 'settled 4 && get_is cores 0-3' 20 "they are served once more"
hold_leader 4
put scan full
wait_for '[ "$(machinectl events)" = "0 1" ]' 10 "a full pass is held in the leader's part"
put tune/isolated skip
machinectl reset
machinectl open
wait_for at_rest 20 "it ends"
cmp_ok "$(machinectl count verifies)" '>=' 8 "it has come to the followers' part"
is "$(machinectl count verifies 0) $(machinectl count verifies 3)" "0 0" "isolated cores are left alone at once, in the middle of a pass"

nok "only words that make sense" put tune/isolated sometimes
is "$(get tune/isolated)" skip "which changes nothing"
ok "unload" unload

ok "the module loads for isolated CPUs alone" load cpus=0,3
wait_state ready
wait_for 'settled 4 && get_is cores 0,3' 20 "they are optimized"
like "$(get leaders)" '^[03]$' "one of them leads: there is no other"
hold_leader 2
put scan full
wait_for '[ "$(machinectl events)" = "0 1" ]' 10 "it is held at its second verify"
put tune/isolated skip
wait_for 'get_is cores ""' 20 "isolated cores are left out"
machinectl reset
machinectl open
wait_state waiting
cmp_ok "$(machinectl count verifies)" '<=' 1 "and its order ends, too"
put tune/isolated ipi
wait_for 'settled 4 && get_is cores 0,3' 20 "they are served again"
ok "unload" unload

# While SNP is not initialised each look asks one core, the first of which is isolated.
tracing=/sys/kernel/tracing
asked() { grep 'func=errand_handler' $tracing/trace | sed -n 's/.*\[0*\([0-9]\)\].*/\1/p' | sort -u | paste -sd ' '; }
machinectl snp disable >/dev/null
echo >$tracing/trace
echo 1 >$tracing/events/csd/csd_function_entry/enable
ok "the module loads, SNP is off" load
wait_state waiting
for _ in 1 2 3 4 5 6 7 8; do
	# shellcheck disable=SC2034 # for the condition
	wakeups=$(worker_wakeups)
	put tune/delay_ms 10000
	wait_for '[ "$(worker_wakeups)" != "$wakeups" ]' 10 "it looks again"
done
wait_for '[ -n "$(asked)" ]' 30
like "$(asked)" '^[12]( 2)?$' "it asks no isolated core"
echo 0 >$tracing/events/csd/csd_function_entry/enable
ok "unload" unload
done_testing
