#!/bin/sh
# SNP comes and goes as the stock drivers make it: never an instruction before SNP_INIT is done, no hook needed.
# machine: --cores 4 --snp psp --region-nodes 4
# kernel: 7.2/kind 7.3/none
# timeout: 300
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

tables_equal() { at_rest && get_is cores 0-3 && [ "$(machinectl truth)" = "0 0 4" ] && at_rest; }
became() { dmesg | grep -c "rmpopt: $1: "; }

# nothing_early WHEN - no core was armed and no RMPOPT executed where they must not be
nothing_early() {
	local counter
	for counter in gap-rmpopts gap-base-sets off-base-sets unsafe too-early; do
		is "$(machinectl count $counter)" 0 "$1: $counter is 0"
	done
}

# unready - kvm_amd goes
unready() {
	ok "kvm_amd is unloaded" rmmod kvm_amd
	wait_state waiting "$1"
	is "$(armed)" 0 "RMPOPT_EN has gone with SNP"
	is "$(get regions_optimized)" 0 "nothing is believed any more"
}

get_ready() {
	ok "kvm_amd is loaded" modprobe kvm_amd
	wait_state ready "$1"
	wait_for 'get optimized | grep -q "[0-8]-11$" && tables_equal' 30 \
		"a pass by itself: regions that nobody uses are optimized, tables equal the truth"
}

# --- with hooks; nothing but them can tell anything
ok "the module loads before ccp" load watch_ms=0 audit_ms=0 delay_ms=500
wait_state waiting
like "$(get reason)" "SnpEn" "and says what it waits for"
is "$(get hooks)" "rmp_make_shared snp_prepare snp_shutdown kvm_amd ccp" "all hooks are attached"
get_ready 15
nothing_early "SNP_INIT"
unready 15
get_ready 15
unready 15
nothing_early "SNP_INIT, twice"

# SnpEn is set, SNP_INIT takes its time.
ok "the PSP takes its time" machinectl psp hold snp-init-ex
modprobe kvm_amd &
ok "SNP_INIT is under way" machinectl psp wait snp-init-ex
is "$(machinectl snp)" "4 0" "SnpEn is set on all CPUs"
put tune/watch_ms 20
wait_for 'get reason | grep -q SNP_INIT' 10 "the reason names SNP_INIT"
is "$(state)" waiting "it waits"
is "$(armed)" 0 "no core is armed"
put tune/watch_ms 0
machinectl psp release
wait "$!"
wait_state ready 15
wait_for tables_equal 30 "a pass by itself: tables equal the truth"
nothing_early "in the gap"
unready 15

# SNP_INIT fails; SnpEn stays.
ok "SNP_INIT is going to fail" machinectl psp fail snp-init-ex 3
ok "kvm_amd is loaded" modprobe kvm_amd
is "$(machinectl snp)" "4 0" "SnpEn is set, SNP is not initialised"
wait_for 'get reason | grep -q "SNP_INIT is not done or has failed"' 5 "the reason says so"
is "$(state)" waiting "it waits"
is "$(armed)" 0 "no core is armed"
nothing_early "a failed SNP_INIT"
ok "kvm_amd is unloaded" rmmod kvm_amd
get_ready 15
unready 15

# A CPU is offline: the kernel does not even try.
ok "a CPU is offline" offline 3
ok "kvm_amd is loaded" modprobe kvm_amd
is "$(machinectl snp | cut -d ' ' -f 2)" 0 "SNP is not initialised"
wait_state waiting 15
like "$(get reason)" "all CPUs are online" "the reason names the fix"
ok "it comes back" online 3
ok "kvm_amd is unloaded" rmmod kvm_amd
get_ready 15
ok "a CPU goes when SNP is initialised" offline 3
ok "and comes back" online 3
wait_for tables_equal 30 "it catches up"
nothing_early "CPUs"

# The module is loaded and unloaded while SNP is on; the drivers are not held.
ok "unload" unload
is "$(armed)" 4 "tables stay in use"
ok "the module loads after SNP_INIT" load watch_ms=0 audit_ms=0 delay_ms=500
wait_state ready 15
wait_for tables_equal 30 "tables equal the truth"
unready 15
ok "ccp is unloaded" rmmod ccp
get_ready 15

# Ioctls of /dev/sev shut SNP down under KVM, or initialise it and shut it down again.
ok "a VMM starts" vmm one
ok "FACTORY_RESET" vm one sev factory-reset
# Whatever comes of the command itself: ccp initialises for it and shuts down after it.
vm one sev pek-gen
is "$(machinectl snp)" "0 0" "SNP is shut down, kvm_amd is still loaded"
wait_state waiting 5
is "$(armed)" 0 "RMPOPT_EN has gone with SNP"
ok "the VMM ends" vmm_end one
ok "kvm_amd is unloaded" rmmod kvm_amd
get_ready 15

nothing_early "ioctls"
is "$(became failed)" 0 "it was never in state failed"
ok "unload" unload

# --- without hooks: the watch alone
ok "the module loads, hooks=N" load watch_ms=200 audit_ms=0 hooks=N
is "$(get hooks)" "none: the parameter hooks is N" "no hook is attached"
wait_state ready 15
wait_for tables_equal 30 "tables equal the truth"
unready 15
get_ready 15

# Off and on again between two looks. After SNP_INIT there are two more by themselves, seconds later.
looks_are_over() {
	local wakeups
	wakeups=$(worker_wakeups)
	pause 4
	[ "$(worker_wakeups)" = "$wakeups" ]
}
put tune/watch_ms 3600000
wait_for tables_equal 10
wait_for looks_are_over 60 "the module sleeps"
passes=$(get passes)
ok "kvm_amd is unloaded" rmmod kvm_amd
ok "and loaded again" modprobe kvm_amd
is "$(state) $(get passes)" "ready $passes" "nobody has noticed"
put tune/watch_ms 100
wait_for '[ "$(get passes)" -gt '"$passes"' ] && tables_equal' 30 "the next watch mends it"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
is "$(machinectl count gap-rmpopts) $(machinectl count gap-base-sets)" "0 0" "nothing was executed in the gap"
is "$(became failed)" 0 "it was never in state failed"
ok "unload" unload
written_once
ok "kvm_amd is unloaded" rmmod kvm_amd
done_testing
