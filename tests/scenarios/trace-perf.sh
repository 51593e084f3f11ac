#!/bin/sh
# perf understands the tracepoints: the lines of the README.
# machine: --cores 4
# programs: perf
# profiles: kind
# timeout: 90
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

traced() { grep -c "rmpopt:$1(" /tmp/traced; }

ok "the module loads" load watch_ms=0 audit_ms=0
wait_state ready
wait_for settled 20 "all is optimized"
start=$(uptime_ms)
# Again, if a core was late.
for _ in 1 2 3 4 5; do
	wait_for settled 20
	passes=$(get passes)
	slices=$(count slices)
	perf trace -a -e 'rmpopt:pass_*,rmpopt:follower_slice' -o /tmp/traced rmpoptctl scan --full --wait >/tmp/out 2>&1
	status=$?
	! get_is last_result ok || ! get_is passes $((passes + 1)) || break
done
is "$status" 0 "perf trace"
like "$(cat /tmp/out)" "^ok: 7 of 8 GiB" "runs a scan"
diag "$(cat /tmp/traced)"
is "$(traced pass_begin) $(traced pass_end)" "1 1" "which is one pass"
is $(($(get passes) - passes)) 1 "and no other one ran"
is "$(traced follower_slice)" $(($(count slices) - slices)) "with all of its slices"
like "$(cat /tmp/traced)" "rmpopt:pass_end\(.*stolen_us: $(count last_stolen_us)[,)]" "its end says what it has cost"
diag "took $(($(uptime_ms) - start)) ms"
ok "unload" unload
rm -f /tmp/traced /tmp/out
done_testing
