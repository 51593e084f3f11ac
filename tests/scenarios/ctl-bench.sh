#!/bin/sh
# rmpoptctl bench measures the costs that the machine models, and leaves everything as it was.
# machine: --cores 4 --costs
# profiles: kind
# timeout: 240
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

settled() { at_rest && state_is ready && [ "$(get regions_optimized)" = 7 ]; }
# rows COLUMNS FILTER - of the table over all regions
rows() { tr -s ' ' </tmp/table | sed 's/^ //; s/ $//' | awk "$2 { print $1 }"; }

ok "the module loads" load watch_ms=0 audit_ms=0
wait_state ready 60
wait_for settled 60 "all is optimized"
full=$(count passes_full)

rmpoptctl bench --regions 0-3 >/tmp/out 2>&1 </dev/null
is "$?" 2 "without consent nothing is done"
like "$(cat /tmp/out)" "verifies 4 regions on 4 cores" "but it is said what it would cost"
is "$(count passes_full)" "$full" "and the module is left alone"

ok "costs are modelled" machinectl costs on
ok "bench" sh -c 'rmpoptctl bench --yes --regions 0-3 --noheadings --output kind,round,cores,samples,set,cycles_min,cycles_mean,cycles_max,stall_ns >/tmp/table'
diag "$(cat /tmp/table)"
# The second read of the clock costs 20.
is "$(rows '$4, $5, $6, $7, $8' '$1 == "leader_verify" && $2 == "repeated"')" "4 4 2020 2020 2020" \
	"a leader's verify of a cached result, for each of 4 regions"
is "$(rows '$4, $5, $6, $7, $8' '$1 == "follower_verify" && $2 == "repeated" && $3 == 1')" "12 12 2020 2020 2020" \
	"a follower's, alone, for each of 3"
is "$(rows '$4, $5, $6, $8' '$1 == "report" && $2 == "repeated" && $3 == 1')" "4 4 80 80" "a report"
is "$(rows '$3, $4' '$1 == "follower_verify" && $2 == "clear"' | tr '\n' ' ')" "1 12 2 8 3 12 " "crowds of 2 and 3"
is "$(rows '$1' '$4 != $5 && $1 != "write" && $2 != "clear"')" "" "every region has its bit"
is "$(rows '$2' '$1 == "write"' | tr '\n' ' ')" "on off " "writes with RMPOPT on and off"
wait_for settled 60 "all is optimized again"
cmp_ok "$(count passes_full)" '>' "$full" "by a full pass"
is "$(machinectl truth)" "0 0 4" "tables equal the truth"

ok "JSON, by region" sh -c 'rmpoptctl bench --yes --regions 0,6 --json >/tmp/json'
is "$(grep -c '"region": 6' /tmp/json)" "$(grep -c '"region": 0' /tmp/json)" "has as many rows for the one as for the other"
ok "a table and a plot" sh -c 'rmpoptctl bench --yes --regions 0 >/tmp/out'
like "$(cat /tmp/out)" "^follower_verify +repeated +3 +[0-9]+ [|]#+" "the plot"
like "$(cat /tmp/out)" "^rmpopt .* microcode" "and what host it is"
like "$(cat /tmp/out)" "^Longest stop of each core: " "and the stops"
is "$(grep -c '"kind": "stall"' /tmp/json)" 4 "in JSON those of each core"
wait_for settled 60 "all is optimized again"

rmpoptctl bench --yes >/dev/null 2>&1 &
pid=$!
ok "another one begins" wait_for 'state_is stopped' 20
kill -TERM $pid
wait $pid
is "$?" 64 "it is ended before its time"
wait_for settled 60 "and all is as before"
is "$(machinectl truth)" "0 0 4" "tables equal the truth"

before=$(machinectl count verifies)
more() { [ "$(machinectl count verifies)" -gt $((before + 10)) ]; }
rmpoptctl bench --yes >/tmp/out 2>/tmp/err &
pid=$!
wait_for more 20 "another one measures"
kill -INT $pid
wait $pid
is "$?" 64 "so does Ctrl-C"
like "$(cat /tmp/out)" "^leader_verify +found +1 +[0-9]" "what was measured until then is shown"
unlike "$(cat /tmp/out)" "^write" "and no more"
like "$(cat /tmp/err)" "^rmpoptctl: ended before its time" "and it is said"
wait_for settled 60 "all is as before"
is "$(machinectl truth)" "0 0 4" "tables equal the truth"
ok "no more costs" machinectl costs off
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
ok "unload" rmpoptctl unload
done_testing
