#!/bin/sh
# The CPU of a leader hangs in an RMPOPT: another one leads, requests are served, and it takes part again when it is back.
# machine: --cores 4
# check: harsh
# timeout: 150
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

# The kernel's own check for that would end the guest.
echo 60 >/proc/sys/kernel/watchdog_thresh

ok "the module loads" load watch_ms=0 audit_ms=0
wait_state ready
wait_for settled 20 "all is optimized"
hung=$(get leaders)
hold_leader 3
put scan full
number=$(get requested)
wait_for '[ "$(machinectl events)" = "0 1" ]' 20 "a leader does not come back from its RMPOPT"
wait_for "was_served $number" 60 "the pass ends without it"
wait_for '! in_list "$hung" "$(get cores)" && get_is regions_optimized 7 && at_rest' 20 "the others optimize all by themselves"
ok "another one leads" [ "$(get leaders)" != "$hung" ]
like "$(get reason)" "^CPU $hung .* hangs in an RMPOPT" "the reason names it"
ok "a request is served" scan full 20
is "$(get last_result)" ok "as if it was not there"
echo freezer >/sys/power/pm_test
nok "the system is not suspended" sh -c 'echo mem >/sys/power/state'
ok "which the module has refused" sh -c 'dmesg | grep -q "a CPU hangs in RMPOPT, or .* the system is not suspended"'
echo none >/sys/power/pm_test
wait_state ready
put enabled 0
wait_state stopped 20 "stopped at once"
put enabled 1
wait_for 'state_is ready && get_is regions_optimized 7 && at_rest' 20 "and started again"
like "$(get reason)" "^CPU $hung .* hangs" "without the one that hangs"
machinectl open
wait_for 'settled && get_is reason ok' 40 "it is back, and takes part"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"

# Once more, as hardware would hang, in a pass that begins by itself: nobody wakes up the worker, and no interrupt or
# timer of that CPU does. Unload waits for it, as the instruction's code is the module's.
machinectl deaf on
hold_leader 3
put tune/watch_ms 1000
wait_for '[ "$(machinectl events)" = "0 1" ]' 20 "a watch does not come back"
wait_for 'get reason | grep -q "hangs in an RMPOPT"' 60 "until it is not waited for any more"
rmmod rmpopt &
# It is in state leaving only until sysfs has gone, but waits for that CPU in its last part.
wait_for 'state_is leaving || [ "$(cat /sys/module/rmpopt/initstate)" = going ]' 20 "unload begins"
machinectl open
ok "and ends when it is back" wait $!
done_testing
