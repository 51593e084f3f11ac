#!/bin/sh
# On a kernel that is locked down, as with Secure Boot, rmpoptctl does what can be done, and says why the rest can't.
# machine: --sparse --cores 2
# boot: last
# profiles: kind
# timeout: 90
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

page=$((1024 * 0x40000 + 5000))
ok "guest 7 has a page of region 1024" machinectl assign $page 7 4k
ok "the module loads" load watch_ms=0 audit_ms=0
wait_state ready
wait_for had_pass 30 "the first pass ends"
like "$(rmpoptctl why 1024)" "guest with ASID 7: 1 page of" "why counts pages"

# For good: that is why this scenario is the last one of its boot.
[ -e /sys/kernel/security/lockdown ] || mount -t securityfs securityfs /sys/kernel/security
ok "the kernel is locked down" sh -c "echo integrity >/sys/kernel/security/lockdown"
like "$(cat /sys/kernel/security/lockdown)" "\[integrity\]" "it says so"

out=$(rmpoptctl why 1024 2>&1)
is "$?" 0 "why still works"
diag "$out"
like "$out" "kernel locked down" "it says what it can't"
like "$out" "512 blocks of 2 MiB: 0 wholly and 1 partly assigned, 0 with firmware pages" "and tells of blocks"
like "$out" "guests with ASID 7" "and whose they are"
like "$(rmpoptctl why -n | tr -s ' ')" "1024 held 0 1 0 7" "as why does of all regions"
ok "rmpopt was left alone" state_is ready

machinectl release $page 4k
ok "a scan" rmpoptctl scan --wait --timeout 30
like "$(rmpoptctl map)" "^3 of 4 regions" "and the map are as ever"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
ok "unload" rmpoptctl unload
done_testing
