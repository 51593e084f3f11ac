# shellcheck shell=dash
# Node 1 at 1 TiB.
. /selftest/lib.sh

is "$(cat /sys/devices/system/node/online)" 0-1 "two nodes"
is "$(cat /sys/devices/system/node/node1/cpulist)" 2-3 "the second has CPUs 2 and 3"
is "$(awk '/System RAM/ && /^100/' /proc/iomem | head -n 1 | cut -d : -f 1 | tr -d ' ')" 10000000000-1007fffffff "2 GiB of RAM at 1 TiB"
do_it base 0 1 >/dev/null
does 1 verify 0 1024 -- "region 1024 is optimized"
does 0 verify 0 1026 -- "region 1026 is not covered"
does 0 verify 0 500 -- "nor is the hole"
does 0 verify 0 1 -- "region 1 holds the RMP"
is "$(machinectl table 0)" 1024 "the table"
