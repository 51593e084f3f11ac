# shellcheck shell=dash source=lib.sh
# The PSP on a host without RMPOPT: guests begin and end, the kernel reads the RMP. Two cores of
# two threads; nodes 1 and 2, without CPUs, are regions 8 and 9. Argument: zen3, zen4 or zen5.
. /selftest/lib.sh
# shellcheck source=../vmm.sh
. /etc/machine/vmm.sh
case $1 in
zen3) family=25 model=1 ;;
zen4) family=25 model=17 ;;
zen5) family=26 model=2 ;;
esac

field() { awk -F '[\t ]*: ' -v "name=$1" '$1 == name { print $2; exit }' /proc/cpuinfo; }
says() { dmesg | grep -c -- "$1"; }

is "$(field 'cpu family') $(field model)" "$family $model" "the CPU is a $1"
machinectl fresh harsh
modprobe kvm_amd
is "$(machinectl snp) $(machinectl psp)" "4 1 init init 0 none" "SNP is initialised"
if [ "$1" = zen5 ]; then
	is "$(says 'RMP segment')-$(says 'RMP table physical range')" "2-0" "its RMP is segmented"
	does "0x0 1 0 1 0" rmpread 0x170000 -- "RMPREAD finds the RMP itself assigned"
else
	is "$(says 'RMP segment')-$(says 'RMP table physical range')" "0-1" "its RMP is not segmented"
	does fault rmpread 0x170000 -- "RMPREAD is #UD"
fi
does -5 base 0 1 -- "RMPOPT_BASE is #GP"
does fault verify 0 8 -- "RMPOPT is #UD"
does 1 lookup 0x170000 -- "the kernel finds the RMP itself assigned"
does 0 lookup 0x200000 -- "and the first page of region 8 not"

vmm one
is "$(vm one launch a 1M@1 4K@2)" "ok a 8:256 9:1" "a guest's pages lie in the nodes asked for"
vmm two
is "$(vm two launch b 64K@2)" "ok b 9:16" "a second VMM's guest"
is "$(machinectl states guest)" 273 "all their pages are valid"
read -r _ asid pfn <<END
$(machinectl pages 8)
END
is "$([ "$asid" -gt 0 ] && do_it lookup "$pfn")" 1 "the kernel finds a guest's page assigned"
is "$(vm one end a)" "ok end" "the first one ends"
does 0 lookup "$pfn" -- "the kernel finds its page back"
is "$(machinectl pages 8 | cut -d ' ' -f 1) $(machinectl states guest)" "0 16" "all of them are"
vmm_kill two
is "$(machinectl states guest) $(machinectl states context)" "0 0" "SIGKILL of a VMM brings back all that it had"
vmm_end one
rmmod kvm_amd
is "$(machinectl snp)" "0 0" "SNP is shut down"
modprobe kvm_amd
is "$(machinectl snp)" "4 1" "and initialised again"
