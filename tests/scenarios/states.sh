#!/bin/sh
# SNP comes and goes: waiting, ready, stopped, never an instruction too early.
# machine: --cores 4
# check: harsh
# timeout: 90
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

machinectl snp disable >/dev/null
ok "the module loads before SNP is enabled" load watch_ms=50
wait_state waiting
wait_for 'get reason | grep -q SnpEn' 10 "and says what it waits for"
nok "a scan is refused" put scan now
is "$(get requested)" 0 "and not counted"

machinectl reset
machinectl snp enable >/dev/null
wait_for 'get reason | grep -q SNP_INIT' 10 "SnpEn alone is not enough: the reason names SNP_INIT"
is "$(state)" waiting "it still waits"
is "$(machinectl count base-writes)" 0 "no RMPOPT_BASE is written meanwhile"

machinectl snp init >/dev/null
wait_state ready
wait_for 'had_pass && settled' 20 "the first pass follows: tables equal the truth"
is "$(machinectl count too-early)" 0 "nothing was done before SNP_INIT"

before=$(get passes)
machinectl snp disable >/dev/null
wait_state waiting
is "$(get regions_optimized)" 0 "nothing is believed any more"
is "$(armed)" 0 "RMPOPT_EN has gone with SNP"
machinectl snp enable >/dev/null
machinectl snp init >/dev/null
wait_state ready
wait_for "[ \"\$(get passes)\" -gt $before ] && settled" 20 "a pass by itself after the next SNP_INIT: tables equal the truth"

ok "stop" put enabled 0
wait_state stopped
like "$(get reason)" "enabled" "the reason names the fix"
is "$(get enabled)" 0 "enabled says so"
is "$(machinectl truth)" "0 0 4" "tables stay in use, as they are"
machinectl reset
ok "a guest takes a page of region 2" machinectl assign $((2 * 0x40000 + 9)) 7 4k
is "$(machinectl table 1)" 0-1,3-4,6-7 "the hardware keeps the tables true"
ok "and gives it back" machinectl release $((2 * 0x40000 + 9)) 4k
is "$(machinectl table 1)" 0-1,3-4,6-7 "nobody regains the region"
is "$(machinectl count verifies) $(machinectl count reports) $(machinectl count base-writes)" "0 0 0" "nothing is executed meanwhile"
nok "a scan is refused" put scan now
ok "start" put enabled 1
wait_state ready
wait_for settled 20 "all is optimized again"

# As nothing public tells that it can't happen.
put tune/audit_ms 200
for cpu in $(all_cpus); do
	machinectl wrmsr "$cpu" 0xc0010139 0
done
wait_for '[ "$(armed)" = 4 ] && at_rest' 20 "RMPOPT_EN that is gone from all cores is noticed and set again"
wait_for '[ "$(machinectl truth)" = "0 0 4" ]' 10 "tables equal the truth again"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
ok "unload" unload

ok "init_check=N loads" load watch_ms=50 init_check=N
wait_state ready
ok "unload" unload
written_once
done_testing
