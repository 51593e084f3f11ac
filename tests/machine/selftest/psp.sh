# shellcheck shell=dash source=lib.sh disable=SC2016 # conditions for vmm_until
# The PSP with the stock drivers. Two cores of two threads; nodes 1 and 2, without
# CPUs, are regions 8 and 9. Argument: the profile.
. /selftest/lib.sh
# shellcheck source=../vmm.sh
. /etc/machine/vmm.sh
profile=$1

# In all: 10 regions of 1,024 RMP pages, 5 pages in front of them, and the TMR.
firmware=$((10 * 1024 + 5 + 512))

says() { is "$(dmesg | grep -c -- "$1")" "$2" "$3"; }
# "firmware pages of the platform's own, guests' contexts, pages of guests valid and not yet"
pages() { echo "$(machinectl states firmware) $(machinectl states context) $(machinectl states guest) $(machinectl states pre-guest)"; }
snp_up() { modprobe kvm_amd; is "$(machinectl snp)" "4 1" "$1"; }
snp_down() { rmmod kvm_amd; is "$(machinectl snp)" "0 0" "$1"; }

machinectl fresh "$profile"
is "$(machinectl snp) $(machinectl psp)" "0 0 uninit uninit 0 none" "SnpEn is clear at boot"
[ "$profile" = kind ] && refused=0 || refused=-5
does "$refused" base 0 1 -- "RMPOPT_EN without SnpEn, as the profile has it"
do_it base 2 1 >/dev/null
does fault verify 0 8 -- "RMPOPT without SnpEn is #UD"
does 0 base 0 0 -- "RMPOPT_BASE = 0 can be written"
is "$(count off-rmpopts) $(count off-base-sets) $(count off-base-clears)" "1 2 1" "all of them are counted as done without SNP"
is "$(count gap-rmpopts) $(count gap-base-sets) $(count gap-base-clears)" "0 0 0" "and not as done in the gap"

# The gap between SnpEn and SNP_INIT, as wide as we want it.
machinectl reset
machinectl psp hold snp-init-ex
modprobe kvm_amd &
machinectl psp wait snp-init-ex
is "$(machinectl snp)" "4 0" "the kernel has set SnpEn on all CPUs, SNP_INIT is not done"
does 0 base 0 1 -- "RMPOPT_BASE is written in the gap"
do_it base 2 1 >/dev/null
does 1 verify 0 8 -- "RMPOPT works there"
case $(machinectl clearable)-$profile in off-harsh) refused=-5 ;; *) refused=0 ;; esac
does "$refused" base 2 0 -- "RMPOPT_BASE = 0 in the gap, as the profile has it"
is "$(count gap-rmpopts) $(count gap-base-sets) $(count gap-base-clears)" "1 2 1" "all of them are counted"
is "$(count off-rmpopts) $(count off-base-sets) $(count off-base-clears)" "0 0 0" "and not as done without SNP"
machinectl psp release
wait $!
is "$(machinectl snp) $(machinectl psp)" "4 1 init init 0 none" "SNP_INIT is done, INIT too"
is "$(machinectl psp count snp-init-ex)" "1 0" "by one command"
says 'SEV-SNP enabled (ASIDs 1 - 99)' 1 "kvm_amd says so"
does 0 report 0 8 -- "SNP_INIT has zeroed the table"
is "$(pages)" "$firmware 0 0 0" "the RMP's own pages and the TMR are the firmware's"
is "$([ "$(machinectl states hv-fixed)" -gt 100 ] && echo some)" some "reserved memory is fixed as the hypervisor's"
machinectl reset
do_it base 0 1 >/dev/null
do_it base 2 1 >/dev/null
does 1 verify 0 8 -- "region 8 is optimized on one core"
does 1 verify 2 8 -- "and on the other"
does 0 verify 0 5 -- "the region of the RMP never"
is "$(count gap-rmpopts) $(count gap-base-sets)" "0 0" "nothing of that was in the gap"

# Guests: exact numbers of pages, where they were asked to lie.
vmm one
is "$(vm one launch a 1M@1 4K@2)" "ok a 8:256 9:1" "a guest's pages lie in the nodes asked for"
is "$(do_it report 0 8)$(do_it report 2 8)" 00 "both cores have lost the region"
does 0 verify 0 8 -- "a verify finds the guest's pages"
vmm two
is "$(vm two launch b 64K@1 64K@2)" "ok b 8:16 9:16" "a second VMM's guest"
is "$(vm two launch c 512K@2)" "ok c 9:128" "and another of the same VMM"
is "$(vm one plain d 64K@1)" "ok d 8:16" "an ordinary VM"
is "$(pages)" "$((firmware + 3)) 3 417 0" "every page of the three SNP guests is valid, and no other"
is "$(machinectl psp | cut -d ' ' -f 3)" 3 "the PSP has three guests"
is "$(machinectl psp count launch-update)" "417 0" "by as many LAUNCH_UPDATEs"
is "$(vm one end a)" "ok end" "the first one ends"
is "$(pages)" "$((firmware + 2)) 2 160 0" "its pages are back"
vmm_kill two
is "$(pages)" "$firmware 0 0 0" "SIGKILL of a VMM brings back all that it had"

# Memory that outlives its VMM.
vmm two
vm two launch b 64K@2 >/dev/null
keeper=$(vm two keep b)
vmm_kill two
is "$(machinectl states guest)" 16 "a child keeps the memory's descriptor: the pages stay"
kill -KILL "${keeper##* }"
vmm_until '[ "$(machinectl states guest)" = 0 ]' 10
is "$(pages)" "$firmware 0 0 0" "they come back with the child's end"

# Two launches at the same time; the VM first, its memory later.
vmm two
vm_send one launch e 256K@1
vm_send two launch f 256K@2
is "$(vm_answer one) $(vm_answer two)" "ok e 8:64 ok f 9:64" "two launches in parallel"
is "$(vm one close-vm e) $(machinectl states guest)" "ok close-vm 128" "a VM is closed, its memory is not: the pages stay"
is "$(vm one close-memory e) $(machinectl states guest)" "ok close-memory 64" "then its memory, too"
vm one end e >/dev/null
vmm_kill two
is "$(pages)" "$firmware 0 0 0" "nothing is left"

# In the middle of a launch.
vmm two
machinectl psp hold launch-update
vm_send two launch b 64K@2
machinectl psp wait launch-update
is "$(machinectl states pre-guest)" 1 "LAUNCH_UPDATE waits, its page is pre-guest"
kill -KILL "$(cat /tmp/vmm-two/pid)"
machinectl psp release
vmm_kill two
is "$(pages)" "$firmware 0 0 0" "SIGKILL in the middle of a launch"

# The firmware's own turn-overs.
machinectl reset
is "$(vm one sev snp-platform-status)" "ok snp-platform-status" "SNP_PLATFORM_STATUS by /dev/sev"
is "$(count rmpupdates) $(pages)" "2 $firmware 0 0 0" "a page went to the firmware for it and is back"
is "$(vm one sev pek-gen) $(machinectl snp)" "ok pek-gen 4 1" "PEK_GEN leaves SNP alone"

# Failures, one by one.
fails() {
	machinectl psp fail "$1" "$2"
	is "$(vm one launch a 64K@1 | cut -d : -f 1,2)" "error a $3: firmware's status $4" "$1 fails with $2: the launch does"
	is "$(pages)" "$firmware 0 0 0" "$1 fails: nothing is left behind"
}
fails launch-update 0x1a LAUNCH_UPDATE 0x1a
fails launch-start 0x7 LAUNCH_START 0x7
fails gctx-create 0x17 LAUNCH_START 0x17
fails launch-finish 0x2 LAUNCH_FINISH 0x2
machinectl psp fail page-reclaim 0x1a
is "$(vm one sev snp-platform-status | cut -d : -f 1)" "error snp-platform-status" "a page that can't be reclaimed"
says 'Leaking PFN' 1 "is leaked by the kernel"
is "$(machinectl states reclaim)" 1 "and stays as it was"

# Two ioctls of /dev/sev shut SNP down under KVM.
is "$(vm one sev factory-reset) $(machinectl psp)" "ok factory-reset init uninit 0 none" "FACTORY_RESET shuts the older interface down"
is "$(vm one sev pek-gen) $(machinectl snp)" "ok pek-gen 0 0" "PEK_GEN after it shuts SNP down, too"
is "$(machinectl psp count snp-shutdown-ex)" "1 1" "the first SHUTDOWN wanted a flush, as guests had been; the kernel repeated it"
is "$(machinectl states | awk '{ n += $2 } END { print n }')" 0 "the RMP is empty"
vmm_end one
rmmod kvm_amd

# Shutdown at the n-th RMPOPT.
snp_up "SNP is initialised again"
do_it base 0 1 >/dev/null
machinectl psp hold snp-shutdown-ex
rmmod kvm_amd &
machinectl psp wait snp-shutdown-ex
machinectl event 2 psp
does 1 verify 0 8 -- "SHUTDOWN waits in the PSP, RMPOPT works"
does fault verify 0 8 -- "until the second RMPOPT from then, at which it is done"
wait $!
is "$(machinectl snp) $(machinectl psp)" "0 0 uninit uninit 0 none" "SnpEn is clear on all CPUs"
is "$(machinectl rdmsr 0 0xc0010139)" 0 "RMPOPT_EN is clear with it"

# A gate is enough to call rmmod meanwhile.
snp_up "SNP is initialised again"
do_it base 0 1 >/dev/null
machinectl event 1 gate
do_it hold 0 8 >/dev/null
machinectl wait-gate
snp_down "it is shut down while an RMPOPT is held at the gate"
machinectl open
vmm_until '[ "$(do_it held)" = 0 ]' 10
rmmod ccp
is "$(machinectl psp)" "uninit uninit 0 none" "ccp is unloaded"

machinectl psp fail snp-init-ex 3
modprobe kvm_amd
is "$(machinectl snp) $(machinectl psp)" "4 0 uninit uninit 0 none" "SNP_INIT_EX fails: SnpEn stays set"
says 'SNP_INIT_EX failed rc -5, error 0x3' 1 "as the kernel says"
rmmod kvm_amd
is "$(machinectl snp)" "4 0" "no shutdown follows"
machinectl psp hold snp-init-ex
modprobe kvm_amd &
machinectl psp wait snp-init-ex
machinectl wrmsr 3 0xc0010010 0x800000
machinectl psp release
wait $!
is "$(machinectl snp) $(machinectl psp count snp-init-ex)" "3 0 3 2" "SNP_INIT_EX refuses if one CPU has SnpEn clear"
machinectl wrmsr 3 0xc0010010 0x3800000
rmmod kvm_amd
snp_up "the next one succeeds"
machinectl psp fail snp-shutdown-ex 0x13
rmmod kvm_amd
is "$(machinectl snp)" "4 1" "SHUTDOWN fails: SNP stays initialised"
says 'firmware shutdown failed, rc -5, error 0x13' 1 "as the kernel says"
modprobe kvm_amd
snp_down "the next one succeeds"

online 3 0
modprobe kvm_amd
is "$(machinectl snp)" "0 0" "a CPU is offline: the kernel does not even begin"
says 'not all CPUs online' 1 "and says why"
rmmod kvm_amd
online 3 1
snp_up "with all CPUs online it does"
snp_down "and it is shut down"
is "$(count unsafe)" 0 "no bit was ever set over an assigned page"
