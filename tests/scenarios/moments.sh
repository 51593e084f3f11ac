#!/bin/sh
# Hotplug at every moment: passes are held at the n-th RMPOPT of a core while the first sibling, the
# second, or all of a core, a leader or a follower, goes offline, comes online, or both at once.
# machine: --cores 4 --threads 2
# check: kind
# timeout: 500
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

# A pass that is held stops CPU hotplug until it is let go; from then on it may take so long, and what hotplug takes.
bound_ms=${bound_ms:-9000}
slowest=0
# Of so many changes it was seen that they had begun when the first gate was opened.
changes=0 begun=0
page=$((2 * 0x40000 + 99))

note() { problems="$problems $*;"; }

# Who does what now; a leader that has left does not lead again when it is back.
roles() {
	local cpu
	leader=$(get leaders)
	first='' last=''
	for cpu in $(get cores | tr , '\n' | awk -F - '{ for (i = $1; i <= $NF; i++) print i }'); do
		if [ "$cpu" != "$leader" ]; then
			first=${first:-$cpu}
			last=$cpu
		fi
	done
}

# hold KIND WHO N - begin a pass, or an audit, and hold it at that core's n-th RMPOPT; later at the next ones
hold() {
	roles
	case $2 in
	leader) held=$leader ;;
	first) held=$first ;;
	last) held=$last ;;
	esac
	[ "$1" != delta ] || { machinectl assign $page 7 4k && machinectl release $page 4k; }
	for n in 0 1 2; do
		machinectl event $(($3 + n)) gate "$held"
	done
	case $1 in
	full) put scan full ;;
	delta) put scan now ;;
	audit) put tune/audit_ms 10 ;;
	esac
	wait_for '[ "$(machinectl events | cut -d " " -f 1)" -le 2 ]' 10 || note "the moment does not come"
	put tune/audit_ms 0
}

# Has it come as far as it can? Asleep in the kernel, in the function where it was at the last look; or done.
is_under_way() {
	local asleep before=$stack
	[ ! -e /tmp/plugged ] || return 0
	stack=none
	{ read -r stack <"/proc/$plugging/stack" && read -r _ _ asleep _ <"/proc/$plugging/stat"; } 2>/dev/null || return
	[ "$stack" = "$before" ] && [ "$asleep" = D ]
}

# offline|online|bounce CPU...; then say how many failed, and when it was done
plug() {
	local cpu failed=0 what=$1
	shift
	for cpu in "$@"; do
		case $what in
		bounce) offline "$cpu" ;;
		*) "$what" "$cpu" ;;
		esac || failed=$((failed + 1))
	done
	[ "$what" != bounce ] || for cpu in "$@"; do
		online "$cpu" || failed=$((failed + 1))
	done
	echo "$failed $(uptime_ms)" >/tmp/plugging
	mv /tmp/plugging /tmp/plugged
}

# meanwhile offline|online|bounce CPU... - let go as soon as that has begun. Hotplug stops where
# somebody is held, so it comes in between one RMPOPT and the next.
meanwhile() {
	local failed ended opened stack=none
	rm -f /tmp/plugged
	changes=$((changes + 1))
	plug "$@" &
	plugging=$!
	for n in 0 1 2; do
		# Some of it spins instead of sleeping: don't wait for ever.
		if wait_for is_under_way 1 && [ $n = 0 ]; then begun=$((begun + 1)); fi
		stack=none
		opened=$(uptime_ms)
		[ $n = 2 ] || machinectl open step
	done
	machinectl open
	wait_for '[ -e /tmp/plugged ]' 30 || { note "$* does not end"; return; }
	read -r failed ended </tmp/plugged
	[ "$failed" = 0 ] || note "$* was vetoed"
	[ $((ended - opened)) -le $slowest ] || slowest=$((ended - opened))
	[ $((ended - opened)) -le "$bound_ms" ] || note "$* took $((ended - opened)) ms"
}

# Region 2 comes and goes: what a pass that was cut short leaves to back-off has to be asked for.
in_truth() {
	at_rest || return
	get_is backoff "" || { put scan now; return 1; }
	[ "$(list_size "$(get cores)")" = "$1" ] && get_is regions_optimized 7 && [ "$(machinectl truth)" = "0 0 $1" ] &&
		get_is cores_behind "" && at_rest
}

# settles CORES - left alone
settles() {
	wait_for "in_truth $1" 20 ||
		note "in the end: $(state), $(get progress), $(machinectl truth), $(get regions_optimized) optimized," \
			"cores $(get cores), behind $(get cores_behind), leaders $(get leaders), pass $(get passes) $(get last_result) $(count last_trigger)"
	[ "$(machinectl count unsafe)" = 0 ] || note "unsafe bits"
	[ "$(machinectl count faults)" = 0 ] || note "$(machinectl count faults) faults"
}

# cpus_of PART ROLE - sets $cpus
cpus_of() {
	local core=$leader
	if [ "$2" = follower ]; then
		core=$first
		[ "$held" = "$leader" ] || core=$held
	fi
	core=$((core / 2 * 2))
	case $1 in
	first) cpus=$core ;;
	second) cpus=$((core + 1)) ;;
	core | bounce) cpus="$core $((core + 1))" ;;
	esac
}

# there_and_back KIND WHO N PART - off in one pass, on in the next; a bounce is both in one
there_and_back() {
	local stay=3
	[ "$4" != core ] || stay=2
	# shellcheck disable=SC2086 # a list
	if [ "$4" = bounce ]; then
		meanwhile bounce $cpus
	else
		meanwhile offline $cpus
		settles $stay
		hold "$1" "$2" "$3"
		meanwhile online $cpus
	fi
	settles 3
}

# moment KIND WHO N PHASE
moment() {
	local part role
	for role in leader follower; do
		for part in first second core bounce; do
			problems=
			hold "$1" "$2" "$3"
			cpus_of $part $role
			there_and_back "$1" "$2" "$3" $part
			is "$problems" "" "$1, $4, $2's RMPOPT $3: $role, $part"
		done
	done
}

# seldom KIND WHO N PHASE - only in "make check-all"
seldom() { [ -z "${RMPOPT_ALL:-}" ] || moment "$@"; }

# The kernel stops all CPUs to take one away, and waits for the one that is held.
machinectl patience 1500

# Core 0 does not take part: this script is there, and never held.
ok "on CPUs that are never held" taskset -p 3 $$ >/dev/null
begin=$(uptime_ms)
ok "a CPU goes offline, and comes back" eval 'offline 7 && online 7'
alone_ms=$(($(uptime_ms) - begin))
bound_ms=$(((bound_ms + 4 * alone_ms) * ${RMPOPT_SLOWER:-1}))
ok "the module loads" load cpus=2-7 watch_ms=0 audit_ms=0 duty=100
wait_state ready
wait_for 'in_truth 3' 20 "7 of 8 regions are optimized on 3 cores"

# A full pass: 8 verifies by the leader, 7 by each follower, 7 reports by the leader.
seldom full leader 5 lead
moment full last 4 follow
seldom full leader 10 close
# A region lost: 7 reports, 2 verifies, a second witness, 1 verify by each, 1 report.
seldom delta leader 4 look
moment delta leader 8 lead
seldom delta first 1 ask
seldom delta last 1 follow
seldom delta leader 10 close
# An audit: 7 reports by each.
moment audit last 4 audit

diag "hotplug took at most $slowest ms after that, $alone_ms ms for one CPU without the module; $begun of $changes had begun"
cmp_ok $((2 * begun)) '>' $changes "most changes had begun while somebody was held"
ok "unload" unload
written_once
done_testing
