#!/bin/sh
# debugfs bench: commands are executed as told, and everything is as before when it ends.
# machine: --cores 4
# timeout: 200
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

bench=/sys/kernel/debug/rmpopt/bench
settled() { at_rest && state_is ready && [ "$(machinectl truth)" = "0 0 4" ] && [ "$(get regions_optimized)" = 7 ]; }

# command TEXT - to the open file; result - what is read after it, without times
command() { filectl to 5 "$1\\n" >/tmp/error; grep -qx ok /tmp/error; }
result() { sed 1d <&5 | cut -d ' ' -f 1,2 | tr '\n' ' '; }
armed() { machinectl truth | cut -d ' ' -f 3; }

ok "the module loads" load watch_ms=0 audit_ms=0
wait_state ready
wait_for settled 20 "all is optimized"
full=$(count passes_full)

machinectl reset
ok "who only reads it" sh -c "cat $bench >/dev/null"
is "$(state) $(count passes_full) $(machinectl count base-writes)" "ready $full 0" "changes nothing"

exec 5<>"$bench"
is "$(state)" stopped "while it is open the worker stands still"
like "$(get reason)" "benchmark.*close|benchmark.*open" "the reason says why, and how it ends"
nok "nobody else gets it" sh -c "exec 6<>$bench" 2>/tmp/error
like "$(cat /tmp/error)" "busy" "it is busy"
nok "scans are refused" put scan now 2>/dev/null
nok "unload is refused at once" unload 2>/dev/null
is "$(get optimized)" "" "nothing is believed"
is "$(armed)" 4 "the tables are as they were found"
is "$(cat <&5)" "# cpu cf cycles stall_ns" "no command, no result"

machinectl reset
executed=$(executed)
ok "report" command "report 2 0-3"
is "$(result)" "0 1 1 1 2 1 3 1 " "each core answers"
ok "verify" command "verify 2 0,3"
is "$(result)" "0 1 3 1 " "those that are asked"
is "$(executed)" "$executed" "the statistics don't count it"
is "$(machinectl count verifies) $(machinectl count reports)" "2 4" "once each"
is "$(machinectl count verifies 3) $(machinectl count verifies 1)" "1 0" "by whom it was told"
is "$(machinectl count secondary) $(machinectl count outside)" "0 0" "on primaries, in their windows"
ok "verify of the RMP's own region" command "verify 5 1"
is "$(result)" "1 0 " "fails"
command "verify 2 0-3"
# TSC cycles, in ns by the kernel's own idea of the TSC.
mhz=$(awk '/^cpu MHz/ { print $4; exit }' /proc/cpuinfo)
is "$(sed 1d <&5 | awk -v "mhz=$mhz" '$3 > 0 && $4 + 2 >= $3 * 1000 / mhz' | wc -l)" 4 "a stall is not shorter than its instruction"
ok "a guest takes a page of region 3" machinectl assign $((3 * 0x40000)) 9 4k
command "report 3 0-3"
is "$(result)" "0 0 1 0 2 0 3 0 " "hardware has cleared the bit"

machinectl reset
wrong=
for text in "" " " verify "verify 2" "verify 2 " "verify x 0" "verify 2 x" "verify 2 0 1" "verify -1 0" "verify 8 0" "verify 4294967296 0" \
	"verify 2 0-4" "verify 2 7" "report 2 99999" "VERIFY 2 0" "clear 1" "off " "on on" "verify  2 0" "report"; do
	command "$text" && wrong="$wrong '$text'"
	grep -q "EINVAL" /tmp/error || wrong="$wrong '$text': $(cat /tmp/error)"
done
is "$wrong" "" "bad commands are refused with EINVAL"
is "$(machinectl count verifies) $(machinectl count reports) $(machinectl count base-writes)" "0 0 0" "and execute nothing"

ok "clear" command clear
is "$(result)" "" "has no result"
is "$(armed)" 4 "all are armed"
ok "off" command off
is "$(armed)" 0 "none is armed"
command "verify 2 0-3"
is "$(result)" "0 -6 1 -6 2 -6 3 -6 " "without RMPOPT_EN it faults, and that is all"
ok "on" command on
is "$(armed)" 4 "all are armed"
command "report 2 0-3"
[ "$(profile)" = kind ] || is "$(result)" "0 0 1 0 2 0 3 0 " "with empty tables"
command "verify 2 0-3"
is "$(result)" "0 1 1 1 2 1 3 1 " "they can be filled again"

# They begin together: who can't be there is waited for, but for a millisecond only. Somebody else's report holds that
# core, and nothing but that may be on a CPU that is held.
leader=$(get leaders)
core=$([ "$leader" = 3 ] && echo 2 || echo 3)
ok "on the leader's CPU" taskset -pc "$leader" $$ >/dev/null
machinectl event 1 gate "$core"
cat "${bench%bench}table" >/dev/null &
reader=$!
ok "a core is held in a report" machinectl wait-gate --timeout 10
command "verify 2 0-3" &
commanding=$!
until=$(($(uptime_ms) + 700))
wait_for '[ "$(uptime_ms)" -ge '$until' ]' 10
machinectl open
ok "the command ends when it is let go" wait $commanding
sed 1d <&5 >/tmp/rows
diag "$(cat /tmp/rows)"
is "$(awk -v "held=$core" '$1 != held && $2 == 1 && $4 >= 1000000' /tmp/rows | wc -l)" 3 "the others have waited"
is "$(awk -v "held=$core" '$1 != held && $4 >= 500000000' /tmp/rows | wc -l)" 0 "but not as long as it was held"
wait $reader
ok "on any CPU" taskset -p ff $$ >/dev/null

ok "a CPU goes offline" offline 3
nok "a command for it" command "verify 2 0,3"
like "$(cat /tmp/error)" "EINVAL" "is refused"
ok "the others" command "verify 2 0-2"
is "$(result)" "0 1 1 1 2 1 " "are served"
ok "it comes back" online 3
nok "but takes no part" command "verify 2 3"
machinectl release $((3 * 0x40000)) 4k
command off
exec 5>&-
wait_for settled 20 "closed: all is armed and optimized again"
is "$(get cores)" 0-3 "on all cores"
is "$(count passes_full)" $((full + 1)) "by a full pass"
is "$(get reason)" ok "nothing to complain about"
is "$(dmesg | grep -c "changed by somebody else")" 0 "nor is anybody blamed for what the benchmark did"

(exec 5<>"$bench" && echo off >&5 && exec sleep 1000) &
wait_for 'state_is stopped && [ "$(armed)" = 0 ]' 10 "a benchmark runs"
kill -KILL $!
wait_for settled 20 "and is killed: all is as before"

exec 5<>"$bench"
put enabled 0
wait_for 'get reason | grep -q administrator' 10 "the administrator stops the module under it"
is "$(armed)" 0 "no core is armed"
nok "a command" command "verify 2 0"
is "$(cat /tmp/error)" ENODEV "is refused"
put enabled 1
wait_for settled 20 "started again, it does not wait for the benchmark"
nok "a command" command on
is "$(cat /tmp/error)" ENODEV "is refused still"
exec 5>&-
put enabled 0
wait_state stopped
nok "when the module is stopped" sh -c "exec 6<>$bench" 2>/tmp/error
like "$(cat /tmp/error)" "No such device" "there is nothing to measure"
is "$(get reason | grep -c administrator)" 1 "it stays stopped"
put enabled 1
wait_for settled 20 "and can be started"

put tune/auto N
full=$(count passes_full)
exec 5<>"$bench"
command clear
exec 5>&-
wait_for settled 20 "with auto=N it is restored as well"
is "$(count passes_full)" $((full + 1)) "by one full pass"
put tune/auto Y

for _ in $(seq 20); do
	put scan full
	exec 5<>"$bench"
	command "verify 1 0-3"
	exec 5>&-
	wait_for 'state_is ready || state_is scanning' 20 || fail "it goes on"
done
wait_for settled 20 "20 times in the middle of passes"
exec 5<>"$bench"
echo processors >/sys/power/pm_test
ok "to sleep and back" sh -c 'echo mem >/sys/power/state'
echo none >/sys/power/pm_test
nok "after a suspend a command" command "verify 2 0"
wait_for settled 30 "the module has gone on without it"
exec 5>&-
wait_for settled 20 "all is well"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
ok "unload" unload
done_testing
