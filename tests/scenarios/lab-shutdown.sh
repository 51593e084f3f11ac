#!/bin/sh
# SNP is not initialised yet, or is shut down, while the laboratory is loaded: no page is turned over, and pages that it holds are given back.
# machine: --cores 2 --threads 2 --snp psp --region-nodes 2
# kernel: 7.2/kind 7.3/none
# timeout: 400
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2154,SC2317
. /rmpopt/lib.sh
# shellcheck source=parts/lab.sh
. /rmpopt/parts/lab.sh

# Not where instructions are executed, or held.
taskset -p 2 $$ >/dev/null
convert() { labctl convert 4 | paste -sd ' '; }
# keep - a page is held, and turned over, until kept
keep() {
	touch /tmp/hold
	labctl keep 4 /tmp/hold >/tmp/held &
	keeper=$!
	wait_for 'grep -q open /tmp/held' 10
}
# kept ANSWERS DESC - what became of it
kept() {
	rm /tmp/hold
	wait "$keeper"
	is "$(paste -sd ' ' /tmp/held)" "$1" "$2"
}
# no_page DESC - of the laboratory's; ccp has some, each time others
no_page() { is "$(machinectl states pre-guest)" 0 "$1"; }
ended() {
	wait $tool
	is "$?" "$1" "$2"
	diag "$(grep -v '^  does\|^  costs\|^  worst' /tmp/said | tail -n 12)"
	wait_for '! lab_loaded' 60 "its module is gone"
	no_page "and no page is left"
}
works() { is "$(labctl info | head -n 1)" ok "the device works"; }

ok "the laboratory loads before kvm_amd" insmod "$here/rmpopt_lab.ko"
is "$(convert)" "ok ENODEV ENODEV" "SnpEn is clear: no page is turned over"
works
machinectl psp hold snp-init-ex
modprobe kvm_amd &
ok "SnpEn is set, SNP_INIT is still to come" machinectl psp wait snp-init-ex
is "$(convert)" "ok ENODEV ENODEV" "then neither"
machinectl psp release
wait $!
is "$(convert)" "ok ok ok EALREADY" "with SNP initialised it is"

keep
ok "a page is turned over, and SNP shut down" rmmod kvm_amd
kept "ok ok ok open ENODEV" "it can't be taken back then"
works
is "$(convert)" "ok ENODEV ENODEV" "nor another one turned over"
ok "SNP is initialised again" modprobe kvm_amd
keep
ok "a page is turned over, and SNP shut down" rmmod kvm_amd
ok "and initialised again" modprobe kvm_amd
kept "ok ok ok open ok ok" "it is taken back after that, too"
no_page "no page is left"
unlike "$(dmesg)" "can't be taken back and is lost" "nor lost"
ok "the laboratory is unloaded" rmmod rmpopt_lab

# --- rmpoptctl

rm -rf /tmp/answers "$report"
mkfifo /tmp/answers
rmpoptctl lab --output "$report" --convert --steps arm,convert </tmp/answers >/tmp/said 2>&1 &
tool=$!
exec 4>/tmp/answers
# Begin, host, arm.
printf 'y\ny\ny\n' >&4
wait_for 'grep -q "^step convert" /tmp/said' 60 "it asks about step convert" || diag "$(cat /tmp/said)"
ok "SNP is shut down" rmmod kvm_amd
echo y >&4
exec 4>&-
ended 64 "which ends it"
like "$(cat /tmp/said)" 'a surprise, which ends the lab: the host has changed: SNP is not initialised' "and it says why"
ok "SNP is initialised again" modprobe kvm_amd

# Its pages come from node 1, where ccp has none, also without huge pages. Step arm takes one RMPOPT.
huge=/sys/kernel/mm/transparent_hugepage/enabled
before=$(sed 's/.*\[//; s/\].*//' $huge 2>/dev/null)
[ -z "$before" ] || echo never >$huge
mkdir -p /tmp/cgroup
mount -t cgroup2 none /tmp/cgroup
echo +cpuset >/tmp/cgroup/cgroup.subtree_control
mkdir /tmp/cgroup/lab
echo 1 >/tmp/cgroup/lab/cpuset.mems
machinectl event 10 gate
rm -rf "$report"
sh -c 'echo 0 >/tmp/cgroup/lab/cgroup.procs; exec rmpoptctl lab --yes --output "$0" --convert --steps arm,convert' "$report" >/tmp/said 2>&1 &
tool=$!
ok "pages are held" machinectl wait-gate --timeout 300
nok "SNP can't be shut down meanwhile" rmmod kvm_amd
kill -TERM $tool
machinectl open
ended 143 "SIGTERM ends it"
wait_for 'rmdir /tmp/cgroup/lab' 20
umount /tmp/cgroup
[ -z "$before" ] || echo "$before" >$huge
ok "and now SNP can be shut down" rmmod kvm_amd
done_testing
