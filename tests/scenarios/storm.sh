#!/bin/sh
# Everything at once, at random: never an unsafe bit, and the truth in the end.
# RMPOPT_SEED and RMPOPT_STORM_S change the seed and the seconds that it lasts.
# machine: --nodes 2 --cores 2 --threads 2
# timeout: 150
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

seed=${RMPOPT_SEED:-1}
seconds=${RMPOPT_STORM_S:-30}

# random N - sets $random to 0 ... N - 1
random() {
	seed=$(((seed * 1103515245 + 12345) & 0x7fffffff))
	random=$((seed / 65536 % $1))
}

# Any page of regions 0 ... 4; what is in use as RAM does not matter to the model.
page() {
	random 5
	set -- "$random"
	random 262144
	page=$(($1 * 0x40000 + random))
}

words="now full later cancel"
change() {
	random 12
	case $random in
	0 | 1 | 2)
		page
		machinectl assign "$page" 3 4k
		taken="$taken $page"
		;;
	3 | 4 | 5)
		for page in $taken; do break; done
		[ -z "$taken" ] || machinectl release "$page" 4k
		taken=${taken# "$page"}
		;;
	6)
		random 7
		cpu=$((random + 1))
		offline $cpu 2>/dev/null || online $cpu 2>/dev/null
		;;
	7)
		random 7
		online $((random + 1)) 2>/dev/null
		;;
	8 | 9)
		random 4
		# shellcheck disable=SC2086 # words
		set -- $words
		shift "$random"
		put scan "$1" 2>/dev/null
		;;
	10)
		random 3
		case $random in
		0) random 100; put tune/duty $((random + 1)) ;;
		1) random 5; put tune/parallel "$random" ;;
		2) random 990; put tune/slice_us $((random + 10)) ;;
		esac
		;;
	11)
		random 8
		[ "$random" != 7 ] || put enabled 0
		put enabled 1
		random 8
		[ "$random" != 7 ] || machinectl lose "$((random))"
		;;
	esac
}

ok "the module loads" load watch_ms=100 audit_ms=1000 delay_ms=50
wait_state ready
taken=
changes=0
end=$(($(uptime_ms) + seconds * 1000))
while [ "$(uptime_ms)" -lt $end ]; do
	change
	changes=$((changes + 1))
done
diag "$changes changes in $seconds s"
cmp_ok "$changes" '>' 100 "a storm"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
is "$(machinectl count outside)" 0 "no RMPOPT outside the window"

put enabled 1
for cpu in $(all_cpus); do
	online "$cpu" 2>/dev/null
done
wait_state ready
wait_for '[ "$(machinectl truth | cut -d " " -f 3)" = 4 ] && at_rest' 30 "all cores take part in the end"
wait_for 'scan now && [ "$(machinectl truth)" = "0 0 4" ]' 30 "and their tables equal the truth"
is "$(get cores_behind)" "" "no core is behind"
for page in $taken; do
	machinectl release "$page" 4k
done
wait_for 'scan now && [ "$(get regions_optimized)" = 7 ] && [ "$(machinectl truth)" = "0 0 4" ]' 30 "with all pages back all is optimized"
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
is "$(machinectl count faults)" 0 "no fault"
ok "unload" unload
done_testing
