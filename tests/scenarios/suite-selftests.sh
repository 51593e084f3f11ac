#!/bin/sh
# The kernel's own tests of CPU hotplug and of kprobes, beside a module that works and has probes of its own.
# machine: --cores 4
# profiles: kind
# check: none
# programs: bash
# source: tools/testing/selftests/cpu-hotplug tools/testing/selftests/ftrace
# timeout: 900
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

from=/rmpopt/source/tools/testing/selftests
settled() { at_rest && state_is ready && get_is cores 0-3 && [ "$(machinectl truth)" = "0 0 4" ] && at_rest; }

# suite NAME COMMAND... - passes run meanwhile, and afterwards all is as ever
suite() {
	local name=$1
	shift
	"$@" >/tmp/suite 2>&1 &
	running=$!
	wait_for 'put scan full 2>/dev/null; ! kill -0 $running 2>/dev/null' 600 "$name comes to its end"
	wait $running
	is $? 0 "$name: passed"
	diag "$(grep -E '^# of |not ok|FAIL' /tmp/suite | tail -n 12)"
	wait_for settled 60 "$name: the tables equal the truth"
}

ok "the module loads" load watch_ms=100 audit_ms=1000
wait_for settled 30 "all is optimized"
hooks=$(get hooks)
suite cpu-hotplug bash $from/cpu-hotplug/cpu-on-off-test.sh -a
suite ftrace bash $from/ftrace/ftracetest $from/ftrace/test.d/kprobe
is "$(get hooks)" "$hooks" "all hooks are still attached"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
ok "unload" unload
done_testing
