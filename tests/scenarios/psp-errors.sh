#!/bin/sh
# Each command of the PSP fails, by name: no oops, the module says what is so, and all comes back with the next one that works.
# Under kind by hooks, without a watch; under harsh by the watch alone.
# machine: --cores 4 --snp psp --region-nodes 4
# kernel: 7.2/none 7.3/harsh
# timeout: 300
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

# MOMENT COMMAND STATUS TIMES STATE [HOW]: when it fails, and the module's state then. For each
# moment there are three functions: MOMENT_begins, MOMENT_fails sends it, MOMENT_mends does it again.
# ~: only in "make check-all", as that command fails at another moment, too.
table() {
	cat <<-END
	~probe    snp-platform-status 0x1  1 waiting
	probe     feature-info        0x11 1 waiting
	~probe    sev-platform-status 0x1  1 waiting
	init      snp-init-ex         0x3  1 gap
	init      snp-df-flush        0x1a 1 ready   reset
	init      sev-init            0xb  1 ready
	init      sev-df-flush        0xe  1 ready
	~init     snp-platform-status 0x1a 1 ready
	~init     page-reclaim        0x1a 1 ready
	launch    gctx-create         0x17 1 ready
	launch    launch-start        0x7  1 ready
	launch    activate            0xc  1 ready
	launch    launch-update       0x1a 1 ready
	launch    launch-finish       0x2  1 ready
	ioctl     snp-platform-status 0x1a 3 ready   snp-platform-status
	ioctl     sev-platform-status 0x1  1 ready   platform-status
	ioctl     snp-commit          0x1  1 ready   snp-commit
	ioctl     snp-config          0x16 1 ready   snp-config
	ioctl     sev-pek-gen         0x1  1 ready   pek-gen
	ioctl     sev-pdh-gen         0x1  1 ready   pdh-gen
	ioctl     sev-factory-reset   0x1  1 ready   factory-reset
	leak      page-reclaim        0x1a 3 ready
	~shutdown snp-df-flush        0x1a 2 ready   twice
	shutdown  snp-shutdown-ex     0x13 1 ready
	~shutdown page-reclaim        0x1a 1 waiting
	shutdown  sev-shutdown        0x1  1 waiting twice
	END
}

# COMMAND WHY it has no line in the table
excused() {
	cat <<-END
	decommission  KVM warns if it fails, and a warning is a panic here
	snp-init      not sent to a firmware that has SNP_INIT_EX
	snp-shutdown  not sent to a firmware that has SNP_SHUTDOWN_EX
	END
}

failures() { machinectl psp count "$1" | cut -d ' ' -f 2; }
is_up() { [ -d /sys/module/kvm_amd ]; }
taken() { machinectl states | awk '{ pages += $2 } END { print pages + 0 }'; }

# Regions that are optimized, as the module believes, and those that can be.
believed() { get optimized | tr , '\n' | awk -F - 'NF { for (i = $1 + 0; i <= $NF; i++) print i }'; }
possible() { machinectl map 11 | awk '$2 == "o" { print $1 }'; }
tables_equal() { at_rest && get_is cores 0-3 && [ "$(machinectl truth)" = "0 0 4" ] && [ "$(believed)" = "$(possible)" ] && at_rest; }

# all_right DESCRIPTION - asked, because losses are seen by a look only, and churning regions are held back
all_right() {
	scan now
	wait_for tables_equal 20 "$1" && return
	diag "believed: $(believed | tr '\n' ' ') possible: $(possible | tr '\n' ' ') truth: $(machinectl truth)" \
		"held back: $(get backoff), last pass: $(count last_trigger), $(get last_result), $(count conversions) conversions"
}

# What must be 0 whatever the PSP does.
wrong() { machinectl counts | awk '/^(unsafe|gap-rmpopts|gap-base-sets|off-base-sets|too-early) / && $2'; }

# --- what the module does meanwhile

in_service() {
	wait_for 'state_is ready && get_is cores 0-3 && get_is cores_behind "" && at_rest' 20 \
		"$1: the state is ready, all cores take part, none is behind"
	is "$(get reason)" ok "$1: the reason is ok"
	all_right "$1: what is optimized is what can be"
}

waits() {
	wait_state waiting 15 "$1: the state is waiting"
	is "$(machinectl snp)" "$2 0" "$1: SNP is not initialised, SnpEn is set on $2 CPUs"
	# It may have waited for something else before; without hooks the watch sees that.
	wait_for "get reason | grep -qE '$3'" 20 "$1: the reason says so"
	is "$(armed)" 0 "$1: no core is armed"
	is "$(get optimized)" "" "$1: nothing is optimized"
}

# state_is_right STATE
state_is_right() {
	case $1 in
	ready) in_service "$what" ;;
	waiting) waits "$what" 0 "^SnpEn is not set" ;;
	gap) waits "$what" 4 "SNP_INIT is not done or has failed" ;;
	esac
	is "$(wrong)" "" "$what: nothing unsafe, nothing before SNP_INIT"
}

# --- SNP and guests come and go

goes() {
	[ -z "$living" ] || vmm_end one || fail "$what: the VMM ends"
	living=
	! is_up || ok "$what: kvm_amd is unloaded" rmmod kvm_amd
}

comes() {
	is_up || ok "$what: kvm_amd is loaded" modprobe kvm_amd
	wait_state ready 20 "$what: the state is ready"
	all_right "$what: what is optimized is what can be"
}

# A guest in region 8 begins and ends; the region goes and comes back.
guest_works() {
	is "$(vm one launch good 64K@1)" "ok good 8:16" "$what: a guest begins"
	scan now
	nok "$what: its region is not optimized" in_list 8 "$(get optimized)"
	ok "$what: it ends" vm one end good
	all_right "$what: what it had is regained"
	ok "$what: and its region with it" in_list 8 "$(get optimized)"
}

# SNP_INIT works, and so does a launch; that guest lives on in region 9.
works() {
	comes
	vmm one || fail "$what: a VMM starts"
	is "$(vm one launch living 64K@2)" "ok living 9:16" "$what: a guest is launched"
	living=yes
}

guest_lives() { [ -n "$living" ] || works; }

# --- ccp is loaded: without these commands it takes the PSP for useless

probe_begins() {
	goes
	[ ! -d /sys/module/ccp ] || ok "$what: ccp is unloaded" rmmod ccp
}
probe_fails() { ok "$what: kvm_amd is loaded" modprobe kvm_amd; }
probe_mends() {
	goes
	ok "$what: ccp is unloaded" rmmod ccp
	works
}

# --- kvm_amd is loaded: it does SNP_INIT, then INIT, then asks whether SNP is initialised

init_begins() { goes; }
init_fails() { ok "$what: kvm_amd is loaded" modprobe kvm_amd; }
init_mends() {
	goes
	[ "$how" != reset ] || reset_platform
	works
}

# The PSP has done SNP_INIT, the kernel takes it for not done: never shut down, and refused when tried again.
reset_platform() {
	ok "$what: kvm_amd is loaded again" modprobe kvm_amd
	is "$(failures snp-init-ex) $(machinectl snp)" "$((init_failures + 1)) 4 1" "$what: SNP_INIT is refused, as it is done"
	in_service "$what, and again"
	goes
	diag "Linux does not get out of this without a reset of the platform"
	ok "$what: unload" unload
	ok "$what: reset" machinectl snp disable
	start
}

# --- a guest is launched while another one lives

launch_begins() { guest_lives; }
launch_fails() {
	like "$(vm one launch bad 64K@1)" "^error .*status $status" "$what: so does the launch"
	is "$(machinectl states guest) $(machinectl states pre-guest)" "16 0" "$what: its pages are back"
}
launch_mends() { guest_works; }

# --- an administrator's tool asks /dev/sev

ioctl_begins() { guest_lives; }
ioctl_fails() {
	local time=0
	while [ "$time" -lt "$times" ]; do
		like "$(vm one sev "$how")" "^error $how: .*status $status" "$what: so does the ioctl"
		time=$((time + 1))
	done
}
ioctl_mends() { ok "$what: the next one works" vm one sev "$how"; }

# --- pages can't be had back: that of a status, and the two that the firmware has of a guest

leak_begins() {
	guest_lives
	ok "$what: a guest in region 10" vm one launch late 64K@3
	before=$(taken)
}
leak_fails() {
	nok "$what: so does the ioctl" vm one sev snp-platform-status
	ok "$what: the guest ends" vm one end late
	is "$(taken)" $((before + 1 - 16)) "$what: the kernel leaks the first, and the others stay where they were"
	scan now
	ok "$what: the guest's own region is regained" in_list 10 "$(get optimized)"
}
leak_mends() {
	goes
	is "$(taken)" 0 "$what: the end of SNP brings them back"
	works
}

# --- kvm_amd is unloaded: it flushes, then SHUTDOWN, its memory is reclaimed, then SNP_SHUTDOWN

shutdown_begins() { guest_lives; }
shutdown_fails() { goes; }
shutdown_mends() {
	if [ "$how" = twice ]; then
		ok "$what: kvm_amd is loaded" modprobe kvm_amd
		state_is_right "$state"
		goes
	fi
	works
}

# --- the walk

start() { ok "the module loads" load watch_ms=$watch audit_ms=0 delay_ms=200 max_delay_ms=2000 hooks=$hooks; }

run_line() {
	local failed
	moment=$1 command=$2 status=$3 times=$4 state=$5 how=${6:-}
	what="$moment, $command fails"
	"${moment}_begins"
	failed=$(failures "$command")
	init_failures=$(failures snp-init-ex)
	machinectl psp fail "$command" "$status" "$times"
	"${moment}_fails"
	is $(($(failures "$command") - failed)) "$times" "$what as often as it was to"
	state_is_right "$state"
	what="$moment, $command works again"
	"${moment}_mends"
	is "$(wrong)" "" "$what: nothing unsafe, nothing before SNP_INIT"
}

living=
if [ "$(profile)" = kind ]; then hooks=Y watch=0; else hooks=N watch=200; fi
start
ok "/dev/sev is there" modprobe kvm_amd
wait_state ready 10
table | sed "$(everyday /^~/d s/^~//)" >/tmp/table
while read -r line <&4; do
	# shellcheck disable=SC2086 # words
	run_line $line
done 4</tmp/table

goes
is "$(dmesg | grep -c 'rmpopt: failed')" 0 "it was never in state failed"
ok "unload" unload

# --- was it every command?

excused | while read -r command why; do diag "without $command: $why"; done
diag "without a page of a launch that fails and can't be reclaimed: KVM warns, too"
machinectl psp counts >/tmp/counts
while read -r command _ failed; do
	if excused | grep -q "^$command "; then
		is "$failed" 0 "$command is excused"
	else
		cmp_ok "$failed" '>=' 1 "$command has failed"
	fi
done </tmp/counts
is "$(awk '/^snp-(init|shutdown) / { n += $2 } END { print n }' /tmp/counts)" 0 "SNP_INIT and SNP_SHUTDOWN are never sent"
done_testing
