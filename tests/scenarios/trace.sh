#!/bin/sh
# Tracepoints tell what the counters count.
# machine: --cores 4
# check: kind
# timeout: 120
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

tracing=/sys/kernel/tracing

# events NAME [REGEX] - the events of that name that were traced since trace_anew
events() { grep -E " $1: .*${2-}" "$tracing/trace"; }
events_count() { events "$@" | wc -l; }
# sum NAME FIELD - of a field of all those events
sum() { events "$1" | sed -n "s/.* $2=\([0-9]*\).*/\1/p" | awk '{ n += $1 } END { print n + 0 }'; }
trace_anew() { echo >"$tracing/trace"; }
lost() { cat "$tracing"/per_cpu/cpu*/stats | awk '/overrun|dropped/ { n += $NF } END { print n + 0 }'; }

ok "the module loads" load watch_ms=0 audit_ms=0
wait_state ready
wait_for settled 20 "all is optimized"
is "$(cd "$tracing/events/rmpopt" && find . -mindepth 1 -type d | sort | tr -d ./ | tr '\n' ' ')" \
	"event follower_slice leader_region pass_begin pass_end state " "the tracepoints"
echo 1 >"$tracing/events/rmpopt/enable"

take_counts() {
	led=$(count verifies_leader) reports=$(count reports) slices=$(count slices)
	followed=$(count verifies_follower) overruns=$(count overruns)
	trace_anew
}
ok "a full scan" scan_whole full 30 take_counts
wait_for at_rest 10
is "$(events_count leader_region 'verify=1')" $(($(count verifies_leader) - led)) "an event for each verify by a leader"
is "$(events_count leader_region 'verify=0')" $(($(count reports) - reports)) "and for each report"
is "$(events_count leader_region 'cf=1')" 14 "region 5, with the RMP, is the only one that fails"
is "$(events leader_region 'cf=0' | grep -c 'region=5 ')" 1 "so it is told"
is "$(events leader_region | sed 's/.* region=\([0-9]*\) .*/\1/' | sort -nu | tr '\n' ' ')" "0 1 2 3 4 5 6 7 " "regions by their numbers"
is "$(events leader_region | sed 's/.* cpu=\([0-9]*\) .*/\1/' | sort -u)" "$(get leaders)" "on the leader"
is "$(events_count follower_slice)" $(($(count slices) - slices)) "an event for each slice"
is "$(sum follower_slice "done")" $(($(count verifies_follower) - followed)) "with what it has done"
is "$(sum follower_slice overrun)" $(($(count overruns) - overruns)) "and whether it took too long"
is "$(events follower_slice | grep -c " cpu=$(get leaders) ")" 0 "never of the leader"
is "$(sum pass_end stolen_us)" "$(count last_stolen_us)" "the stolen time is that of the statistics"
# TSC cycles, in us by the kernel's own idea of the TSC; each slice may lose a ns in the division.
mhz=$(awk '/^cpu MHz/ { print $4; exit }' /proc/cpuinfo)
stolen=$(sum follower_slice cycles | awk -v "mhz=$mhz" '{ print int($1 / mhz) }')
cmp_ok "$stolen" '<=' $(($(count last_stolen_us) + 2)) "and the sum of the slices, not less"
cmp_ok "$stolen" '>=' $(($(count last_stolen_us) - 2)) "nor more"
led=$(sum leader_region cycles | awk -v "mhz=$mhz" '{ print int($1 / mhz) }')
cmp_ok "$led" '>' 0 "the leader's instructions take their time"
cmp_ok "$led" '<=' "$(count last_pass_us)" "not more than the pass"
cmp_ok "$(sum pass_end duration_us)" '>=' "$(count last_pass_us)" "which lasts as long as the statistics say"
cmp_ok "$(sum pass_end duration_us)" '<=' $(($(count last_pass_us) + 10000000)) "in the same unit"
is "$(events pass_begin | sed 's/.* pass=[0-9]* //')" "trigger=request full=1" "the pass begins"
like "$(events pass_end)" "trigger=request result=ok" "and ends"
is "$(events '[a-z_]*' | grep -o ' pass=[0-9]*' | sort -u | wc -l)" 1 "all of that is one pass"
is "$(events state | sed 's/.* state: //' | tr '\n' ' ')" "from=ready to=scanning from=scanning to=ready " "the state changes twice"
is "$(events_count event 'kind=request')" 1 "the request is told"

other=$(get_is leaders 3 && echo 2 || echo 3)
trace_anew
ok "a core goes offline" offline "$other"
wait_for '[ "$(get cores | grep -c "$other")" = 0 ] && at_rest' 10
ok "and comes back" online "$other"
wait_for settled 20 "and catches up"
is "$(events event | sed 's/.* kind=\([a-z]* cpu=[0-9]*\) .*/\1/' | grep -v request | tr '\n' ' ')" \
	"offline cpu=$other left cpu=$other online cpu=$other joined cpu=$other " "that is told in order"
like "$(events pass_begin)" "trigger=hotplug full=0" "hotplug is the trigger"

machinectl faulty 3 ud
trace_anew
scan full
wait_for 'get_is cores 0-2 && at_rest' 20 "a core that faults is left out"
cmp_ok "$(events_count event 'kind=dropped cpu=3')" '>=' 1 "which is told"
machinectl faulty 3 none
wait_for settled 20 "it takes part again"

trace_anew
put enabled 0
wait_state stopped
is "$(events state | sed 's/.* state: //')" "from=ready to=stopped" "words of states"
is "$(lost)" 0 "no event was lost"
ok "unload while they are on" unload
nok "they are gone" test -e "$tracing/events/rmpopt"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
done_testing
