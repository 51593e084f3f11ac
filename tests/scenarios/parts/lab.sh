# shellcheck shell=dash disable=SC2016,SC2034,SC2154,SC2317
# What scenarios of the laboratory have in common. Sourced after lib.sh.

lab_loaded() { [ -d /sys/module/rmpopt_lab ]; }
report=/tmp/lab
short_kallsyms

# run_lab OPTION... - into $report; sets $status, and $out to what it says
run_lab() {
	rm -rf "$report"
	out=$(rmpoptctl lab --yes --output $report "$@" 2>&1)
	status=$?
}

# answers_of FILE - "QUESTION ANSWER" lines, as the machine has them
answers_of() {
	awk -F '"' '$2 == "id" { id = $4 } $2 == "answer" { print id, $4 }' "$1"
}

# step_states - "STEP STATE" lines of the report, in the order in which they ran
step_states() {
	awk -F '"' '$2 == "id" { id = $4 } $2 == "state" { print id, $4 }' $report/lab.json
}

# begin STEPS OPTION... - in the background; for "# programs: env"
begin() {
	rm -rf "$report"
	# A shell has its background jobs ignore Ctrl-C.
	/usr/bin/env --default-signal=INT rmpoptctl lab --yes --output "$report" --steps "$@" >/tmp/said 2>&1 &
	tool=$!
}

# ended STATUS DESC - within a minute
ended() {
	wait "$tool"
	is "$?" "$1" "$2"
}

# bases - RMPOPT_BASE of all CPUs
bases() { for cpu in $(seq 0 $(($(nproc --all) - 1))); do machinectl rdmsr "$cpu" 0xc0010139; done | paste -sd ' '; }

# arms_as_rmpopt - cores that have no window get the one that rmpopt has just given them
arms_as_rmpopt() {
	local theirs none
	theirs=$(bases)
	ok "unload" unload
	snp_again
	none=$(bases)
	run_lab --steps arm
	is "$status" 0 "the laboratory arms all cores"
	is "$(bases)" "$theirs" "with the windows that rmpopt gives them"
	isnt "$none" "$theirs" "which they did not have before"
}

# 4 KiB pages that are not the hypervisor's, by region.
assigned() { regions pages 15; }

# How rmpopt is: loaded or not, its parameters, what can be tuned, whether it works.
rmpopt_is() {
	loaded || { echo "not loaded"; return; }
	grep -H . /sys/module/rmpopt/parameters/* "$rmpopt"/tune/* "$rmpopt/enabled"
}

# host_before - remember what must be the same afterwards
host_before() {
	host_pages=$(assigned)
	host_rmpopt=$(rmpopt_is)
	host_cpus=$(cpus_online)
}

# host_as_before DESC - nothing of the laboratory is left. The caretaker has as long as it takes.
host_as_before() {
	wait_for '! lab_loaded && [ "$(rmpopt_is)" = "$host_rmpopt" ]' 60
	is "$(lab_loaded && echo loaded)/$(assigned)/$(cpus_online)" "/$host_pages/$host_cpus" "$1: no module, no page, no CPU of the laboratory's is left"
	is "$(rmpopt_is)" "$host_rmpopt" "$1: rmpopt is as it was"
	is "$(machinectl count unsafe) $(machinectl truth | cut -d ' ' -f 1)" "0 0" "$1: no bit was unsafe"
}
