# shellcheck shell=dash
# Runs in the guest: guest.sh host-s|sparse REGIONS IDLE-SECONDS. Brings the host into the state of each
# case, lets v10, merged and rmpopt do their pass, and prints what the
# machine has counted: "measure CASE WHO NAME VALUE". README.md says what the cases are.
exec 3>&1
# shellcheck source=../scenarios/lib.sh
. /rmpopt/lib.sh

host=$1
regions=$2
idle_seconds=$3
vcpus=$(machinectl hello | cut -d ' ' -f 1)
threads=$(machinectl hello | cut -d ' ' -f 2)
cores=$((vcpus / threads))
primaries=$(seq 0 "$threads" $((vcpus - 1)))
last_page=262143
guest_regions=100
slice_cycles=$((50 * 2000))
own_counts="verifies_leader verifies_follower verifies_catchup slices interruptions overruns"
trace=/sys/kernel/tracing
tell=/sys/module/rmpopt_upstream/parameters/run

give_up() {
	echo "guest.sh: $*"
	machinectl truth
	dmesg | tail -n 20
	exit 1
}

must() { "$@" || give_up "failed: $*"; }

measure() { echo "measure $*"; }

# most COUNTER CPU... - the largest of these CPUs' counts
most() {
	local top=0 value
	for value in $(machinectl count "$@"); do
		[ "$value" -le "$top" ] || top=$value
	done
	echo "$top"
}

# sum COUNTER CPU... - of these CPUs
sum() {
	local total=0 value
	for value in $(machinectl count "$@"); do
		total=$((total + value))
	done
	echo "$total"
}

# counted CASE WHO - all that the machine has counted
counted() {
	local case=$1 who=$2
	machinectl counts | while read -r name value; do measure "$case" "$who" "$name" "$value"; done
	# shellcheck disable=SC2086 # a list
	measure "$case" "$who" worst-interruptions "$(most interruptions $primaries)"
	# shellcheck disable=SC2046 # unsafe bits, cores that differ, cores armed
	set -- $(machinectl truth)
	measure "$case" "$who" wrong-cores "$2"
	measure "$case" "$who" armed-cores "$3"
}

# counted_module CASE - and what the module says about it
counted_module() {
	local name
	counted "$1" module
	for name in $own_counts; do
		measure "$1" module "says-$name" "$(($(count "$name") - $(cat "/tmp/$name")))"
	done
	measure "$1" module optimized "$(get regions_optimized)"
	measure "$1" module leaders "$(leaders | wc -l)"
	# shellcheck disable=SC2046 # lists
	measure "$1" module leader-cycles "$(most cycles $(leaders))"
	# shellcheck disable=SC2046
	measure "$1" module leader-scan-cycles "$(most scan-cycles $(leaders))"
}

# Counters from 0, the module's own, too.
from_zero() {
	local name
	for name in $own_counts; do count "$name" >"/tmp/$name"; done
	machinectl reset
}

describe() {
	# shellcheck disable=SC2046 # regions, regions that are wholly the hypervisor's
	set -- "$1" $(pages owned)
	measure "$1" host regions "$2"
	measure "$1" host owned "$3"
	measure "$1" host cores "$cores"
}

# A machine that remembers nothing, with costs.
new_machine() {
	must machinectl fresh kind
	must machinectl costs on
	must machinectl slow 0 0 $slice_cycles
}

# --- the three -----------------------------------------------------------------

# upstream CASE v10|merged - one pass. While it leads nobody else verifies; then all others do at
# once, with merged the leader's core as well.
upstream() {
	local case=$1 who=$2 at_once=$((cores - 1))
	[ "$who" != merged ] || at_once=$cores
	must insmod "$here/rmpopt_upstream.ko" "regions=$upstream_regions"
	machinectl reset
	machinectl crowd 1 >/dev/null
	must taskset -c 0 sh -c "echo $who-lead >$tell"
	measure "$case" "$who" leader-verifies "$(machinectl count verifies)"
	measure "$case" "$who" leader-cycles "$(machinectl count cycles)"
	machinectl crowd $at_once >/dev/null
	must taskset -c 0 sh -c "echo $who-follow >$tell"
	counted "$case" "$who"
	must rmmod rmpopt_upstream
}

# start PARAMETER... - the module, with nothing done yet. At once verify at most its leaders and as
# many followers as the tunable "parallel" says.
start() {
	# The way that interrupts: what is interrupted by tick depends on how busy CPUs are.
	must load scan_on_load=N watch_ms=0 audit_ms=0 followers=ipi "$@"
	must wait_for 'state_is ready' 60
	machinectl crowd $(($(leaders | wc -l) + $(get tune/parallel))) >/dev/null
}

# scanned CASE now|full - one pass of the module
scanned() {
	from_zero
	must scan "$2" 300
	must wait_for at_rest 60
	[ "$(get last_result)" = ok ] || give_up "$1: the pass ends with $(get last_result)"
	counted_module "$1"
}

# machine_with [FIRST STEP COUNT] - a new machine; the last page of COUNT regions is assigned
machine_with() {
	new_machine
	[ $# = 0 ] || must pages assign "$@" $last_page
}

# compared CASE [FIRST STEP COUNT] - a pass of each of the three, on a machine_with. RMPOPT_EN stays set
# as long as SNP is enabled, so only a new machine has no base and empty tables. rmpopt remains loaded.
compared() {
	local case=$1 who
	shift
	for who in v10 merged; do
		machine_with "$@"
		upstream "$case" "$who"
	done
	machine_with "$@"
	describe "$case"
	start
	scanned "$case" full
}

# --- cases ---------------------------------------------------------------------

case_full() { compared full; }

# After case_full, with what it has left.
case_same() {
	describe same
	scanned same now
}

# After case_full.
case_delta() {
	local first=$((regions / 2 - guest_regions / 2))
	must pages assign $first 1 $guest_regions 77
	must scan now 120
	must wait_for at_rest 60
	must pages release $first 1 $guest_regions 77
	describe delta
	scanned delta now
}

# A verify of one region takes twice what a slice may. CASE REGION. After case_full.
case_slow() {
	describe "$1"
	must machinectl slow "$2" $((2 * slice_cycles)) $slice_cycles
	scanned "$1" full
	must machinectl slow 0 0 $slice_cycles
}

# Four cores take part, and each but the leader's has a task that never sleeps. (The emulated host
# has two CPUs of its own: with all sixteen busy, ticks come seconds apart.)
case_busy() {
	local cpu busy=
	new_machine
	describe busy
	start "cpus=0-$((4 * threads - 1))" followers=tick
	for cpu in $(seq 0 "$threads" $((3 * threads))); do
		in_list "$cpu" "$(get leaders)" || busy="$busy $cpu"
	done
	# shellcheck disable=SC2086 # a list
	spin_on $busy
	scanned busy full
	spin_end
	must unload
}

# trace EVENT FILTER - from now on; COMM is who is interrupted or asks, comm who is meant
trace() {
	must test -e "$trace/events/$1/filter"
	echo "$2" >"$trace/events/$1/filter"
	echo 1 >"$trace/events/$1/enable"
}

# What the module's threads do to others, and what is done for them.
trace_module() {
	echo 16384 >"$trace/buffer_size_kb"
	echo >"$trace/trace"
	trace sched/sched_switch 'next_comm ~ "rmpopt*"'
	trace sched/sched_waking 'comm ~ "rmpopt*" || COMM ~ "rmpopt*"'
	trace ipi/ipi_send_cpu 'CPU >= 0'
	trace ipi/ipi_send_cpumask 'CPU >= 0'
	trace timer/timer_start 'COMM ~ "rmpopt*"'
	trace timer/timer_expire_entry 'now > 0'
	trace rmpopt/pass_begin 'pass > 0'
	trace rmpopt/pass_end 'pass > 0'
	trace timer/hrtimer_start 'COMM ~ "rmpopt*"'
	trace timer/hrtimer_expire_entry 'function.function == hrtimer_wakeup'
}

# short_watches - of /tmp/trace, what happened from the beginning of a watch to that of the next one, if neither it nor the one
# before took a quarter of a second, or was followed by one that was nearly so late: then the guard looks whether the worker
# gets CPU time, on a busy machine it may move it, and the next election moves it back. A watch begins a second after the end
# of the last one. The time stamp is the last word before the event.
short_watches() {
	awk 'function bad(k) {
			return !(k in end) || end[k] - begin[k] >= 0.25 || !((k + 1) in begin) || begin[k + 1] - end[k] >= 1.2
		}
		{ for (i = 2; i <= NF && $i !~ /^pass_(begin|end):$/; i++) ; at = i > NF ? 0 : $(i - 1) + 0 }
		FNR == NR && $i == "pass_begin:" { begin[++n] = at }
		FNR == NR && $i == "pass_end:" && n { end[n] = at }
		FNR == NR { next }
		$i == "pass_begin:" { m++ }
		!bad(m) && !bad(m - 1)' /tmp/trace /tmp/trace
}

# After case_full: nobody asks for anything.
case_idle() {
	local others
	put tune/watch_ms 1000
	others=$(other_cpus)
	describe idle
	must wait_for at_rest 60
	# On a busy machine few watches are short ones.
	for _ in $(seq 20); do
		from_zero
		trace_module
		sleep "$idle_seconds"
		echo 0 >"$trace/events/enable"
		cp "$trace/trace" /tmp/trace
		short_watches >/tmp/idle.trace
		[ "$(grep -c 'pass_begin:' /tmp/idle.trace)" -lt 3 ] || break
	done
	awk -v "leaders=$(leaders | paste -sd , -)" -f "$here/idle.awk" /tmp/idle.trace |
		while read -r name value; do measure idle module "$name" "$value"; done
	counted_module idle
	# shellcheck disable=SC2086 # a list
	measure idle module others $(($(sum verifies $others) + $(sum reports $others)))
	put tune/watch_ms 0
}

case_half() {
	compared half 1 2 $((free / 2))
	must unload
}

case_none() {
	compared none 0 1 "$free"
	must unload
}

# nodes_pass CASE LEADERS PARAMETER... - a full pass on a new machine, charged as if the leaders
# were alone: it is their reading of the RMP that is looked at
nodes_pass() {
	local case=$1 leaders=$2
	shift 2
	new_machine
	start "$@"
	machinectl crowd "$leaders" >/dev/null
	scanned "$case" full
	must unload
}

case_nodes() {
	new_machine
	describe nodes
	nodes_pass nodes-one 1 "cpus=$(cat /sys/devices/system/node/node0/cpulist)"
	nodes_pass nodes 2
}

host_s() {
	upstream_regions=$regions
	new_machine
	# The RMP fills the last regions, 4 MiB for each that it covers.
	free=$((regions - (regions * 4 + 1023) / 1024))
	case_full
	case_same
	case_delta
	case_slow slow 0
	case_slow slow-mid $((regions / 2 + 10))
	case_idle
	must unload
	case_half
	case_none
	case_busy
	case_nodes
}

sparse() {
	# As far as the kernel's own RAM reaches.
	upstream_regions=0
	compared sparse
	must unload
}

case $host in
host-s) host_s ;;
sparse) sparse ;;
*) give_up "no host $host" ;;
esac
echo "measured $host"
