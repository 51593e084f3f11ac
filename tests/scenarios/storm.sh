#!/bin/sh
# Everything at once, at random: no unsafe bit, no veto, and the truth in the end.
# RMPOPT_SEED says which storm, RMPOPT_STORM_S for how many seconds.
# machine: --nodes 2 --cores 2 --threads 2
# check: harsh
# soak: yes
# timeout: 150
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh
# shellcheck source=parts/storm.sh
. /rmpopt/parts/storm.sh

first_seed=$seed

# Any page of regions 0 ... 4; what is in use as RAM does not matter to the model.
take_page() {
	random 5
	page=$((random * 0x40000))
	random 512
	page=$((page + random * 512))
	random 512
	page=$((page + random))
	machinectl assign $page 3 4k
	taken="$taken $page"
}

tune() {
	one_of duty parallel slice_us watch_ms audit_ms delay_ms max_delay_ms isolated followers auto
	file=$word
	random 300
	case $file in
	duty) word=$((random / 3 + 1)) ;;
	parallel) word=$((random % 5)) ;;
	audit_ms) word=$((random * 10 + 10)) ;;
	isolated) one_of ipi skip ;;
	followers) one_of tick ipi ;;
	auto) one_of Y N ;;
	*) word=$((random + 10)) ;;
	esac
	put "tune/$file" "$word" || refused=$((refused + 1))
}

change() {
	one_of take take take back back all scan scan scan cancel tune tune stop start start lose
	case $word in
	take) take_page ;;
	back | all) give_back "$word" ;;
	scan)
		one_of now full later
		# Not while it is stopped.
		put scan "$word" 2>/dev/null && scans=$((scans + 1)) ;;
	cancel)
		put scan cancel 2>/dev/null && cancels=$((cancels + 1)) ;;
	tune) tune ;;
	stop) put enabled 0 ;;
	start) put enabled 1 ;;
	lose)
		random 8
		machinectl lose "$random" ;;
	esac
}

# At the same time, with numbers of its own: none may be vetoed.
hotplug() {
	local done=0 failed=0
	seed=$((first_seed + 1))
	while in_storm || [ $((done + failed)) -le $((work_s / 4)) ]; do
		one_of offline offline online online online
		random 7
		$word $((random + 1)) && done=$((done + 1)) || failed=$((failed + 1))
	done
	echo "$done $failed" >/tmp/hotplug
}

ok "the module loads" load watch_ms=100 audit_ms=1000 delay_ms=50
wait_state ready
diag "seed $first_seed, $seconds s"
taken=
changes=0 scans=0 cancels=0 refused=0
before=$(get passes)
storm_begins
rm -f /tmp/hotplug
hotplug &
seed=$first_seed
# On a busy machine that time may see few changes, and none that cancels.
while in_storm || [ $changes -le $work_s ] || [ $scans = 0 ] || [ $cancels = 0 ] || [ $(($(get passes) - before)) -le $((work_s / 4)) ]; do
	change
	changes=$((changes + 1))
done
wait
read -r plugged vetoed </tmp/hotplug
passes=$(($(get passes) - before))
diag "$changes changes, $plugged of CPUs, $scans requests and $cancels to cancel, $passes passes"
cmp_ok "$changes" '>' "$work_s" "a storm"
cmp_ok "$plugged" '>' $((work_s / 4)) "in which CPUs come and go"
cmp_ok "$scans" '>' 0 "with requests"
cmp_ok "$cancels" '>' 0 "that are cancelled"
cmp_ok "$passes" '>' $((work_s / 4)) "and passes"
is "$vetoed" 0 "no CPU's coming or going was vetoed"
is "$refused" 0 "no tunable was refused"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
is "$(machinectl count outside)" 0 "no RMPOPT outside the window"

put enabled 1
for setting in duty=100 parallel=4 slice_us=50 watch_ms=100 audit_ms=1000 isolated=ipi auto=Y; do
	put "tune/${setting%=*}" "${setting#*=}"
done
for cpu in $(all_cpus); do
	online "$cpu" 2>/dev/null
done
wait_state ready
wait_for '[ "$(armed)" = 4 ] && at_rest' 30 "all cores take part in the end"
wait_for 'scan now && [ "$(machinectl truth)" = "0 0 4" ]' 30 "and their tables equal the truth"
wait_for 'get_is cores_behind ""' 10 "no core is behind"
give_back all
wait_for 'scan now && get_is regions_optimized 7 && [ "$(machinectl truth)" = "0 0 4" ]' 30 "with all pages back all is optimized"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
is "$(machinectl count faults)" 0 "no fault"
did_not_grow
ok "unload" unload
written_once
done_testing
