#!/bin/sh
# RMPOPT faults where the RMP covers no RAM, on all cores: no core is taken for broken.
# machine: --cores 4
# check: harsh
# timeout: 60
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

# Regions 2 and 3 are the hole below 4 GiB, region 5 holds the RMP.
machinectl answer rax-hole gp
ok "the module loads" load scan_on_load=N auto=N watch_ms=0 audit_ms=0
wait_state ready
ok "a full scan" scan full
is "$(get passes) $(get last_result)" "1 ok" "which has ended well"
is "$(get cores)" 0-3 "all cores take part"
is "$(get optimized)" 0-1,4,6-7 "all regions with RAM are optimized"
is "$(get faulty)" 2-3 "the others are listed as faulty"
is "$(count faults)" 4 "two cores have tried each"
like "$(get reason)" "RMPOPT faults in region 2 .* /proc/iomem .* coverage" "the reason names them, not a core, and what it may be"
is "$(get cores_behind)" "" "nobody owes anything"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
ok "unload" unload
done_testing
