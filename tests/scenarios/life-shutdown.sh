#!/bin/sh
# SNP is shut down at each of 20 points of a running pass, of which make check has 8: the module waits, and nothing is blamed.
# machine: --cores 4 --snp psp --region-nodes 4
# kernel: 7.2/none 7.3/harsh
# timeout: 420
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

tables_equal() { at_rest && get_is cores 0-3 && [ "$(machinectl truth)" = "0 0 4" ] && at_rest; }

# shut_down_at N - by the N-th RMPOPT of a pass; the number of points is what one pass has room for; sets $passes, of before
shut_down_at() {
	local job
	machinectl psp hold snp-shutdown-ex
	rmmod kvm_amd &
	job=$!
	machinectl psp wait snp-shutdown-ex
	# No repetition of a pass before is under way.
	wait_for at_rest 20
	passes=$(get passes)
	machinectl event "$1" psp
	put scan full
	wait $job || return 1
	[ "$(machinectl events | cut -d ' ' -f 1)" = 0 ]
}

# check_point N
check_point() {
	local passes
	shut_down_at "$1" || { fail "point $1: SNP is shut down in the pass"; return; }
	wait_for 'state_is waiting' 10 "point $1: the state becomes waiting" || return
	[ "$(armed)" = 0 ] || fail "point $1: no core is armed"
	# Unless a watch came first, which is not a pass.
	get_is last_result failed || get_is passes "$passes" || fail "point $1: the pass has failed ($(get last_result))"
	get_is requested "$(get served)" || fail "point $1: nobody is left waiting"
	modprobe kvm_amd || fail "point $1: kvm_amd is loaded again"
	wait_for 'state_is ready && tables_equal' 30 || fail "point $1: SNP is initialised again, tables equal the truth"
	get_is reason ok || fail "point $1: no core is left out: $(get reason)"
}

ok "the module loads" load watch_ms="$([ "$(profile)" = kind ] && echo 0 || echo 500)" \
	hooks="$([ "$(profile)" = kind ] && echo Y || echo N)" audit_ms=0 delay_ms=3600000 max_delay_ms=3600000
ok "kvm_amd loads" modprobe kvm_amd
wait_state ready 10
wait_for tables_equal 30 "all is optimized"
dmesg -c >/dev/null
# Verifies by the leader, by the others, and its closing reports. Not counted by the machine: the module
# looks at SNP a few seconds after it was initialised, too.
won=$(get regions_optimized)
total=$(($(get regions_covered) + 4 * won))
diag "a full pass has $total instructions"
cmp_ok $total '>=' 40 "room for 20 points"
point=0
points=$(everyday 8 20)
while [ $point -lt "$points" ]; do
	check_point $((1 + point * (total - 1) / points))
	point=$((point + 1))
done
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
is "$(machinectl count gap-rmpopts) $(machinectl count gap-base-sets) $(machinectl count off-base-sets)" "0 0 0" \
	"nothing was armed or executed before SNP_INIT"
dmesg >/tmp/log
nok "no core was left out, and the state never failed" grep -E 'rmpopt: (failed|.*(left out|not used))' /tmp/log
ok "unload" unload
ok "kvm_amd is unloaded" rmmod kvm_amd
done_testing
