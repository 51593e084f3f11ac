#!/bin/sh
# An agent asks for the platform's status all the time: followers are not interrupted each time.
# machine: --cores 4 --snp psp --region-nodes 4
# kernel: 7.2/none 7.3/harsh
# timeout: 180
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

tables_equal() { at_rest && get_is cores 0-3 && [ "$(machinectl truth)" = "0 0 4" ] && at_rest; }

ok "the module loads" load watch_ms=200 audit_ms=0 delay_ms=100
ok "kvm_amd loads" modprobe kvm_amd
wait_state ready 10
wait_for 'tables_equal && get optimized | grep -q "[0-8]-11$"' 30 "all is optimized"

# Every 300 ms, for 6 s or more. The page lies in region 8.
before=$(count conversions)
machinectl reset
ok "an agent asks 20 times" sevstatus 1 300 20
asked=$(($(count conversions) - before))
cmp_ok $asked '>=' 20 "a page was converted each time"
diag "$(machinectl count interruptions) interruptions, $(get passes) passes, $(machinectl count verifies) verifies"
# Regained after the first and the second time; then it is held back for 20 s.
cmp_ok "$(machinectl count interruptions)" '<=' 9 "the three followers were interrupted a few times only"
cmp_ok "$(machinectl count interruptions)" '>=' 3 "but not left without the region"
is "$(get backoff)" 8 "backoff lists the region"
nok "which is not optimized now" in_list 8 "$(get optimized)"
like "$(get optimized)" "9-11" "the others are"

machinectl reset
wait_for 'tables_equal && get optimized | grep -q "[0-8]-11$"' 100 "the agent ends: the region is optimized again by itself"
is "$(get backoff)" "" "it is held back no more"
cmp_ok "$(machinectl count interruptions)" '<=' 3 "for one interruption of each follower"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
ok "unload" unload
ok "kvm_amd is unloaded" rmmod kvm_amd
done_testing
