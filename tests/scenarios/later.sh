#!/bin/sh
# Requests for later: each begins the quiet period anew, but none waits longer than max_delay_ms.
# So do conversions. Other modules ask, too.
# machine: --cores 4
# build: tests/modules/request tests/modules/convert
# check: harsh
# timeout: 150
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

passed() { [ "$(get passes)" != "$1" ]; }

# stream MS - ask again and again until the first request is served, but no longer; sets $took and $gap: ms,
# from that request to the end of its pass, and the longest time between two requests, and the pass's $trigger
stream() {
	local number begin before now
	begin=$(uptime_ms)
	before=$begin
	gap=0
	put scan later
	number=$(get requested)
	while ! was_served "$number" && [ $((before - begin)) -lt "$1" ]; do
		put scan later
		now=$(uptime_ms)
		[ $((now - before)) -le $gap ] || gap=$((now - before))
		before=$now
		nap
	done
	trigger=$(count last_trigger)
	took=$(($(uptime_ms) - begin))
}

ok "the module loads" load watch_ms=0 audit_ms=0 delay_ms=1500 max_delay_ms=3000
wait_state ready
wait_for had_pass 20 "the first pass"

begin=$(uptime_ms)
put scan later
ok "a request for later" wait_for 'passed 1' 20
cmp_ok $(($(uptime_ms) - begin)) '>=' 1490 "waits for the quiet period"
is "$(count last_trigger)" later "as the trigger says"
is "$(get served)" "$(get requested)" "and is served"

# Other modules, by rmpopt_scan(): 0 is now, 1 later.
ask() { filectl write "/sys/kernel/request/$1" "$2"; }
ok "another module loads" load_test request
for context in task softirq; do
	passes=$(get passes)
	begin=$(uptime_ms)
	is "$(ask $context 1)" ok "it asks for later, by a $context"
	wait_for 'passed "$passes"' 20 "there is a pass"
	cmp_ok $(($(uptime_ms) - begin)) '>=' 1490 "after the quiet period"
	is "$(count last_trigger)" later "as the trigger says"
	wait_for at_rest 10
	passes=$(get passes)
	is "$(ask $context 0)" ok "it asks for now, by a $context"
	wait_for 'passed "$passes" && at_rest' 20 "there is a pass"
	is "$(count last_trigger)" request "which has not waited"
	number=$(get requested)
	is "$(ask $context 2)" EINVAL "there is nothing else to ask for, by a $context"
	is "$(get requested)" "$number" "which is no request"
done
put enabled 0
wait_state stopped
for context in task softirq; do
	is "$(ask $context 0) $(ask $context 1)" "ENODEV ENODEV" "stopped: refused, by a $context"
done
put enabled 1
wait_state ready
wait_for 'at_rest && get_is cores_behind ""' 20 "all is optimized again"
ok "the other module goes" rmmod request

# Longer than a busy machine needs for what follows.
put tune/delay_ms 5000
put tune/max_delay_ms 5000
# A pass in which a core was late has a retry, on a busy machine: once more then.
for _ in 1 2 3 4 5; do
	wait_for at_rest 10
	passes=$(get passes)
	hold_leader 4
	put scan full
	number=$(get requested)
	wait_for '[ "$(machinectl events)" = "0 1" ]' 10 "a pass is held"
	put scan later
	machinectl open
	wait_for 'was_served "$number"' 10 "it ends"
	served=$(get served)
	wait_for 'get_is served "$(get requested)"' 30 "who asks meanwhile for later is served"
	trigger=$(count last_trigger)
	came=$(($(get passes) - passes))
	[ $came -gt 2 ] || break
done
is "$served" "$number" "but not by that one"
is "$trigger" later "as the trigger says"
is "$came" 2 "but by the next one"

for _ in 1 2 3 4 5; do
	wait_for at_rest 10
	passes=$(get passes)
	put scan later
	put scan now
	wait_for 'passed "$passes"' 10 "who asks for now while a request for later waits"
	wait_for 'get_is served "$(get requested)"' 30 "is served at once, and all requests before it"
	first=$(count last_trigger)
	wait_for '[ "$(get passes)" -gt $((passes + 1)) ]' 30 "the pass after the quiet period comes all the same"
	trigger=$(count last_trigger)
	came=$(($(get passes) - passes))
	[ $came -gt 2 ] || break
done
is "$first $trigger" "request later" "as the triggers say"
is "$came" 2 "and no more"

put tune/delay_ms 1500
put tune/max_delay_ms 3000
for round in first second; do
	# Whoever stands still for so long between two requests leaves a quiet period.
	for _ in 1 2 3 4 5; do
		wait_for at_rest 10
		stream 20000
		[ "$gap" -ge 1500 ] || break
	done
	diag "$round stream: a pass after $took ms, at most $gap ms between two requests"
	cmp_ok "$gap" '<' 1500 "a stream of requests leaves no quiet period"
	cmp_ok "$took" '>=' 2990 "it puts the pass off"
	cmp_ok "$took" '<' 20000 "but not beyond max_delay_ms"
	is "$trigger" later "the pass is theirs"
	wait_for at_rest 10 "all of them are served in the end"
done

put tune/delay_ms 60000
put tune/max_delay_ms 500
begin=$(uptime_ms)
passes=$(get passes)
put scan later
ok "max_delay_ms below delay_ms" wait_for 'passed "$passes"' 20
cmp_ok $(($(uptime_ms) - begin)) '>=' 490 "is what counts"

# A guest gives its pages back, and somebody asks when that begins.
page=$((4 * 0x40000 + 0x8063))
convert() { echo "$*" >/sys/kernel/convert/do; }

# flow MS - pages come back one after the other until the request is served, but no longer; sets $took and $gap as above
flow() {
	local now begin before
	read_uptime
	begin=$now before=$now gap=0
	put scan later
	number=$(get requested)
	while ! was_served "$number" && [ $((now - begin)) -lt "$1" ]; do
		convert shared "$page"
		read_uptime
		[ $((now - before)) -le $gap ] || gap=$((now - before))
		before=$now
		nap
	done
	read_uptime
	took=$((now - begin))
}

# unbroken MS - such a stream, again if this machine stood still for so long that it was quiet
unbroken() {
	for _ in 1 2 3 4 5; do
		wait_for at_rest 30
		flow "$1"
		[ "$gap" -ge 1500 ] || break
	done
	diag "a stream of $took ms, at most $gap ms between two pages"
	cmp_ok "$gap" '<' 1500 "a stream of conversions leaves no quiet period"
}

put tune/delay_ms 1500
put tune/max_delay_ms 60000
ok "pages can be converted" load_test convert
unbroken 4000
nok "a request for later waits for its end" was_served "$number"
wait_for 'was_served "$number"' 30 "and is served after it"
is "$(count last_trigger)" later "as the trigger says"
put tune/max_delay_ms 3000
unbroken 20000
ok "but it does not wait for ever" was_served "$number"
cmp_ok "$took" '>=' 2990 "nor less than max_delay_ms"
wait_for at_rest 10
ok "no page is converted any more" rmmod convert
ok "a scan" scan now

put tune/delay_ms 60000
put tune/max_delay_ms 60000
for file in delay_ms max_delay_ms; do
	wait_for at_rest 10
	put scan later
	number=$(get requested)
	put tune/$file 500
	wait_for 'was_served "$number"' 20 "a request that waits obeys a new $file"
	put tune/$file 60000
done

wait_for at_rest 10
passes=$(get passes)
put scan later
put scan now
number=$(get requested)
ok "a request for now does not wait" wait_for 'passed "$passes"' 20
wait_for 'get_is served "$number"' 10 "and is served"
put scan cancel
wait_for at_rest 10 "the one that still waits can be cancelled"
is "$(get last_result)" cancelled "as the result says"
ok "unload" unload
done_testing
