# shellcheck shell=dash disable=SC2016,SC2317
# Leaders give way: how many instructions an ordinary task waits for on the leader's CPU, by the
# kernel's own tracepoints. $wanted is the preemption model, "" that of the kernel.

preempt=/sys/kernel/debug/sched/preempt
now() { sed -nE 's/.*\(([a-z]+)\).*/\1/p' $preempt; }
[ -z "$wanted" ] || grep -qw "$wanted" $preempt || skip_all "this kernel does not offer preempt=$wanted, but $(cat $preempt)"
[ -z "$wanted" ] || is "$(now)" "$wanted" "the preemption model"
diag "preempt: $(cat $preempt)"

tracing=/sys/kernel/tracing
events="sched/sched_wakeup sched/sched_switch rmpopt/leader_region"
trace() { for event in $events; do echo "$1" >"$tracing/events/$event/enable"; done; }

# waits - for each time that the sleeper was put on the run queue while the leader worked: the instructions that
# were executed before the leader left the CPU, to whoever is the scheduler's choice
waits() {
	grep -E 'comm=sleeper|prev_comm=rmpopt/|leader_region' "$tracing/trace" | awk '
		/leader_region/ { led = 1; n++; next }
		/sched_wakeup: comm=sleeper/ { n = 0; woken = led; next }
		/sched_switch:/ && woken { print n; woken = led = 0 }'
}

ok "the module loads" load watch_ms=0 audit_ms=0 hooks=N
wait_state ready
wait_for had_pass 60 "the first pass"
leader=$(get leaders)
: >/tmp/sleeper
sleeper "$leader" >/tmp/sleeper &
sleeper=$!
wait_for 'grep -q ready /tmp/sleeper' 5 "an ordinary task wakes up every millisecond on the leader's CPU"
taskset -pc "$((1 - leader))" $$ >/dev/null
echo 8192 >"$tracing/buffer_size_kb"
echo >"$tracing/trace"
trace 1
for _ in 1 2 3; do ok "a full scan" scan full 120; done
trace 0
kill $sleeper
wait $sleeper
waits >/tmp/waits
diag "instructions waited for, and how often: $(sort -n /tmp/waits | uniq -c | awk '{ printf "%s: %s  ", $2, $1 }')"
cmp_ok "$(wc -l </tmp/waits)" '>=' 10 "the task came in the midst of the leader's work"
cmp_ok "$(sort -n /tmp/waits | tail -n 1)" '<=' 1 "and waited for one instruction at the most"
echo >"$tracing/trace"
rm -f /tmp/waits /tmp/sleeper
ok "unload" unload
done_testing
