#!/bin/sh
# How rmpoptctl lab ends where not all is as it should be: steps that are declined or skipped, a rmpopt that was stopped, modprobe.d, Ctrl-C late and early.
# machine: --cores 2 --threads 2
# profiles: kind
# programs: env
# timeout: 300
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2154,SC2317
. /rmpopt/lib.sh
# shellcheck source=parts/lab.sh
. /rmpopt/parts/lab.sh

is_complete() { awk -F '[:, ]+' '/^  "complete"/ { print $3 }' "$report/lab.json"; }
conf=/etc/modprobe.d/test.conf
mkdir -p /etc/modprobe.d

# in_call NUMBER... - is the tool in one of these system calls?
in_call() {
	local call rest
	read -r call rest 2>/dev/null <"/proc/$tool/syscall" || return 1
	[ "$call" = "$1" ]
}

# --- what is missing

host_before
run_lab --steps core
is "$status $(is_complete) $(step_states | paste -sd ',')" "64 false host done,core skipped" "a step that can't run is missing"
host_as_before "a skipped step"
rm -rf "$report"
printf 'y\ny\nn\n' | rmpoptctl lab --output "$report" --steps arm >/dev/null 2>&1
is "$? $(is_complete) $(step_states | paste -sd ',')" "64 false host done,arm declined" "so is one that was declined"
run_lab --steps arm
is "$status $(is_complete) $(step_states | paste -sd ',')" "0 true host done,arm done" "those that nobody asked for are not"
host_as_before "all steps"

# --- rmpopt was stopped

ok "rmpopt loads" load scan_on_load=0 watch_ms=0
wait_state ready
put enabled 0
wait_state stopped
host_before
run_lab --steps passes
is "$status $(is_complete) $(grep -c '"algorithm": "rmpopt"' "$report/lab.json")" "64 false 0" "its own passes are not measured"
like "$out" "^rmpopt's own passes are not measured, or not all of them: it was stopped before" "it says why"
like "$(grep '"why"' "$report/lab.json")" 'it was stopped before' "and so does the report"
host_as_before "rmpopt was stopped"

# --- modprobe.d

echo 'install rmpopt_lab /bin/true' >$conf
run_lab --steps host
is "$status" 1 "another command is run instead of loading rmpopt_lab"
like "$out" 'rmpopt_lab can.t be loaded: modprobe.d has "install rmpopt_lab /bin/true"' "it says so"
host_as_before "without the laboratory's module"
echo 'install rmpopt /bin/true' >$conf
run_lab --steps host
is "$status" 1 "the same with rmpopt, in the end"
like "$out" 'rmpopt was not restored to its earlier state: modprobe.d has "install rmpopt /bin/true"' "it says so"
is "$(lab_loaded && echo loaded)/$(loaded && echo loaded)" / "both are gone"
rm $conf

# --- Ctrl-C

# A file in debugfs that is open keeps rmpopt from being unloaded.
ok "rmpopt loads" load scan_on_load=0 watch_ms=0
wait_state ready
host_before
exec 5</sys/kernel/debug/rmpopt/segments
begin host
begun=$(uptime_ms)
wait_for 'in_call 230' 20 "it waits for rmpopt, which can't be unloaded"
kill -INT $tool
wait $tool
is "$?" 130 "Ctrl-C ends that"
cmp_ok "$(($(uptime_ms) - begun))" '<' 90000 "at once, and not after two minutes"
exec 5<&-
host_as_before "Ctrl-C at the beginning"

ok "rmpopt is unloaded" unload
host_before
segments=/sys/kernel/debug/rmpopt/segments
# keep_loaded - from the time on at which rmpopt is loaded, until $keeper is killed
keep_loaded() {
	rm -f /tmp/kept
	{
		until [ -e $segments ]; do nap; done
		exec 5<$segments
		: >/tmp/kept
		while :; do pause 1; done
	} &
	keeper=$!
}
# It is loaded for less than a second; whoever misses that tries again. A task that has ended has no exe.
for _ in 1 2 3 4 5; do
	keep_loaded
	begin passes
	wait_for '[ -e /tmp/kept ] || [ ! -e /proc/$tool/exe ]' 60
	[ ! -e /tmp/kept ] || break
	kill "$keeper"
	wait $tool
done
ok "its own passes are measured" [ -e /tmp/kept ]
wait_for 'in_call 61' 60 "they are done, and the caretaker can't unload it"
kill -INT $tool
kill "$keeper"
wait "$keeper" 2>/dev/null
wait $tool
is "$?" 130 "Ctrl-C while the host is restored counts"
is "$(is_complete)" true "the report is whole"
host_as_before "Ctrl-C at the end"
done_testing
