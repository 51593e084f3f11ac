#!/bin/sh
# A cpuset partition is made isolated, and dissolved: no isolated CPU leads.
# machine: --cores 4
# check: kind
# timeout: 120
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

partition=/tmp/cgroup/isolated
isolate() {
	echo "$1" >"$partition/cpuset.cpus"
	echo isolated >"$partition/cpuset.cpus.partition"
	grep -qx isolated "$partition/cpuset.cpus.partition"
}

mkdir -p /tmp/cgroup
mount -t cgroup2 none /tmp/cgroup
echo +cpuset >/tmp/cgroup/cgroup.subtree_control
mkdir $partition

ok "the module loads" load watch_ms=100
wait_state ready
wait_for settled 20 "all is optimized"
leader=$(get leaders)
ok "the CPU of the leader is isolated, which nobody is told" isolate "$leader"
wait_for '! in_list $leader "$(get leaders)"' 20 "another one leads, from the next watch on"
second=$(get leaders)
ok "a full scan" scan full
is "$(get leaders)" "$second" "and goes on to"
echo member >$partition/cpuset.cpus.partition
ok "now that one is isolated" isolate "$second"
wait_for '! in_list $second "$(get leaders)"' 20 "one of the others leads"
wait_for settled 20 "all is optimized"
ok "unload" unload
echo member >$partition/cpuset.cpus.partition
rmdir $partition
umount /tmp/cgroup
written_once
done_testing
