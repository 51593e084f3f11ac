#!/bin/sh
# Suspend, as far as the kernel's own test of it goes: tasks frozen, devices and other CPUs down, and all of it up again.
# machine: --cores 4
# check: harsh
# timeout: 90
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

[ -e /sys/power/pm_test ] || skip_all "this kernel has no /sys/power/pm_test"
grep -qw processors /sys/power/pm_test || skip_all "/sys/power/pm_test can't take CPUs down"

ok "the module loads" load watch_ms=50
wait_state ready
wait_for '[ "$(machinectl truth)" = "0 0 4" ] && at_rest' 20 "all is optimized"
passes=$(get passes)

poll_begin state 60
echo processors >/sys/power/pm_test
machinectl reset
put scan full
ok "to sleep and back" sh -c 'echo mem >/sys/power/state'
ok "the state has changed meanwhile" wait $polling
echo none >/sys/power/pm_test

wait_state ready
wait_for "[ \"\$(machinectl truth)\" = '0 0 4' ] && [ \"\$(get passes)\" -gt $passes ] && at_rest" 20 "all is optimized again by itself"
is "$(get regions_optimized)" 7 "7 regions"
written_once
is "$(get served)" "$(get requested)" "nobody is left waiting"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"

# A leader's CPU hangs in an instruction. This script is on another one.
leader=$(get leaders)
ok "on a CPU that is not held" taskset -pc $(((leader + 1) % 4)) $$ >/dev/null
machinectl reset
machinectl event 3 gate "$leader"
put scan full
wait_for '[ "$(machinectl events)" = "0 1" ]' 20 "a leader does not come back from its RMPOPT"
echo freezer >/sys/power/pm_test
begin=$(uptime_ms)
nok "the system is not suspended then" sh -c 'echo mem >/sys/power/state'
cmp_ok $(($(uptime_ms) - begin)) '>=' 9000 "when that was waited for"
echo none >/sys/power/pm_test
machinectl open
wait_for settled 20 "the pass goes on"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
ok "unload" unload
done_testing
