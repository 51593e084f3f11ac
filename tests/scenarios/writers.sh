#!/bin/sh
# Users: 50 writers at once; garbage is refused whole; requests are numbered and served.
# machine: --cores 4
# check: kind
# timeout: 200
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

ok "the module loads" load duty=100
wait_state ready
wait_for settled 20 "all is optimized"

# Garbage. Each of these must be refused with EINVAL and change nothing. (An empty write never reaches a module.)
before=$(cat $rmpopt/enabled $rmpopt/tune/* $rmpopt/requested)
set -- ' ' '-1' '+5' '2 ' '1 1' 'x' '0x10' '99999999999999999999' 'now,full' 'NOW' '1\n1' '\0' '50us' '4294967346' 'now\0x' '1\050' '50\0junk'
each_refused=$(for _ in "$@"; do printf 'EINVAL '; done)
for file in scan enabled stats/worst_slice_ns stats/worst_slice_cpu $(cd $rmpopt && ls tune/*); do
	is "$(filectl write "$rmpopt/$file" "$@" | tr '\n' ' ')" "$each_refused" "garbage in $file is refused with EINVAL, each of $*"
done
is "$(cat $rmpopt/enabled $rmpopt/tune/* $rmpopt/requested)" "$before" "and has changed nothing"
# limits NAME - the documented ones: "LOW HIGH", or "LOW HIGH 0" if 0 is allowed as well
limits() {
	awk -v "name=tune/$1" '
		/^What:/ { here = here ? here : $2 ~ name "$" }
		here && !NF { exit }
		here { text = text " " $0 }
		END {
			gsub(/[ \t]+/, " ", text)
			match(text, /[0-9]+ to [0-9]+/)
			split(substr(text, RSTART, RLENGTH), limit, " to ")
			print limit[1], limit[2], (text ~ / 0: / ? "0" : "")
		}' "$here"/doc/ABI/sysfs-kernel-rmpopt
}
for name in delay_ms max_delay_ms watch_ms audit_ms slice_us duty parallel; do
	before=$(get tune/$name)
	# shellcheck disable=SC2046
	set -- $(limits $name)
	like "$*" '^[0-9]+ [0-9]+( 0)?$' "limits of $name are documented: $*"
	for value in "$@"; do
		ok "$name takes $value" put tune/$name "$value"
		is "$(get tune/$name)" "$value" "and shows it"
	done
	for value in $(($1 - 1)) $(($2 + 1)); do
		[ "$value" = "${3:-}" ] || is "$(filectl write "$rmpopt/tune/$name" "$value")" EINVAL "$name refuses $value"
	done
	put tune/$name "$before"
done
for value in n 0 N; do
	ok "auto takes $value" put tune/auto $value
	is "$(get tune/auto)" N "which means N"
done
for value in y 1 Y; do
	ok "auto takes $value" put tune/auto $value
	is "$(get tune/auto)" Y "which means Y"
done
for file in state reason requested served passes progress last_result covered optimized cores leaders stats/slices; do
	nok "$file can't be written" put "$file" 1 2>/dev/null
done
put tune/duty 100

# Requests.
number=$(get requested)
put scan now
put scan full
is "$(get requested)" $((number + 2)) "each accepted request gets a number"
wait_for "[ \"\$(get served)\" = $((number + 2)) ]" 20 "and is served"

put tune/delay_ms 300
begin=$(uptime_ms)
put scan later
wait_for "[ \"\$(get served)\" = $((number + 3)) ]" 20 "a delayed scan comes"
cmp_ok $(($(uptime_ms) - begin)) '>=' 290 "but waits before"
is "$(count last_trigger)" later "with its own trigger"

put tune/delay_ms 60000
put scan later
put scan cancel
wait_for "[ \"\$(get served)\" = $((number + 5)) ]" 20 "a cancelled request is served too"
is "$(get last_result)" cancelled "and says so"

# Again, if there was a third pass, as a core was late.
for _ in 1 2 3 4 5; do
	hold_leader 3
	put scan full
	ok "a pass is held in the middle" machinectl wait-gate --timeout 10
	like "$(get progress)" '^[0-9]+ [1-9][0-9]*$' "progress shows it"
	is "$(state)" scanning "so does state"
	is $(($(get requested) - $(get served))) 1 "the request is not served before the pass has ended"
	during=$(get passes)
	put scan now
	put scan now
	is "$(get passes)" "$during" "requests during a pass"
	machinectl open
	wait_for at_rest 20 "are not lost"
	[ "$(get passes)" -gt $((during + 2)) ] || break
	wait_for settled 20
done
is "$(get passes)" $((during + 2)) "one pass serves both"

hold_leader 3
put scan full
ok "a pass is held in the middle" machinectl wait-gate --timeout 10
put scan cancel
machinectl open
wait_for at_rest 20 "cancel ends it"
is "$(get last_result)" cancelled "last_result says so"
ok "and a new scan" scan_whole full
is "$(get last_result)" ok "is not affected"

# poll()
poll_begin served 20
put scan now
ok "and is woken up" wait $polling
poll_begin state 20
put enabled 0
ok "and is woken up" wait $polling
put enabled 1
wait_for settled 20 "all is optimized again"
put scan later
poll_begin served 20
put enabled 0
ok "stopped, while a request for later waits: who polls is woken up" wait $polling
is "$(get served) $(get last_result)" "$(get requested) cancelled" "the request is served: it was cancelled"
put enabled 1
wait_for settled 20 "all is optimized again"

# 50 writers.
for writer in $(seq 50); do
	(
		for round in 1 2 3 4 5 6; do
			case $(((writer + round) % 5)) in
			0) put enabled 0 ;;
			1) put enabled 1 ;;
			2) put scan now ;;
			3) put scan full ;;
			4) put scan cancel ;;
			esac 2>/dev/null
		done
		true
	) &
done
wait
pass "50 writers on scan and enabled have ended"
put enabled 1
wait_for 'state_is ready && at_rest' 20 "the module is ready"
ok "a scan" scan full
wait_for settled 20 "all is optimized"
is "$(get served)" "$(get requested)" "every request was served"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
ok "unload" unload

# Parameters.
for parameter in slice_us=9 slice_us=1001 slice_us=x slice_us= duty=0 duty=101 parallel=-1 parallel=1x delay_ms=86400001 \
	watch_ms=1 cpus=x cpus= cpus=64 cpus=3-1 coverage= coverage=x coverage=1- coverage=9-5 coverage=4000 \
	scan_on_load=maybe init_check=7 disable=what; do
	load "$parameter" 2>/tmp/error && { unload; fail "$parameter is refused"; continue; }
	like "$(cat /tmp/error)" "Invalid" "$parameter is refused"
done
nok "disable=1 refuses" load disable=1 2>/dev/null
nok "nothing is left" loaded
written_once
done_testing
