#!/bin/sh
# 1,024 CPUs: what is made for each of them fits, and high numbers work.
# Most of them are not really there, so no list of CPUs is longer than a page here. The
# same function prints the lists of regions, of which lists.sh has such.
# machine: --cores 4 --possible 1024
# profiles: kind
# timeout: 300
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

views=/sys/kernel/debug/rmpopt
# settled [CORES]
settled() { at_rest && get_is regions_optimized 7 && [ "$(machinectl truth)" = "0 0 ${1:-4}" ] && at_rest; }
kib() { awk -v "name=$1:" '$1 == name { print $2 }' /proc/meminfo; }
# Objects of 4 KiB and more: tables by CPU number are such.
objects() { awk '$1 ~ /^kmalloc-(rnd-[0-9]+-)?[48]k$/ { n += $2 } END { print n }' /proc/slabinfo; }

is "$(cat /sys/devices/system/cpu/possible)" 0-1023 "1,024 CPUs are possible"
is "$(cpus_online)" 0-3 "four are online"
percpu=$(kib Percpu) free=$(kib MemAvailable)
ok "the module loads" load duty=100 watch_ms=0 audit_ms=0
wait_state ready
wait_for settled 20 "all is optimized"
diag "of memory it takes $((free - $(kib MemAvailable))) KiB, and $(($(kib Percpu) - percpu)) of these are per CPU"
cmp_ok $((free - $(kib MemAvailable))) '<' 16384 "it takes less than 16 MiB"
is "$(get cores) $(get leaders) $(get cores_behind)" "0-3 $(get leaders) " "cores are those that are online"
is "$(find "$rmpopt" "$views" -type f -perm -400 | xargs cat 2>&1 >/dev/null)" "" "every file can be read"
is "$(sed 1d "$views/cores" | wc -l) $(sed 1d "$views/table" | wc -l)" "4 4" "a line for each core"

# Those of the last socket.
for cpu in 1020 1021 1022 1023; do online $cpu; done
is "$(cpus_online)" 0-3,1020-1023 "more come online"
wait_for 'settled 8' 30 "and catch up"
is "$(get cores)" 0-3,1020-1023 "cores has their numbers"
is "$(sed 1d "$views/cores" | cut -d " " -f 1 | sort -n | tr "\n" " ")" "0 1 2 3 1020 1021 1022 1023 " "the view of them, too"
is "$(read_table | awk '{ print $4 }' | sort | uniq -c | tr -s " ")" " 8 0-4,6-7" "each has the same table"
scan_whole full 30 'before=$(count verifies_follower)'
is "$(get last_result) $(($(count verifies_follower) - before))" "ok $((7 * 7))" "a full pass sends all regions to all followers"
for cpu in 1 2 3; do offline $cpu; done
wait_for '[ "$(get cores)/$(get cores_behind)" = 0,1020-1023/ ] && get_is regions_optimized 7 && at_rest' 30 "some of the others go"
is "$(get cores)" 0,1020-1023 "and are what is left"
for cpu in 1 2 3; do online $cpu; done
for cpu in 1020 1021 1022 1023; do offline $cpu; done
wait_for '[ "$(get cores)/$(get cores_behind)" = 0-3/ ] && get_is regions_optimized 7 && at_rest' 30 "they leave"
is "$(get cores) $(get cores_behind)" "0-3 " "the others are not concerned"
ok "unload" unload

is "$(load cpus=1024 2>&1 | grep -c 'nvalid')" 1 "a CPU that is not possible is refused"
nok "and nothing loaded" loaded
ok "a list of possible ones is not" load cpus=3,512-1023
wait_state ready
wait_for '[ "$(get passes)" -ge 1 ] && at_rest' 20
is "$(get cores)" 3 "of which those that are online take part"
ok "unload" unload

before=$(objects) mapped=$(kib VmallocUsed)
times=$(everyday 5 20) rounds=0
for _ in $(seq "$times"); do
	load || break
	wait_for 'state_is ready && at_rest' 10 || break
	unload || break
	rounds=$((rounds + 1))
done
is "$rounds" "$times" "$times loads and unloads"
diag "kmalloc-4k and -8k, what CPUs keep for reuse included: $before objects before, $(objects) after; mapped $mapped KiB before, $(kib VmallocUsed) after"
written_once
is "$(machinectl count unsafe)" 0 "no unsafe bit at any time"
done_testing
