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
echo processors >/sys/power/pm_test
machinectl reset
suspensions=0

# sleeps WHEN - and all is as before. Tables of CPUs that were taken down are empty under this profile.
sleeps() {
	ok "$1: to sleep and back" sh -c 'echo mem >/sys/power/state'
	suspensions=$((suspensions + 1))
	is "$(dmesg | grep -c 'rmpopt: suspended: ')" $suspensions "$1: the module has stood down for it"
	wait_state ready 20 "$1: it is ready again"
	wait_for "[ \"\$(machinectl truth)\" = '0 0 4' ] && [ \"\$(get passes)\" -gt $passes ] && at_rest" 20 "$1: all is optimized again by itself"
	isnt "$(count last_trigger)" request "$1: not as it was asked to"
	is "$(get regions_optimized)" 7 "$1: 7 regions"
	is "$(get served)" "$(get requested)" "$1: nobody is left waiting"
}

poll_begin state 60
passes=$(get passes)
sleeps "at rest"
ok "who polls the state was told" wait $polling
passes=$(get passes)
put scan full
sleeps "in a pass"
echo none >/sys/power/pm_test
written_once
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
