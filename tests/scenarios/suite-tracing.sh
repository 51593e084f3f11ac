#!/bin/sh
# trace-cmd and bpftrace read the tracepoints.
# machine: --cores 4
# profiles: kind
# check: none
# packages: trace-cmd bpftrace
# programs: trace-cmd bpftrace
# timeout: 400
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2034,SC2317
. /rmpopt/lib.sh

settled() { at_rest && state_is ready && [ "$(machinectl truth)" = "0 0 4" ] && at_rest; }

ok "the module loads" load watch_ms=0 audit_ms=0
wait_for settled 30 "all is optimized"

cd /tmp || exit
ok "trace-cmd records" trace-cmd record -q -e rmpopt -o /tmp/trace.dat \
	sh -c 'cd /sys/kernel/rmpopt; echo full >scan; until cmp -s requested served; do usleep 20000; done'
trace-cmd report -i /tmp/trace.dat >/tmp/trace 2>&1
is "$(grep -c 'leader_region:.* verify=1 ' /tmp/trace)" 8 "each region of the pass is there once"
like "$(grep 'pass_end:' /tmp/trace)" 'trigger.*result' "and its end, with fields that have names"
wait_for settled 30

bpftrace -e 'tracepoint:rmpopt:leader_region { @regions = count(); } tracepoint:rmpopt:pass_end { printf("stolen %d\n", args->stolen_us); exit(); }' \
	>/tmp/bpf 2>&1 &
bpf=$!
wait_for 'grep -q Attaching /tmp/bpf' 120 "bpftrace begins" || diag "$(cat /tmp/bpf)"
wait_for 'put scan full; ! kill -0 $bpf 2>/dev/null' 60 "and sees the end of a pass"
like "$(cat /tmp/bpf)" 'stolen [0-9]+' "with its fields"
like "$(cat /tmp/bpf)" '@regions: [1-9]' "and its regions"
ok "unload" unload
done_testing
