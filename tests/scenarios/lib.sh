# shellcheck shell=dash
# What scenarios are written with. Runs in the guest, in busybox sh. Each
# scenario sources it first and calls done_testing last. README.md has the list.
set -u

# shellcheck disable=SC2034 # for scenarios
rmpopt=/sys/kernel/rmpopt
here=/rmpopt
checks=0

# Reports go to descriptor 3, which the runner has opened; anything else that a
# scenario prints is shown as a comment and can't be taken for a result.
report() { printf '  %s\n' "$*" >&3; }
# diag LINE... - say more about the check before
diag() { printf '%s\n' "$@" | while IFS= read -r line; do report "# $line"; done; }

pass() {
	checks=$((checks + 1))
	report "ok $checks - $*"
}

fail() {
	checks=$((checks + 1))
	report "not ok $checks - $*"
}

# ok DESCRIPTION COMMAND... - the command must succeed
ok() {
	local what=$1
	shift
	if "$@"; then pass "$what"; else
		fail "$what"
		diag "failed: $*"
	fi
}

# nok DESCRIPTION COMMAND... - the command must fail
nok() {
	local what=$1
	shift
	if "$@"; then
		fail "$what"
		diag "should have failed: $*"
	else pass "$what"; fi
}

# is GOT WANTED DESCRIPTION
is() {
	if [ "$1" = "$2" ]; then pass "$3"; else
		fail "$3"
		diag "got:    $1" "wanted: $2"
	fi
}

# isnt GOT UNWANTED DESCRIPTION
isnt() {
	if [ "$1" != "$2" ]; then pass "$3"; else
		fail "$3"
		diag "got what it must not be: $1"
	fi
}

# cmp_ok A OPERATOR B DESCRIPTION - numbers; OPERATOR is == != < <= > >=
cmp_ok() {
	local result=no
	case $1:$3 in
	:* | *: | *[!0-9.:-]*) ;;
	*.*) result=$(awk -v "a=$1" -v "b=$3" "BEGIN { print (a + 0 $2 b + 0) ? \"yes\" : \"no\" }") ;;
	*) eval "[ \$(($1 $2 $3)) = 0 ]" || result=yes ;;
	esac
	if [ "$result" = yes ]; then pass "$4"; else
		fail "$4"
		diag "got: '$1' $2 '$3'"
	fi
}

# like GOT REGEX DESCRIPTION - extended regular expression
like() {
	if printf '%s\n' "$1" | grep -qE -- "$2"; then pass "$3"; else
		fail "$3"
		diag "got:    $1" "wanted: /$2/"
	fi
}

# unlike GOT REGEX DESCRIPTION
unlike() {
	if printf '%s\n' "$1" | grep -qE -- "$2"; then
		fail "$3"
		diag "got:          $1" "must not have: /$2/"
	else pass "$3"; fi
}

# everyday FEW ALL - of what takes long: some in "make check", all in "make check-all"
everyday() {
	if [ -n "${RMPOPT_ALL:-}" ]; then echo "$2"; else echo "$1"; fi
}

# wait_for CONDITION SECONDS [DESCRIPTION] - look until the shell command
# CONDITION succeeds. With a description it is a check. A debug kernel gets more time.
wait_for() {
	local now end looks=0
	read_uptime
	end=$((now + $2 * 1000 * ${RMPOPT_SLOWER:-1}))
	while ! eval "$1"; do
		read_uptime
		if [ "$now" -ge "$end" ]; then
			[ $# -lt 3 ] || { fail "$3"; diag "did not come true in $2 s: $1"; }
			return 1
		fi
		# Looks take more CPU time than all else: whoever waits for long looks more rarely.
		looks=$((looks + 1))
		if [ $looks -lt 10 ]; then nap; elif [ $looks -lt 20 ]; then pause 0.1; else pause 0.25; fi
	done
	[ $# -lt 3 ] || pass "$3"
	return 0
}

# never CONDITION SECONDS DESCRIPTION - a check: for so long the shell command
# CONDITION does not come true. It fails as soon as it does.
never() {
	local RMPOPT_SLOWER=1
	if wait_for "$1" "$2"; then
		fail "$3"
		diag "came true within $2 s: $1"
	else pass "$3"; fi
}

# read_uptime - sets now, in ms
read_uptime() {
	read -r now _ </proc/uptime
	now=$((${now%.*} * 1000 + 10 * (1${now#*.} - 100)))
}

uptime_ms() {
	local now
	read_uptime
	echo "$now"
}

skip_all() {
	report "1..0 # SKIP $*"
	exit 0
}

# The end of every scenario: without it the scenario counts as failed.
done_testing() {
	report "1..$checks"
	exit 0
}

# --- the module ---------------------------------------------------------------

loaded() { [ -d /sys/module/rmpopt ]; }
load() { insmod "$here/rmpopt.ko" "$@"; }
# load_in_one_pass CORES COMMAND [PARAMETER=...] - after that shell command load it so that the cores of these CPUs have had
# all from one pass, on a machine whose counters were 0. On a busy one a core that is not armed within a second, or not
# done with a slice within two, makes it two passes: then again, from the start, four times at the most.
load_in_one_pass() {
	local cores=$1 before=$2 tries=5
	shift 2
	while eval "$before" && load watch_ms=0 audit_ms=0 "$@"; do
		tries=$((tries - 1))
		wait_for "get_is cores $cores"' && get_is cores_behind "" && had_pass' 60 || return 1
		! get_is passes 1 || return 0
		diag "it took $(get passes) passes"
		[ $tries -gt 0 ] && unload || return 1
		machinectl fresh "$(profile)"
	done
	return 1
}
unload() { rmmod rmpopt; }
# spins PID - has a tick found that task at work?
spins() {
	local fields
	read -r fields <"/proc/$1/stat" || return
	# shellcheck disable=SC2086 # fields
	set -- $fields
	[ "$2" = "(machinectl)" ] && [ "${14}" -gt 0 ]
}
# spin_on CPU... - a task that never sleeps on each of them, until spin_end
spin_on() {
	local cpu task
	spinners=
	for cpu in "$@"; do
		taskset -c "$cpu" machinectl spin &
		spinners="$spinners $!"
	done
	for task in $spinners; do
		wait_for "spins $task" 20
	done
}
# shellcheck disable=SC2086 # a list
spin_end() {
	kill $spinners
	wait $spinners 2>/dev/null
}
# worker_wakeups - how often the worker has gone to sleep so far
worker_wakeups() {
	local name
	name=$(grep -lx rmpopt /proc/[0-9]*/comm)
	awk '$1 == "voluntary_ctxt_switches:" { print $2 }' "${name%comm}status"
}
# no_deadline_servers - by which the kernel leaves some time to tasks that others keep from running
no_deadline_servers() {
	local runtime
	for runtime in /sys/kernel/debug/sched/*_server/cpu*/runtime; do
		[ ! -e "$runtime" ] || echo 0 >"$runtime"
	done
}
# A test module of this repository, built by a "# build:" line.
load_test() { local name=$1; shift; insmod "$here/$name.ko" "$@"; }

# get FILE, put FILE VALUE - of /sys/kernel/rmpopt. Without a process of its own: cat would take
# longer than most of what it is to show.
get() {
	local value
	IFS= read -r value <"$rmpopt/$1" || return 1
	printf '%s\n' "$value"
}
# get_is FILE VALUE - does it say that? Without a process at all: "$(get FILE)" is one, and whoever waits looks often.
get_is() {
	local value
	IFS= read -r value <"$rmpopt/$1" && [ "$value" = "$2" ]
} 2>/dev/null
put() { printf '%s' "$2" >"$rmpopt/$1"; }
state() { get state; }
count() { get "stats/$1"; }
# What the module has executed by itself, and what came of it: in one line.
executed() {
	local what
	for what in verifies_leader verifies_follower verifies_catchup reports slices overruns faults worst_slice_ns; do
		printf '%s ' "$what=$(count $what)"
	done
}

# poll_begin FILE SECONDS - a process polls the file from now on; sets polling to wait for
poll_begin() {
	rm -f /tmp/poll
	filectl poll "$rmpopt/$1" "$2" >/tmp/poll &
	# shellcheck disable=SC2034 # for scenarios
	polling=$!
	wait_for '[ -s /tmp/poll ]' 10 "somebody polls $1"
}

state_is() { get_is state "$1"; }
# state_among STATE... - is it one of these? Looked at once: it may go from one to another between two looks.
state_among() {
	local now
	IFS= read -r now <"$rmpopt/state" || return
	case " $* " in *" $now "*) ;; *) return 1 ;; esac
}
wait_state() { wait_for "state_is $1" "${2:-20}" "${3:-state becomes $1}"; }

# in_list NUMBER LIST - is it in a list like 0-3,8?
in_list() {
	local part IFS=,
	for part in $2; do
		[ "$1" -lt "${part%-*}" ] || [ "$1" -gt "${part#*-}" ] || return 0
	done
	return 1
}

# leaders, other_cpus - their CPUs, and those that do not lead, one a line
leaders() {
	local cpu list
	list=$(get leaders)
	for cpu in $(all_cpus); do ! in_list "$cpu" "$list" || echo "$cpu"; done
}
other_cpus() { all_cpus | grep -vxF "$(leaders)"; }

# list_size LIST - how many numbers are in a list like 0-3,8?
list_size() {
	local part size=0 IFS=,
	for part in $1; do
		size=$((size + ${part#*-} - ${part%-*} + 1))
	done
	echo $size
}

# No request waits to be served and no pass runs.
at_rest() {
	local requested
	IFS= read -r requested <"$rmpopt/requested" && get_is served "$requested" && get_is progress "0 0" && ! state_is scanning
}
# settled [REGIONS] - do all four cores take part, do the tables equal the truth, and are so many regions optimized? The
# number is read behind the rest: a core that comes back takes regions away before it takes part; and before it, as that
# is cheap. At the start no pass runs, which would change the number at its end only, and at the end none that has made
# all of it so: its result and trigger can be read.
settled() {
	at_rest && get_is cores 0-3 && get_is regions_optimized "${1-7}" &&
		[ "$(machinectl truth)" = "0 0 4" ] && get_is regions_optimized "${1-7}" && at_rest
}

# read_table - debugfs table without its first line; again, if a core that a busy machine keeps from answering is left out
read_table() {
	local table
	for _ in 1 2 3 4 5; do
		table=$(sed 1d /sys/kernel/debug/rmpopt/table)
		case $table in *' - - -'*) ;; *) break ;; esac
	done
	printf '%s\n' "$table"
}

# had_pass - has there been one, and is it over? There are two where a core was late to join.
had_pass() { ! get_is passes 0 && at_rest; }

# was_served NUMBER - has the pass for that request ended?
was_served() {
	local served
	IFS= read -r served <"$rmpopt/served" && [ "$served" -ge "$1" ]
}
# scan [now|full|later] [SECONDS] - ask for a scan and wait for its end
scan() {
	local number
	put scan "${1:-now}" || return 1
	IFS= read -r number <"$rmpopt/requested" || return 1
	wait_for "was_served $number" "${2:-30}"
}

# scan_whole [now|full] [SECONDS] [COMMAND] - a scan in which nobody was late. On a busy machine a core may be, after two
# seconds: such a pass is partial, and a retry follows by itself. When that is done, it is asked again, four times at the
# most. Before each scan the shell command runs: it may take counts, or make the work anew.
scan_whole() {
	local passes tries=5
	while [ $tries -gt 0 ]; do
		tries=$((tries - 1))
		eval "${3:-:}"
		IFS= read -r passes <"$rmpopt/passes" || return 1
		scan "${1:-full}" "${2:-30}" || return 1
		# In this order: a retry is counted before its result can be read.
		! get_is last_result ok || ! get_is passes $((passes + 1)) || return 0
		diag "the pass was $(get last_result), or not the only one: $(get passes) after $passes"
		# With auto=N there is no retry.
		wait_for 'get_is cores_behind "" && at_rest' 10
	done
	return 1
}

# keep_off_leader - this shell, and what it starts, is not on its CPU from now on: who waits there for its turn can't
# open a gate
keep_off_leader() {
	taskset -pc "$(other_cpus | paste -sd , -)" $$ >/dev/null
}
# hold_leader N - the N-th RMPOPT from now on, which has to be the leader's, is held until "machinectl open"
hold_leader() {
	keep_off_leader
	machinectl event "$1" gate
}

# armed - on how many cores is RMPOPT_EN set?
armed() { machinectl truth | cut -d ' ' -f 3; }
# written_once - a check: RMPOPT_BASE was never written where RMPOPT_EN was set
written_once() { is "$(machinectl count base-writes-armed)" 0 "RMPOPT_BASE was not written while in use"; }
# snp_again - SNP is shut down and initialised anew, and RMPOPT_EN is clear
snp_again() {
	machinectl snp disable >/dev/null
	machinectl snp enable >/dev/null
	machinectl snp init >/dev/null
}

# --- SNP guests -----------------------------------------------------------------

# vmm, vm, vm_send, vm_answer, vmm_end, vmm_kill
# shellcheck source=../machine/vmm.sh
. /etc/machine/vmm.sh

# --- the machine --------------------------------------------------------------

# The profile that this run is under: kind or harsh.
profile() { printf '%s\n' "${RMPOPT_PROFILE:-kind}"; }

all_cpus() { seq 0 $(($(machinectl hello | cut -d ' ' -f 1) - 1)); }

# offline CPU, online CPU
offline() { echo 0 >"/sys/devices/system/cpu/cpu$1/online"; }
online() { echo 1 >"/sys/devices/system/cpu/cpu$1/online"; }
cpus_online() { cat /sys/devices/system/cpu/online; }

# short_kallsyms - one line of /proc/kallsyms for all of it, until the next fresh start: rmpoptctl looks there for functions
# that no kernel of these scenarios has, which takes it seconds under emulation
short_kallsyms() {
	echo "0000000000000000 T rmp_make_shared" >/tmp/kallsyms
	mount -o bind /tmp/kallsyms /proc/kallsyms
}
whole_kallsyms() { [ ! -e /tmp/kallsyms ] || { umount /proc/kallsyms && rm /tmp/kallsyms; }; }

# preempt_rt - does this kernel have PREEMPT_RT?
preempt_rt() { uname -v | grep -qw PREEMPT_RT; }

# What scenarios change of the kernel's own settings.
kernel_settings="watchdog_thresh sched_rt_runtime_us"

# As at boot: the kernel's settings, and no event is traced.
boot_settings() {
	local name now before
	for name in $kernel_settings; do
		[ -e "/tmp/boot-settings/$name" ] || continue
		read -r now <"/proc/sys/kernel/$name"
		read -r before <"/tmp/boot-settings/$name"
		[ "$now" = "$before" ] || echo "$before" >"/proc/sys/kernel/$name" || return 1
	done
	[ ! -e /sys/kernel/tracing/events/enable ] || echo 0 >/sys/kernel/tracing/events/enable
}

remember_boot_settings() {
	local name
	mkdir -p /tmp/boot-settings
	for name in $kernel_settings; do
		[ ! -e "/proc/sys/kernel/$name" ] || cat "/proc/sys/kernel/$name" >"/tmp/boot-settings/$name"
	done
}

# The CPUs that were online at boot, and no others.
boot_cpus() {
	local cpu file now before
	for cpu in $(all_cpus); do
		file=/sys/devices/system/cpu/cpu$cpu/online
		[ -e "$file" ] || continue
		read -r now <"$file"
		read -r before <"/tmp/boot-cpus/$cpu"
		[ "$now" = "$before" ] || echo "$before" >"$file" || return 1
	done
}

remember_boot_cpus() {
	local cpu file now
	mkdir -p /tmp/boot-cpus
	for cpu in $(all_cpus); do
		file=/sys/devices/system/cpu/cpu$cpu/online
		[ -e "$file" ] || continue
		read -r now <"$file"
		echo "$now" >"/tmp/boot-cpus/$cpu"
	done
}

# new_kernel_trouble - what a kernel log must not show, from the lines since the last call
new_kernel_trouble() {
	dmesg -c | awk -f "$here/kcsan.awk" | grep -E 'BUG:|WARNING:|Oops|Call Trace|soft lockup|hard LOCKUP|blocked for more than|general protection|rcu.* stall|Kernel panic|[uU]nable to handle|sysfs: cannot create duplicate'
}

# fresh PROFILE - a machine as after boot, whatever the scenario before has left:
# no module, the CPUs and settings of the boot, no planted fault or MSR, no guest page,
# SNP as at the start (with a PSP: off, nothing loaded), counters at 0.
fresh() {
	# First let go whoever a scenario has left held, else nothing can be unloaded.
	machinectl open && machinectl costs off || return 1
	! loaded || rmmod rmpopt || return 1
	unload_tests && whole_kallsyms && boot_settings && boot_cpus && unload_snp && machinectl fresh "$1"
}

# The drivers remember what the machine is to forget. A killed VMM may still be
# giving its pages back, which keeps KVM in use.
unload_snp() {
	local name
	for name in kvm_amd ccp; do
		[ ! -d "/sys/module/$name" ] || wait_for "rmmod $name 2>/tmp/rmmod" 30 || { cat /tmp/rmmod; return 1; }
	done
}

unload_tests() {
	local file name
	for file in "$here"/*.ko; do
		name=$(basename "$file" .ko | tr - _)
		if [ "$name" != rmpopt ] && [ -d "/sys/module/$name" ]; then
			rmmod "$name" || return 1
		fi
	done
}
