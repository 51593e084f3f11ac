#!/bin/sh
# Nothing tells that SNP_INIT is done: the module looks by a clock of its own, and again after SNP has moved.
# machine: --cores 4 --snp psp --region-nodes 4
# kernel: 7.2/kind 7.3/none
# timeout: 400
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

# Regions that are optimized, as the module believes, and those that can be.
believed() { get optimized | tr , '\n' | awk -F - 'NF { for (i = $1 + 0; i <= $NF; i++) print i }'; }
possible() { machinectl map 11 | awk '$2 == "o" { print $1 }'; }
tables_equal() { at_rest && get_is cores 0-3 && [ "$(machinectl truth)" = "0 0 4" ] && [ "$(believed)" = "$(possible)" ] && at_rest; }
says() { get reason | grep -q "$1"; }
nothing_early() {
	local counter
	for counter in gap-rmpopts gap-base-sets off-base-sets unsafe too-early; do
		is "$(machinectl count $counter)" 0 "$1: $counter is 0"
	done
}

# pauses - between looks at the RMP from the next one on, in ms, until there was one of 7 s or a minute is over
pauses() {
	local at now reads before pause end
	before=$(machinectl count rmpreads)
	wait_for '[ "$(machinectl count rmpreads)" != '"$before ]" 60
	before=$(machinectl count rmpreads)
	at=$(uptime_ms)
	end=$((at + 60000))
	while [ "$at" -lt $end ] && [ "$(uptime_ms)" -lt $end ]; do
		pause 0.2
		reads=$(machinectl count rmpreads)
		[ "$reads" != "$before" ] || continue
		now=$(uptime_ms)
		pause=$((now - at)) before=$reads at=$now
		# One look reads several times.
		[ $pause -ge 500 ] || continue
		echo $pause
		[ $pause -lt 7000 ] || break
	done
}

# --- SNP is initialised when the first guest is made, with kvm_amd loaded long before

ok "kvm_amd loads" modprobe kvm_amd
ok "a VMM starts" vmm one
ok "an ioctl" vm one sev factory-reset
vm one sev pek-gen
is "$(machinectl snp)" "0 0" "has shut SNP down under KVM"
machinectl reset
ok "the module loads, without hooks and watch" load hooks=N watch_ms=0 audit_ms=0
wait_state waiting
wait_for 'says "^SnpEn is not set"' 20 "the reason names SnpEn"

machinectl psp hold snp-init-ex
vm_send one launch a 64K@1
ok "a guest is made, and SNP_INIT is under way" machinectl psp wait snp-init-ex 30
is "$(machinectl snp)" "4 0" "SnpEn is set, SNP_INIT is not done"
wait_for 'says "SNP_INIT is not done"' 20 "the module sees it by itself"
is "$(state)" waiting "it waits"
ok "unload" unload
# From before it loads: what has to be soon is over if the machine is busy.
pauses >/tmp/pauses &
looking=$!
ok "the module loads in the gap" load hooks=N watch_ms=0 audit_ms=0
wait_for 'says "SNP_INIT is not done"' 10 "it waits"
wait $looking
diag "pauses: $(tr '\n' ' ' </tmp/pauses)"
cmp_ok "$(head -n 1 /tmp/pauses)" '<' 4500 "it looks soon"
cmp_ok "$(tail -n 1 /tmp/pauses)" '>=' 7000 "and then less often"
cmp_ok "$(wc -l </tmp/pauses)" '>=' 2 "growing"
is "$(armed)" 0 "no core is armed"
nothing_early "in the gap"
machinectl psp release
like "$(vm_answer one)" "^ok a 8:16" "SNP_INIT is done, and the guest is there"
wait_state ready 20 "the module sees it by itself"
# What the guest has taken since only a look can tell.
wait_for '[ "$(get passes)" -ge 1 ] && at_rest' 20 "a pass follows"
is "$(machinectl truth | cut -d ' ' -f 1,3)" "0 4" "all cores take part"
ok "a scan" scan now
wait_for tables_equal 20 "tables equal the truth"
nok "the guest's region is not optimized" in_list 8 "$(get optimized)"
ok "the guest ends" vm one end a
ok "the VMM ends" vmm_end one
nothing_early "SNP_INIT"
ok "unload" unload
ok "kvm_amd is unloaded" rmmod kvm_amd

# --- SnpEn and assigned pages are left over, as a shutdown of the older kind leaves
# them, when ccp initialises SNP anew: all looks well while tables are emptied

# prepared - SNP_INIT begins: snp_prepare has been called, tables are as they were
prepared() {
	machinectl psp hold snp-init-ex
	modprobe kvm_amd &
	job=$!
	machinectl psp wait snp-init-ex 30
}

# settled_since PASSES - a pass has followed
settled_since() { [ "$(get passes)" -gt "$1" ] && tables_equal; }

# initialised - it ends: the firmware empties tables. The PSP refuses as it has not been shut down.
initialised() { machinectl snp init >/dev/null; }
given_up() {
	machinectl psp release
	wait "$job"
	ok "$1: kvm_amd is unloaded" rmmod kvm_amd
}

machinectl snp enable >/dev/null
initialised
ok "the module loads, with hooks, without watch" load watch_ms=0 audit_ms=0 delay_ms=3600000 max_delay_ms=3600000
wait_state ready
wait_for tables_equal 20 "tables equal the truth"
machinectl reset

# It looks for seven seconds. If they are over before tables are emptied, on a busy machine, once more.
keep_off_leader
for _ in 1 2 3 4 5; do
	passes=$(get passes)
	ok "SNP is about to be initialised" prepared
	wait_for "settled_since $passes" 10 "the module starts over, and sees nothing yet"
	# What it finds out stays undone until that was seen. ("open" alone would release the PSP, too, of which the module
	# is told.)
	machinectl event 1 gate
	initialised
	is "$(machinectl truth)" "0 4 4" "then tables are emptied"
	machinectl wait-gate --timeout 15 && break
	machinectl open
	given_up "too late"
	wait_for tables_equal 20 "tables equal the truth"
done
machinectl open step
wait_for tables_equal 20 "it finds out by itself" || diag "$(get optimized), $(machinectl truth)"
given_up "after a pass"

passes=$(get passes)
ok "SNP is about to be initialised again" prepared
wait_for "settled_since $passes" 10 "the module starts over"
hold_leader 5
put scan full
ok "a pass is in the middle" machinectl wait-gate --timeout 10
initialised
machinectl open step
wait_for tables_equal 20 "tables emptied in the middle of a pass: it finds out by itself" || diag "$(get optimized), $(machinectl truth)"
given_up "in a pass"
is "$(dmesg | grep -cE 'rmpopt: (failed|.*(left out|not used))')" 0 "nothing has failed"
ok "unload" unload

# --- the same without hooks: the watch
ok "the module loads, without hooks" load hooks=N watch_ms=500 audit_ms=0
wait_state ready
wait_for tables_equal 20 "tables equal the truth"
ok "SNP is about to be initialised" prepared
initialised
wait_for tables_equal 20 "tables are emptied: the watch finds out"
hold_leader 5
put scan full
ok "a pass is in the middle" machinectl wait-gate --timeout 10
initialised
machinectl open step
wait_for tables_equal 20 "tables emptied in the middle of a pass: the watch finds out"
given_up "without hooks"
is "$(machinectl count unsafe) $(machinectl count too-early)" "0 0" "no unsafe bit at any time"
ok "unload" unload
written_once
machinectl snp disable >/dev/null
done_testing
