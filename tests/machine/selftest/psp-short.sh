# shellcheck shell=dash source=lib.sh
# The PSP on a host of another kind: up, one guest, down. Arguments: a node, and
# the regions that its memory is in.
. /selftest/lib.sh
# shellcheck source=../vmm.sh
. /etc/machine/vmm.sh
cpus=$(machinectl hello | cut -d ' ' -f 1)

modprobe kvm_amd
is "$(machinectl snp)" "$cpus 1" "SNP is initialised"
vmm one
answer=$(vm one launch a "64K@$1")
region=${answer#ok a }
case " $2 " in *" ${region%:16} "*) there=yes ;; *) there="$answer" ;; esac
is "$there" yes "a guest's 16 pages lie in the node's memory, one of the regions $2"
is "$(machinectl states guest)" 16 "all of them valid"
is "$(vm one end a)" "ok end" "the guest ends"
is "$(machinectl states guest) $(machinectl states pre-guest)" "0 0" "its pages are back"
vmm_end one
rmmod kvm_amd
is "$(machinectl snp)" "0 0" "SNP is shut down"
modprobe kvm_amd
is "$(machinectl snp)" "$cpus 1" "SNP is up again, and is left so: the power-off shuts it down"
