#!/bin/sh
# rmpoptctl on a terminal: a bar, a live view, colours; and exit code 64.
# machine: --cores 4
# check: harsh
# timeout: 120
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

# on WIDTH COMMAND... - on a terminal; what comes out is in /tmp/tty, typed is what goes to descriptor 4
on() {
	local width=$1
	shift
	TERM=xterm pty run "${width}x24" /tmp/tty "$@" </tmp/keys
}
screen() { pty show "${1}x24" </tmp/tty; }
# The longest line that was ever written, drawn over or not, without colours.
longest() { tr '\r' '\n' </tmp/tty | sed "s/${escape}\[[0-9;]*[A-Za-z]//g" | awk 'length > n { n = length } END { print n + 0 }'; }
written() { grep -q -- "$1" /tmp/tty; }
# Pictures that watch has drawn.
pictures() { grep -c "${escape}\[H" /tmp/tty; }
# Without how long ago something was, which may also change where a line ends.
timeless() { tr -s ' \n' ' ' | sed -E 's/, [0-9]+ (s|min) ago//'; }
# ended PID - its exit code in $code
ended() { wait "$1"; code=$?; }
# A full scan that stands still after four of its instructions.
held_scan() {
	: >/tmp/tty
	machinectl event 5 gate
	on "$1" rmpoptctl scan --full --wait 4>&- &
	tty=$!
	wait_for 'written "50 %"' 10 "$2"
}
let_go() { machinectl open && wait_for settled 20; }

escape=$(printf '\033')
rm -f /tmp/keys
mkfifo /tmp/keys
exec 4<>/tmp/keys
ok "the module loads" load watch_ms=0 audit_ms=0
wait_state ready
wait_for settled 20 "all is optimized"
leader=$(get leaders)

# A held follower: the pass ends without it. This script is on the leader's CPU, which is not held.
taskset -pc "$leader" $$ >/dev/null
machinectl event 2 gate "$(all_cpus | grep -vx "$leader" | tail -n 1)"
TERM=xterm rmpoptctl scan --full --wait >/tmp/out 2>/tmp/err 4>&-
is $? 64 "scan --wait: exit code 64 if the pass was partial"
like "$(cat /tmp/out)" "^partial: [0-6] of 8 GiB optimized" "which it says"
like "$(tail -n 1 /tmp/err)" "rmpoptctl: the pass was partial: .*rmpoptctl cores" "and what to do"
is "$(sed '$d' /tmp/err | grep -cv '^[0-9]* of [0-9]* instructions$')" 0 "progress is told in plain lines"
cmp_ok "$(wc -l </tmp/err)" '>' 1 "of which there are some"
is "$(rmpoptctl cores -n -o cpu,behind | awk '$2 == "yes" { print $1 }')" "$(get cores_behind)" "cores shows who is behind"
ok "it catches up" let_go

# From here on the leader is held, so this script is elsewhere.
taskset -pc "$(all_cpus | grep -vx "$leader" | tail -n 1)" $$ >/dev/null
for width in 12 24 60 200; do
	# On a busy machine the pass may be partial: once more then.
	for _ in 1 2 3 4 5; do
		held_scan "$width" "$width columns: progress is drawn"
		machinectl open
		ended $tty
		[ $code = 64 ] || break
		wait_for settled 20
	done
	is "$code" 0 "the scan ends well"
	cmp_ok "$(longest)" '<=' "$width" "nothing that is written is wider"
	is "$(screen "$width" | sed -n '1s/.* \([0-9]* [a-z]* [a-z]*\)$/\1/p')" "0 shown plain" "the terminal is left clean"
	like "$(screen "$width" | sed -n 2p)" "100 %$" "after 100 %"
	is "$(screen "$width" | grep -c "%")" 1 "with one bar only"
	like "$(screen "$width" | sed 1,2d | tr -s ' \n' ' ')" "ok: 7 of 8 GiB optimized; took .* on other cores\)" "and the result"
	wait_for settled 20
done
bar=$(tr '\r' '\n' </tmp/tty | grep "50 %" | head -n 1 | sed 's/, about [0-9]* s left//')
is "$bar" "[####################....................]  50 %  4 of 8${escape}[K" "a bar of 40 where there is room"
cmp_ok "$(tr -dc '\r' </tmp/tty | wc -c)" '>' 2 "it is drawn over itself"
is "$(screen 200 | sed -n 2p)" "[########################################] 100 %" "up to its end"

# Ctrl-C and SIGTERM while it is drawn.
for end in "Ctrl-C 130" "SIGTERM 143"; do
	held_scan 60 "${end% *}: a scan is waited for"
	number=$(get requested)
	if [ "${end% *}" = Ctrl-C ]; then printf '\003' >&4; else kill -TERM "$(pidof rmpoptctl)"; fi
	ended $tty
	is "$code" "${end#* }" "${end% *}: it dies of that"
	is "$(screen 60)" "cursor 1 0 shown plain
rmpoptctl: request $number continues; rmpoptctl watch shows it" "the bar is gone, the cursor where it belongs"
	cmp_ok "$(get served)" '<' "$number" "the pass still runs"
	ok "and goes on" let_go
	cmp_ok "$(get served)" '>=' "$number" "until it is done"
done

# watch: what it shows after many pictures is what status shows.
for end in Ctrl-C SIGTERM; do
	machinectl assign 0x80000 5 4k
	: >/tmp/tty
	on 60 rmpoptctl watch 4>&- &
	tty=$!
	wait_for 'written "Last pass"' 20 "watch draws"
	scan now
	wait_for '[ "$(screen 60 | grep -c "6 of 8 GiB")" = 1 ]' 10 "and again, when something happens"
	machinectl release 0x80000 4k
	scan now
	wait_for '[ "$(screen 60 | grep -c "7 of 8 GiB")" = 1 ]' 10 "and again"
	wait_for settled 20
	drawn=$(pictures)
	wait_for "[ \"\$(pictures)\" -gt $drawn ]" 10 "$end: by itself, too"
	if [ "$end" = Ctrl-C ]; then printf '\003' >&4; else kill -TERM "$(pidof rmpoptctl)"; fi
	ended $tty
	is "$code" 0 "it ends well by $end"
	watched=$(screen 60)
	cmp_ok "$(longest)" '<=' 60 "nothing is wider than the terminal"
	on 60 rmpoptctl status
	is "$(printf '%s\n' "$watched" | sed 1,3d | timeless)" "$(screen 60 | sed 1d | timeless)" "the picture is that of status, nothing else is left on the screen"
	is "${watched%%
*}" "cursor $(printf '%s\n' "$watched" | sed 1d | wc -l) 0 shown plain" "the cursor is below it"
done

# map and colours
plain=$(rmpoptctl map)
for width in 32 60; do
	on "$width" rmpoptctl map
	cmp_ok "$(longest)" '<=' "$width" "map fits $width columns"
	is "$(screen "$width" | sed 1d | tr -s ' \n' ' ')" "$(printf '%s\n' "$plain" | tr -s ' \n' ' ')" "and is whole"
done
coloured() { grep -c "${escape}\[[0-9;]*m" /tmp/tty; }
on 80 rmpoptctl map
cmp_ok "$(coloured)" '>' 0 "map is in colour on a terminal"
on 80 rmpoptctl map --color=never
is "$(coloured)" 0 "but not with --color=never"
NO_COLOR=1 on 80 rmpoptctl map
is "$(coloured)" 0 "nor with NO_COLOR"
is "$(TERM=xterm rmpoptctl map | grep -c "$escape")" 0 "nor where there is no terminal"
ok "unload" unload
rm -f /tmp/keys /tmp/tty /tmp/out /tmp/err
done_testing
