#!/bin/sh
# debugfs bench finds the costs that the machine models.
# machine: --cores 4 --costs
# profiles: kind
# timeout: 200
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

bench=/sys/kernel/debug/rmpopt/bench
command() { printf '%s\n' "$1" >&5; }
cycles() { sed 1d <&5 | cut -d ' ' -f 3 | sort -n | head -n 1; }

ok "the module loads" load watch_ms=0 audit_ms=0
wait_state ready 60
wait_for 'at_rest && [ "$(get regions_optimized)" = 7 ]' 60 "all is optimized"
# The second read of the clock costs 20.
ok "costs are modelled" machinectl costs on
exec 5<>"$bench"
command "report 2 1"
is "$(cycles)" 80 "a report"
command "verify 2 1"
is "$(cycles)" 2020 "a verify with a cached result"
machinectl assign $((2 * 0x40000)) 9 4k
command "verify 2 1"
is "$(cycles)" 80 "a verify that stops at the first page"
machinectl release $((2 * 0x40000)) 4k
command "verify 2 1"
is "$(cycles)" 5020 "a verify of the whole region"
machinectl crowd 3
command "verify 2 2"
is "$(cycles)" 2420 "with two other cores at the same time"
machinectl crowd 0
exec 5>&-
ok "no more costs" machinectl costs off
wait_for 'at_rest && [ "$(get regions_optimized)" = 7 ]' 60 "all is optimized again"
ok "unload" unload
done_testing
