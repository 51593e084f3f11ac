#!/bin/sh
# RMPOPT faults in one region, on all cores or on one: the others go on, tries grow rare, and it is regained.
# machine: --nodes 2 --cores 2 --regions 128
# check: harsh
# timeout: 900
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

views=/sys/kernel/debug/rmpopt
samples=/tmp/samples

all=$(machinectl map | grep -c '^ *[0-9]* o')
settled() { at_rest && get_is regions_optimized "$all" && get_is reason ok && [ "$(machinectl truth)" = "0 0 $1" ] && at_rest; }
tried() { machinectl region-faults "$1"; }
# owing - the cores that owe something, as the debugfs view says
owing() { sed 1d "$views/cores" | awk '$5 == 1 { print $1 }' | tr '\n' ' '; }

# Appends: time before, faults so far, time behind; in ms.
sample() { echo "$(uptime_ms) $(tried "$1") $(uptime_ms)" >>$samples; }
# The most faults between two samples that lie within MS, with the times at which they were taken.
# Less on a machine that stands still in between, never more than there were.
most_within() {
	awk -v "ms=$1" '{ a[NR] = $1; n[NR] = $2; b[NR] = $3 }
		END { for (i = 1; i <= NR; i++) for (j = i + 1; j <= NR && b[j] - a[i] <= ms; j++) if (n[j] - n[i] > most) most = n[j] - n[i]
			print most + 0 }' $samples
}
# How long it took from A faults to B at least, in ms; more on a machine that stands still in between.
from_to() {
	awk -v "from=$1" -v "to=$2" '$2 <= from { since = $1 } $2 >= to { print $3 - since; exit }' $samples
}
# members LIST - one a line
members() { printf '%s\n' "$1" | tr , '\n' | awk -F - 'NF { for (i = $1; i <= $NF; i++) print i }'; }

# everywhere LEADERS CORES - it faults on all of so many cores, from the load on
everywhere() {
	is "$(members "$(get leaders)" | wc -l)" "$1" "leaders: $1"
	is "$(get passes) $(get last_result)" "1 ok" "the first pass has ended"
	is "$(get regions_optimized)" $((all - 1)) "with all other regions optimized"
	nok "but that one" in_list 2 "$(get optimized)"
	is "$(tried 2)" 2 "two cores have tried the one that faults"
	is "$(get regions_faulty) $(get faulty)" "1 2" "it is listed"
	like "$(get reason)" "RMPOPT faults in region 2 .*left out" "and named"
	is "$(members "$(get cores)" | wc -l)" "$2" "no core is left out"
	is "$(get cores_behind)" "" "nobody owes it"

	# By itself: after 5, 10, 20 s. The watch goes on all the while.
	rm -f $samples
	sample 2
	put tune/auto Y
	wait_for 'sample 2; [ "$(tried 2)" -ge 6 ]' 60 "it is tried again, and again"
	sample 2
	cmp_ok "$(most_within 10000)" '<=' 4 "at most four faults in any 10 s"
	cmp_ok "$(from_to 2 6)" '>=' 8000 "and fewer with time: the second pause is twice as long"
	is "$(get regions_optimized)" $((all - 1)) "all others are as they were"

	# Nothing else than the end of the pause wakes the module.
	put tune/watch_ms 0
	machinectl fault-region 2 off
	wait_for "settled $2" 60 "it works again and is regained by itself"
	is "$(count last_trigger)" retry "as the pause has ended"
	is "$(get regions_faulty) $(get faulty)" "0 " "nothing is listed"

	# The pause is long by now: only who asks does not wait for it.
	before=$(tried 2)
	machinectl fault-region 2 ud
	ok "it faults in another way, and somebody asks" scan full
	is $(($(tried 2) - before)) 2 "two cores have tried it"
	ok "somebody asks again" scan full
	cmp_ok $(($(tried 2) - before)) '>=' 4 "which is tried at once"
	is "$(get faulty)" 2 "in vain"
	machinectl fault-region 2 off
	ok "it works, and somebody asks" scan full
	ok "at once all is optimized" settled "$2"
	put tune/watch_ms 200
}

# on_one REGION CPU HOW CORES WHO - it faults on one core only
on_one() {
	machinectl fault-region "$1" "$3" "$2"
	machinectl lose all
	ok "region $1 faults on $5's core, somebody asks" scan full
	is "$(get regions_optimized)" $((all - 1)) "all others are optimized"
	nok "it is not" in_list "$1" "$(get optimized)"
	is "$(get faulty)" "$1" "but as faulty"
	like "$(get reason)" "RMPOPT faults in region $1 .*on CPU $2," "region and core are named"
	is "$(get cores_behind) $(owing)" "$2 $2 " "that core owes it, and no other"
	is "$(machinectl map | awk -v "r=$1" '$1 == r' | tr -d -c '#' | wc -c)" $(($4 - 1)) "all others have it"
	cmp_ok "$(machinectl region-faults "$1")" '<=' 4 "few tries"
	wait_for "[ \"\$(machinectl count faults $2)\" = \"\$(tried $1)\" ]" 10 "on no other core"
	machinectl fault-region "$1" off
	wait_for "settled $4" 60 "it works, and the core catches up by itself"
	is "$(machinectl map | awk -v "r=$1" '$1 == r' | tr -d -c '#' | wc -c)" "$4" "it has it now"
	is "$(get cores_behind)" "" "nobody owes anything"
}

# with LEADERS CORES PARAMETER...
with() {
	local leaders=$1 cores=$2 leader follower
	shift 2
	# Counters and faults by region are of the run, not of the load.
	machinectl fresh "$(profile)"
	machinectl fault-region 2 gp
	ok "the module loads where region 2 faults ($*)" load scan_on_load=N auto=N watch_ms=200 audit_ms=0 "$@"
	wait_for "state_is ready && [ \"\$(members \"\$(get cores)\" | wc -l)\" = $cores ]" 30 "$cores cores take part"
	ok "a full scan" scan full
	everywhere "$leaders" "$cores"
	leader=$(members "$(get leaders)" | tail -n 1)
	follower=$(for cpu in $(members "$(get cores)"); do in_list "$cpu" "$(get leaders)" || echo "$cpu"; done | tail -n 1)
	machinectl reset
	on_one 3 "$leader" gp "$cores" "a leader"
	machinectl reset
	on_one 4 "$follower" ud "$cores" "a follower"
	is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
	ok "unload" unload
	written_once
}

for leaders in $(everyday 2 "1 2"); do
	if [ "$leaders" = 1 ]; then with 1 2 cpus=0-1; else with 2 4 cpus=all; fi
done
done_testing
