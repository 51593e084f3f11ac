#!/bin/sh
# Where memory is too short to look after cores the module says so, tries again at its leisure, and leaves nothing behind.
# machine: --cores 4
# profiles: kind
# build: tests/modules/no_memory
# timeout: 90
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

refused() { cat /sys/module/no_memory/parameters/refused; }

load_test no_memory || skip_all "this kernel lets nobody probe __vmalloc()"
begin=$(uptime_ms)
ok "the module loads" load
wait_state failed
like "$(get reason)" "not enough memory .* next retry in [0-9]+ s" "the reason names what is short"
is "$(get cores)" "" "no core takes part"
nok "a scan is refused" put scan now
# After 1, 2, 4 ... s.
wait_for '[ "$(refused)" -ge 3 ]' 20 "it is tried again by itself"
cmp_ok "$(refused)" '<=' $(((($(uptime_ms) - begin) / 1000) + 2)) "but not all the time"
like "$(get reason)" "next retry in [2-9] s" "with growing pauses"

ok "stop" put enabled 0
wait_state stopped
before=$(refused)
ok "start" put enabled 1
wait_state failed
cmp_ok "$(refused)" '>' "$before" "enabled 1 tries again at once"

ok "there is memory again" rmmod no_memory
wait_for 'state_is ready && settled' 30 "all is optimized, by itself"
is "$(get reason)" ok "nothing to complain about"
is "$(get cores)" 0-3 "all cores take part"
ok "unload" unload

ok "there is no memory for a leader's thread" load_test no_memory threads=1
ok "the module loads" load watch_ms=0 audit_ms=0
wait_for 'get reason | grep -q "not enough memory for the threads of leaders"' 20 "the reason names what is short"
is "$(state) $(get last_result)" "ready failed" "no pass can begin"
cmp_ok "$(refused)" '>=' 1 "as it has tried"
ok "there is memory again" rmmod no_memory
wait_for settled 30 "all is optimized, by itself"
is "$(get reason)" ok "nothing to complain about"
ok "unload" unload
written_once
done_testing
