# shellcheck shell=dash source=lib.sh
# The PSP on a host of another kind: up, one guest, down. Arguments: a node, and
# the region that its memory is in.
. /selftest/lib.sh
# shellcheck source=../vmm.sh
. /etc/machine/vmm.sh
cpus=$(machinectl hello | cut -d ' ' -f 1)

modprobe kvm_amd
is "$(machinectl snp)" "$cpus 1" "SNP is initialised"
vmm one
is "$(vm one launch a "64K@$1")" "ok a $2:16" "a guest's pages lie in region $2"
is "$(machinectl states guest)" 16 "all of them valid"
is "$(vm one end a)" "ok end" "the guest ends"
is "$(machinectl states guest) $(machinectl states pre-guest)" "0 0" "its pages are back"
vmm_end one
rmmod kvm_amd
is "$(machinectl snp)" "0 0" "SNP is shut down"
