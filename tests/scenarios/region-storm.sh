#!/bin/sh
# RMPOPT faults in regions at random, on all cores or on one, while guests come and go and scans are asked for.
# RMPOPT_SEED says which storm, RMPOPT_STORM_S for how many seconds; it has 200 faults at least.
# machine: --nodes 2 --cores 2 --threads 2
# soak: yes
# check: harsh
# timeout: 300 900
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh
# shellcheck source=parts/storm.sh
. /rmpopt/parts/storm.sh

# In regions 0 ... 4: all cores always have regions that work.
plant() {
	local region
	random 5
	region=$random
	one_of all all 0 2 4 6
	planted=$((planted + 1))
	faulty="$faulty $region"
	case $planted in
	*[05]) machinectl fault-region "$region" ud "$word" ;;
	*) machinectl fault-region "$region" gp "$word" ;;
	esac
}
# heal one|all
heal() {
	local region
	for region in $faulty; do
		machinectl fault-region "$region" off
		faulty=$(for n in $faulty; do [ "$n" = "$region" ] || printf ' %s' "$n"; done)
		[ "$1" = all ] || break
	done
}

take_page() {
	local page
	random 5
	page=$((random * 0x40000))
	random 512
	page=$((page + random * 512))
	machinectl assign $page 3 4k && taken="$taken $page"
}

change() {
	one_of plant plant plant plant heal heal healed take back back scan
	case $word in
	plant) plant ;;
	heal) heal one ;;
	healed) heal all ;;
	take) take_page ;;
	back) give_back one ;;
	scan)
		one_of now now full later
		put scan "$word"
		scans=$((scans + 1)) ;;
	esac
}

# Regions that nobody has a page of, and where nothing is planted.
working() {
	local region n bad
	for region in 0 1 2 3 4 6 7; do
		bad=
		for n in $faulty; do
			[ "$n" != "$region" ] || bad=yes
		done
		for n in $taken; do
			[ $((n / 0x40000)) != "$region" ] || bad=yes
		done
		[ -n "$bad" ] || echo "$region"
	done
}
optimized() {
	local region
	for region in 0 1 2 3 4 5 6 7; do
		! in_list "$region" "$1" || echo "$region"
	done
}
settled() { at_rest && get_is optimized 0-4,6-7 && [ "$(machinectl truth)" = "0 0 4" ] && at_rest; }

ok "the module loads" load watch_ms=100 audit_ms=1000 delay_ms=50 max_delay_ms=200 duty=50
wait_state ready
wait_for settled 30 "all is optimized"
diag "seed $seed, $seconds s"
planted=0 changes=0 scans=0 left_out=
faulty='' taken=''
before=$(get passes)
storm_begins
while in_storm || [ $planted -lt 200 ]; do
	change
	changes=$((changes + 1))
	get_is cores 0,2,4,6 || left_out="$left_out $changes:$(get cores)"
done
diag "$changes changes, $planted faults planted, $scans requests, $(($(get passes) - before)) passes, $(machinectl count faults) faults"
cmp_ok "$(machinectl count faults)" '>' 50 "that were met"
cmp_ok $(($(get passes) - before)) '>' $((work_s / 4)) "with passes"
cmp_ok "$scans" '>' 0 "that were asked for, too"
is "$left_out" "" "no core was left out at any time"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
is "$(machinectl count outside)" 0 "no RMPOPT outside the window"

# What is left is on every core, and nothing else.
plant
take_page
ok "a full scan" scan full 60
ok "at rest" wait_for at_rest 30
is "$(optimized "$(get optimized)")" "$(working)" "what works and is nobody's is optimized, however much faults"
is "$(machinectl truth | cut -d ' ' -f 1)" 0 "no bit says more than the RMP"
heal all
give_back all
ok "nothing faults any more: a full scan" scan full 60
wait_for settled 60 "all is optimized, the tables equal the truth"
is "$(get regions_faulty) $(get faulty)" "0 " "nothing is listed as faulty"
is "$(get cores) $(get cores_behind)" "0,2,4,6 " "no core is left out or behind"
is "$(get reason)" ok "nothing to complain about"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
did_not_grow
ok "unload" unload
written_once
done_testing
