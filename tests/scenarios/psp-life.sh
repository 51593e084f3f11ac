#!/bin/sh
# The stock drivers initialise SNP and shut it down; a guest takes a region and gives it back.
# machine: --cores 2 --threads 2 --snp psp --region-nodes 2
# kernel: 7.2/kind 7.3/none
# timeout: 90
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

ok "the module loads before the PSP's driver" modprobe rmpopt
wait_state waiting
put tune/watch_ms 100
ok "kvm_amd loads, and with it ccp" modprobe kvm_amd
is "$(machinectl snp)" "4 1" "SnpEn is set on all CPUs, SNP_INIT is done"
wait_state ready
wait_for 'in_list 8 "$(get optimized)" && at_rest' 20 "a first pass follows: region 8, memory that nobody uses, is optimized"

ok "a VMM starts" vmm one
is "$(vm one launch a 64K@1)" "ok a 8:16" "it launches a guest whose pages lie in region 8"
is "$(machinectl states guest)" 16 "these are all guest pages that there are"
ok "the leaders look" scan now
nok "region 8 is not optimized" in_list 8 "$(get optimized)"
ok "region 9 is" in_list 9 "$(get optimized)"
ok "the guest ends" vm one end a
is "$(machinectl states guest)" 0 "its pages are back"
ok "the VMM ends" vmm_end one
ok "the leaders look" scan now
ok "and region 8 is optimized again" in_list 8 "$(get optimized)"

machinectl reset
ok "kvm_amd is unloaded" rmmod kvm_amd
wait_state waiting
is "$(machinectl snp)" "0 0" "SnpEn is clear on all CPUs"
is "$(armed)" 0 "no core is armed"
for counter in gap-rmpopts gap-base-sets off-base-sets unsafe; do
	is "$(machinectl count "$counter")" 0 "$counter is 0"
done
done_testing
