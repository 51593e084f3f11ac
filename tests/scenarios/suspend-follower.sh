#!/bin/sh
# The CPU of a follower hangs in an RMPOPT, in the handler of an IPI: it could not be taken offline for suspend.
# It is isolated, so that no thread of Linux waits there for its turn.
# machine: --cores 4
# append: isolcpus=0,3
# check: kind
# timeout: 150
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

[ -e /sys/power/pm_test ] || skip_all "this kernel has no /sys/power/pm_test"

# The kernel's own checks for that would end the guest.
echo 60 >/proc/sys/kernel/watchdog_thresh
echo 1 >/sys/module/rcupdate/parameters/rcu_cpu_stall_suppress

ok "the module loads" load followers=ipi watch_ms=0 audit_ms=0
wait_state ready
wait_for settled 20 "all is optimized"
victim=3
like "$(get leaders)" '^[12]$' "CPU $victim does not lead"

# Should this script not get on, the CPU does after a minute.
machinectl patience 60000
machinectl event 1 gate "$victim"
put scan full
wait_for '[ "$(machinectl events)" = "0 1" ] && get_is last_result partial' 20 "it does not come back from its RMPOPT"
is "$(get cores_behind)" "$victim" "it is behind"
echo freezer >/sys/power/pm_test
begin=$(uptime_ms)
nok "the system is not suspended" sh -c 'echo mem >/sys/power/state'
cmp_ok $(($(uptime_ms) - begin)) '>=' 9000 "when that was waited for"
is "$(dmesg | grep -c 'a CPU hangs in RMPOPT, or .* the system is not suspended')" 1 "the module has refused it"
nok "as it still hangs" in_list "$victim" "$(get cores)"
wait_for 'state_is suspended' 20 && machinectl open &
ok "it is as soon as the follower is back" sh -c 'echo mem >/sys/power/state'
wait
echo none >/sys/power/pm_test
wait_for 'settled && get_is reason ok' 40 "it takes part"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
ok "unload" unload
echo 0 >/sys/module/rcupdate/parameters/rcu_cpu_stall_suppress
done_testing
