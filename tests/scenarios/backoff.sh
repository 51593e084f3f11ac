#!/bin/sh
# Back-off: followers are not sent to a region that comes and goes, until a pause that grows has ended.
# machine: --cores 4
# check: kind
# timeout: 120
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

page=$((2 * 0x40000 + 99))
other_page=$((3 * 0x40000 + 99))

# come_and_go PAGE LEFT - a guest has it until LEFT regions are optimized; sets $since: just before
come_and_go() {
	since=$(uptime_ms)
	machinectl assign "$1" 7 4k
	wait_for "get_is regions_optimized $2" 10 || return
	machinectl release "$1" 4k
}

ok "the module loads" load watch_ms=50 audit_ms=0
wait_state ready
wait_for settled 20 "all is optimized"
leader=$(get leaders)

ok "region 2 goes and comes back" come_and_go $page 6
wait_for settled 5 "it is regained"
is "$(get backoff)" "" "nothing is held back"

ok "soon after it goes again and comes back" come_and_go $page 6
begin=$since
wait_for 'get_is backoff 2' 5 "it is held back"
machinectl reset
wait_for '[ "$(machinectl count verifies '"$leader"')" -ge 6 ]' 20 "its leader goes on trying"
is "$(machinectl count interruptions)" 0 "no follower is sent to it"
is "$(get backoff)" 2 "so it is as before"

# Nothing else than the end of the pause wakes the module.
put tune/watch_ms 0
wait_for settled 30 "after the pause it is regained, too"
took=$(($(uptime_ms) - begin))
diag "$took ms after it was lost"
cmp_ok "$took" '>=' 9990 "which lasts 10 s"
cmp_ok "$took" '<' 19990 "and not twice that"
is "$(count last_trigger)" retry "by itself, as the pause ends"
is "$(get backoff)" "" "nothing is held back"
put tune/watch_ms 50

ok "it goes a third time and comes back" come_and_go $page 6
begin=$since
wait_for 'get_is backoff 2' 5 "it is held back"
ok "region 3 goes and comes back meanwhile" come_and_go $other_page 5
wait_for 'get_is optimized 0-1,3-4,6-7' 5 "it is regained at once"
is "$(get backoff)" 2 "while region 2 waits"
wait_for at_rest 5
machinectl reset
wait_for '[ $(($(uptime_ms) - begin)) -ge 11000 ] || get_is backoff ""' 20
is "$(get backoff)" 2 "for longer than the first time"
is "$(machinectl count interruptions)" 0 "no follower is sent to it"
ok "who asks" scan now
ok "gets it at once" settled
is "$(get backoff)" "" "it is held back no more"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
ok "unload" unload
done_testing
