#!/bin/sh
# Guests, SNP, CPUs, the module and the PSP's errors at random: nothing too early, nothing unsafe, the truth in the end.
# RMPOPT_SEED and RMPOPT_STORM_S change the seed and the seconds that it lasts.
# machine: --cores 4 --snp psp --region-nodes 4
# kernel: 7.2/none 7.3/harsh
# timeout: 420
# soak: yes
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh
# shellcheck source=parts/storm.sh
. /rmpopt/parts/storm.sh

# A VMM that was killed has a successor.
vmm_alive() { [ -e /tmp/vmm-storm/pid ] && kill -0 "$(cat /tmp/vmm-storm/pid)"; }
need_vmm() { [ -e /dev/kvm ] && { vmm_alive 2>/dev/null || vmm storm; }; }

guest_begins() {
	need_vmm || return
	random 4
	set -- $((random + 1))
	random 8
	guests=$((guests + 1))
	vm storm launch "g$guests" "$((random * 4 + 4))K@$1" >/dev/null || return
	launched=$((launched + 1))
	living="$living g$guests"
}

guest_ends() {
	for guest in $living; do break; done
	[ -n "$living" ] || return
	living=${living# "$guest"}
	vm storm end "$guest" >/dev/null
}

guests_die() {
	! vmm_alive 2>/dev/null || vmm_kill storm
	living=
}

# SNP goes only when no guest is left.
snp_goes() {
	local before
	guests_die
	before=$(machinectl snp)
	wait_for 'rmmod kvm_amd 2>/dev/null || [ ! -d /sys/module/kvm_amd ]' 20
	# A shutdown that was made to fail leaves it initialised.
	[ "${before#* }" != 1 ] || [ "$(machinectl snp)" != "0 0" ] || cycles=$((cycles + 1))
}

loads=0
change() {
	random 30
	case $random in
	0 | 1 | 2 | 3 | 4 | 5 | 6 | 7) guest_begins ;;
	8 | 9 | 10 | 11 | 12 | 13 | 14) guest_ends ;;
	15) guests_die ;;
	16 | 17) snp_goes ;;
	18 | 19 | 20) modprobe kvm_amd ;;
	21)
		unload
		loads=$((loads + 1))
		one_of Y Y N
		hooks=$word
		one_of tick ipi
		load watch_ms=200 audit_ms=1000 delay_ms=100 max_delay_ms=1000 "hooks=$hooks" "followers=$word" || fail "load $loads"
		;;
	22 | 23)
		random 3
		offline $((random + 1)) || online $((random + 1))
		;;
	24 | 25)
		for cpu in 1 2 3; do online $cpu; done
		;;
	26 | 27)
		one_of now full later cancel
		put scan "$word"
		;;
	28)
		# What makes the kernel leak pages or warn is left out: those regions would not come back.
		one_of launch-start launch-update launch-finish gctx-create snp-init-ex snp-shutdown-ex
		machinectl psp fail "$word" 3
		;;
	29)
		one_of 0 1
		put enabled "$word"
		;;
	esac 2>/dev/null
}

# What must hold at any time; everything else may be in the middle of something.
check_always() {
	local counter
	for counter in unsafe gap-rmpopts gap-base-sets off-base-sets outside; do
		[ "$(machinectl count $counter)" = 0 ] || wrong="$wrong $counter after change $changes ($random)"
	done
}

ok "the module loads" load watch_ms=200 audit_ms=1000 delay_ms=100 max_delay_ms=1000
ok "kvm_amd loads" modprobe kvm_amd
wait_state ready
living=
wrong=
guests=0 launched=0 cycles=0
changes=0
storm_begins
least=$((work_s / 2))
while { in_storm || [ $changes -le $least ] || [ $launched = 0 ] || [ $cycles = 0 ]; } && [ -z "$wrong" ]; do
	change
	changes=$((changes + 1))
	check_always
done
diag "seed ${RMPOPT_SEED:-1}: $changes changes in $seconds s or more, $launched of $guests guests, $cycles times without SNP, $loads loads"
cmp_ok "$changes" '>' $least "a storm"
cmp_ok "$launched" '>' 0 "with guests"
cmp_ok "$cycles" '>' 0 "and times without SNP"
is "$wrong" "" "nothing unsafe, nothing before SNP_INIT, at any time"

machinectl open
guests_die
for cpu in 1 2 3; do online $cpu 2>/dev/null; done
loaded || load watch_ms=200 audit_ms=1000 delay_ms=100 max_delay_ms=1000
put enabled 1
# A shutdown that was made to fail has left SNP initialised; the next one does it.
modprobe kvm_amd
snp_goes
wait_state waiting 20 "SNP is gone: the state is waiting"
is "$(armed)" 0 "no core is armed"
ok "kvm_amd is loaded again" modprobe kvm_amd
wait_state ready
wait_for '[ "$(machinectl truth)" = "0 0 4" ] && get optimized | grep -q "[0-8]-11$" && at_rest' 60 "tables equal the truth, and what guests had is back"
is "$(get cores_behind)" "" "no core is behind"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
did_not_grow
ok "unload" unload
ok "kvm_amd is unloaded" rmmod kvm_amd
done_testing
