#!/bin/sh
# What the module wants itself survives somebody's request that is cancelled before it was begun.
# machine: --cores 4
# check: harsh
# timeout: 90
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

# The leader is held in an audit that began when the core had been taken back. If
# it had not responded by then, on to the next audit.
held_behind() {
	[ "$(machinectl events)" = "0 1" ] || return 1
	in_list "$victim" "$(get cores)" && return
	machinectl event 7 gate "$leader"
	machinectl open step
	return 1
}

ok "the module loads" load watch_ms=0 audit_ms=0
wait_state ready
wait_for settled 20 "all is optimized"
leader=$(get leaders)
victim=$([ "$leader" = 3 ] && echo 2 || echo 3)
# Nothing but the held RMPOPT is on the leader's CPU.
ok "on another CPU" taskset -pc "$(all_cpus | grep -vx -e "$leader" -e "$victim" | head -n 1)" $$ >/dev/null

# Without SnpEn it can't be armed, so that trying it again is no pass.
syscfg=$(machinectl rdmsr "$victim" 0xc0010010)
machinectl wrmsr "$victim" 0xc0010010 $((syscfg & ~(1 << 24)))
put scan full
wait_for '! in_list "$victim" "$(get cores)" && at_rest' 20 "a core is left out"
# That pass was cut short, and is repeated soon unless another one succeeds.
ok "a scan without it" scan full

# Two audits in a row are held: the core is taken back between them. So the pass
# for it is wanted, and can't begin, while the second one is held.
machinectl event 1 gate "$leader"
put tune/audit_ms 10
wait_for '[ "$(machinectl events)" = "0 1" ]' 20 "the leader is held in an audit"
ok "the core could be armed" machinectl wrmsr "$victim" 0xc0010010 "$syscfg"
ok "and is to be tried at once" put enabled 1
machinectl event 9 gate "$leader"
machinectl open step
wait_for held_behind 20 "it is taken back; the leader is held in the next audit"
is "$(get cores_behind)" "$victim" "the core is behind: a pass is wanted"
ok "somebody asks for a scan" put scan now
ok "and cancels it" put scan cancel
machinectl open
put tune/audit_ms 0
wait_for settled 20 "the core is optimized all the same"
is "$(count last_trigger)" hotplug "by the pass that the module wanted"
is "$(get served)" "$(get requested)" "nobody is left waiting"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
ok "unload" unload
done_testing
