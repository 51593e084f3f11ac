#!/bin/sh
# A CPU that is to go or to come does neither: the kernel fails one state of its hotplug after the other and rolls back,
# before the module's own or after it.
# machine: --cores 4
# check: harsh
# timeout: 150 300
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

fail=/sys/devices/system/cpu/cpu2/hotplug/fail
settled() { at_rest && state_is ready && [ "$(machinectl truth)" = "0 0 4" ] && [ "$(get cores)/$(get cores_behind)" = 0-3/ ] && at_rest; }

[ -e $fail ] || skip_all "this kernel can't make a state of CPU hotplug fail"
states=$(sed -n 's/^ *\([0-9]*\):.*/\1/p' /sys/devices/system/cpu/hotplug/states)
ok "the module loads" load watch_ms=0 audit_ms=0
wait_for settled 30 "all is optimized"

stayed='' late='' wrong=
for state in $(echo "$states" | awk -v step="$(everyday 4 1)" 'NR % step == 0'); do
	# Not all of them can fail.
	echo "$state" >$fail || continue
	if ! offline 2; then
		stayed="$stayed $state"
	elif ! online 2; then
		late="$late $state"
	fi
	echo -1 >$fail
	[ "$(cpus_online)" = 0-3 ] || online 2
	wait_for settled 20 || wrong="$wrong $state"
done 2>/dev/null
diag "it stayed:$stayed; it did not come at first:$late"
is "$wrong" "" "after each of them the tables equal the truth, and nobody is behind"
isnt "$stayed" "" "some made it stay"
isnt "$late" "" "some made it come later"
put tune/watch_ms 100
ok "a full scan" scan full
is "$(machinectl truth) $(get reason)" "0 0 4 ok" "and nothing to complain about"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
ok "unload" unload
done_testing
