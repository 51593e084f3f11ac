#!/bin/sh
# The laboratory leaves RMPOPT_BASE as it was: after Ctrl-C, if it is killed, after a surprise, and with bits that nobody knows.
# machine: --cores 3 --threads 2
# boot: own
# profiles: kind
# check: none
# programs: env
# timeout: 400
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2154,SC2317
. /rmpopt/lib.sh
. /rmpopt/parts/lab.sh

# Not where instructions are held.
taskset -p 2 $$ >/dev/null
surprise() { awk -F '"' '/^  "surprise"/ { print $4 }' "$report/lab.json"; }

# held N STEP - its N-th RMPOPT
held() {
	machinectl event "$1" gate
	begin "$2"
	machinectl wait-gate --timeout 300 || fail "RMPOPT $1 of step $2"
}

ok "RMPOPT is in use" load init_check=0
wait_state ready
ok "and rmpopt is unloaded" unload
machinectl clearable on
before=$(bases)
host_before

# The report in front of the write that clears RMPOPT_EN.
held 5 base
kill -INT "$tool"
machinectl open
ended 130 "Ctrl-C in front of the write that clears RMPOPT_EN"
is "$(bases)" "$before" "it was set again"
held 5 base
kill -KILL "$tool"
machinectl open
ended 137 "SIGKILL there"
host_as_before "SIGKILL in step base"
is "$(bases)" "$before" "it was set again"

# As if the core had lost it while it was offline, with its table.
for signal in 0 INT; do
	held 2 offline
	machinectl wrmsr 4 0xc0010139 0
	kill -"$signal" "$tool"
	machinectl open
	ended "$([ "$signal" = INT ] && echo 130 || echo 64)" "signal $signal: a core loses RMPOPT_BASE"
	is "$(bases)" "$before" "signal $signal: it was set again"
	host_as_before "signal $signal"
done

machinectl base-bits 0x1000000000000006
run_lab --steps base,offline
is "$status/$(surprise)" "0/" "bits that nobody knows are no surprise"
is "$(answers_of "$report/lab.json" | grep -e '-base \|^en-clear ' | paste -sd ,)" "en-clear cleared,other-base taken-emptied,same-base kept" "answers are those without them"
like "$(paste -sd ' ' "$report/lab.json")" '"rmpopt_base": *\{ *"0x1000000000000007": *3' "the report shows them"
machinectl base-bits 0
is "$(bases)" "$before" "and nothing was changed"
host_as_before "unknown bits"
done_testing
