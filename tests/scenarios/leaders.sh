#!/bin/sh
# One leader per node, each with its share of the regions.
# machine: --nodes 2 --cores 2 --regions 128
# check: kind
# timeout: 500
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

settled() { at_rest && get_is cores_behind "" && [ "$(machinectl truth)" = "0 0 4" ] && at_rest; }

ok "the module loads, the first pass runs by itself" load_in_one_pass 0-3 :
ok "all is optimized" settled
# nice_of_leaders - of all leaders' threads
nice_of_leaders() {
	local name
	grep -lE '^rmpopt/[0-9]+$' /proc/[0-9]*/comm | while read -r name; do cut -d ' ' -f 19 "${name%comm}stat"; done | sort -u
}
is "$(nice_of_leaders)" 19 "leaders' threads have the lowest priority"
won=$(get regions_optimized)
cmp_ok "$won" '>=' 120 "most of 128 regions are optimized"
like "$(get leaders)" '^[01],[23]$' "each node has a leader"
first=$(leaders | head -n 1)
second=$(leaders | tail -n 1)

is "$(count verifies_leader)" 128 "together they verify each region once"
is "$(machinectl count verifies)" $((128 + 3 * won)) "and everybody else those that were won"
# Each leader follows the other for what that has won, on its own thread.
is "$(machinectl count interruptions "$first")" 0 "the first is not interrupted"
is "$(machinectl count interruptions "$second")" 0 "nor is the second"
is "$(machinectl count reports "$first")" $((won - $(machinectl count reports "$second"))) "each closes its own"
cmp_ok "$(machinectl count reports "$second")" '>=' 60 "which is about half for the second"
cmp_ok "$(machinectl count reports "$first")" '>=' 60 "and about half for the first"

ok "the second leader goes offline" offline "$second"
ok "a full scan" scan full
unlike "$(get leaders)" "$second" "another core of its node leads"
wait_for '[ "$(machinectl truth)" = "0 0 3" ]' 20 "and all is optimized"
ok "it comes back" online "$second"
wait_for settled 20 "it catches up"

# now_took COMMAND... - how many ms it has taken, in $took
now_took() {
	took=$(uptime_ms)
	"$@" || fail "$*"
	took=$(($(uptime_ms) - took))
}
restart() { put enabled 0 && wait_for 'state_is stopped' 20 && put enabled 1 && wait_for '! state_is stopped' 20; }
ask_and_cancel() { put scan later && put scan cancel && wait_for 'get_is served "$(get requested)"' 20; }
# replug CPU
replug() { offline "$1" && online "$1"; }
# What such things take here and now, where nobody is waited for.
now_took restart
restart_ms=$took
wait_for settled 40 "stopped and started: all is optimized"
now_took ask_and_cancel
served_ms=$took
now_took replug 1
plugged_ms=$took
diag "at rest: stop and start $restart_ms ms, a request $served_ms ms, a CPU off and on $plugged_ms ms"
wait_for settled 40 "all is optimized"

# The second leader leaves while the pass is held at the n-th RMPOPT. Nothing runs
# on the CPU that is held, not even a timer: whoever lets it go, when this shell is under way, is on two others.
let_go() {
	for cpu in 0 1; do
		taskset -c $cpu sh -c 'n=0
			until grep -q device_offline "/proc/$0/stack" || [ -e /tmp/done ] || [ $((n += 1)) -gt 500 ]; do usleep 20000; done
			[ -e /tmp/done ] || [ $n -gt 500 ] || : >/tmp/begun
			usleep 300000; machinectl open' $$ &
	done
}
# Its own RMPOPTs, which are executed with interrupts enabled: nobody waits for an IPI to it.
for n in $(everyday "50 150" "3 50 100 150 180"); do
	rm -f /tmp/done /tmp/begun
	leading=$(leaders | tail -n 1)
	machinectl event "$n" gate "$leading"
	let_go
	put scan full
	wait_for '[ "$(machinectl events | cut -d " " -f 1)" = 0 ]' 20 "the pass gets to RMPOPT $n"
	ok "the second leader goes offline" offline "$leading"
	ok "as the pass is held" [ -e /tmp/begun ]
	wait_for at_rest 30 "the pass ends"
	touch /tmp/done
	wait
	ok "it comes back" online "$leading"
	wait_for settled 30 "all is optimized"
done
rm -f /tmp/done /tmp/begun

# A real-time task keeps a leader's CPU for itself.
# shellcheck source=parts/hog.sh
. /rmpopt/parts/hog.sh
taskset -p 2 $$ >/dev/null
for which in $(everyday 1 "2 1"); do
	starved=$(leaders | sed -n "${which}p")
	taskset -p $((starved < 2 ? 8 : 2)) $$ >/dev/null
	start_hog "$starved"
	put scan full
	# It is tried again after ten seconds.
	wait_for 'get reason | grep -qE "^CPU $starved .* real-time"' 40 "leader $which gets no time: it is named, and why"
	wait_for '! in_list $starved "$(get leaders)" && at_rest' 40 "and replaced"
	# It takes part again soon, and what it lacks it gets behind its ticks.
	wait_for 'get_is regions_optimized "$won"' 40 "all tables are full"
	end_hog
	wait_for 'settled && get_is reason ok' 30 "it takes part again by itself"

	starved=$(leaders | sed -n "${which}p")
	taskset -p $((starved < 2 ? 8 : 2)) $$ >/dev/null
	start_hog "$starved"
	put scan full
	wait_for '! get_is progress "0 0"' 20 "leader $which is sent its order"
	begin=$(uptime_ms)
	put enabled 0
	wait_state stopped 20 "stopped while leader $which gets no time"
	put enabled 1
	wait_for '! state_is stopped' 20 "and started again"
	# A leader is waited for for ten seconds.
	cmp_ok $(($(uptime_ms) - begin)) '<' $((restart_ms + 8000)) "it is not waited for"
	wait_for 'get_is regions_optimized "$won" && at_rest' 60 "all tables are full"
	end_hog
	wait_for 'settled && get_is reason ok' 30 "it takes part again by itself"
done

# Those that got no time were given a normal priority, after two seconds.
ok "a full scan" scan full
is "$(nice_of_leaders)" 19 "leaders' threads have the lowest priority again"

# At rest: the worker's CPU.
starved=$(grep -lx rmpopt /proc/[0-9]*/comm)
starved=$(sed -n 's/^Cpus_allowed_list:[^0-9]*//p' "${starved%comm}status")
like "$starved" '^[0-9]+$' "the worker stays on one CPU"
taskset -p $((starved < 2 ? 8 : 2)) $$ >/dev/null
start_hog "$starved"
begin=$(uptime_ms)
put scan later
put scan cancel
wait_for 'get_is served "$(get requested)"' 20 "the worker gets no time on its CPU: a request is served"
cmp_ok $(($(uptime_ms) - begin)) '<' $((served_ms + 4000)) "soon"
# Under PREEMPT_RT hotplug waits for an RCU grace period, of which that CPU's part is a thread's, which gets no time.
if ! preempt_rt; then
	other=$((starved < 2 ? 2 : 1))
	begin=$(uptime_ms)
	ok "a CPU goes offline" offline $other
	ok "and comes back" online $other
	cmp_ok $(($(uptime_ms) - begin)) '<' $((plugged_ms + 8000)) "nobody waits for the worker"
fi
end_hog
wait_for settled 30 "all is optimized"
echo 950000 >/proc/sys/kernel/sched_rt_runtime_us

# Little time: a cgroup of the greatest weight works on the first leader's CPU.
mkdir -p /tmp/cgroup
mount -t cgroup2 none /tmp/cgroup
echo +cpu >/tmp/cgroup/cgroup.subtree_control
mkdir /tmp/cgroup/heavy
echo 10000 >/tmp/cgroup/heavy/cpu.weight
leading=$(get leaders)
# This shell would hardly get any time there.
keep_off_leader
for _ in 1 2; do
	sh -c 'echo $$ >/tmp/cgroup/heavy/cgroup.procs; exec machinectl spin' &
	heavy="${heavy:-} $!"
done
wait_for '[ "$(wc -l </tmp/cgroup/heavy/cgroup.procs)" = 2 ]' 20 "a cgroup of much weight"
# Not before: on that CPU they would not get there.
for task in $heavy; do ok "works on the first leader's CPU" taskset -pc "$(leaders | head -n 1)" "$task" >/dev/null; done
# On a busy machine one percent of that CPU may be none for ten seconds: once more then.
for _ in 1 2 3 4 5; do
	ok "a full scan" scan full 150
	get reason | grep -q 'got no time' || break
	wait_for 'get_is reason ok && at_rest' 60 "it takes part again"
done
is "$(get last_result) $(get reason) $(get leaders)" "ok ok $leading" "nobody is left out, and who leads leads on"
# shellcheck disable=SC2086 # two
kill $heavy
wait_for '[ ! -s /tmp/cgroup/heavy/cgroup.procs ]' 10
rmdir /tmp/cgroup/heavy
umount /tmp/cgroup
# Not before: the kernel's own thread of that CPU is to clear up there, too.
ok "unload" unload
written_once
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
done_testing
