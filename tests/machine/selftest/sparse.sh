# shellcheck shell=dash source=lib.sh
# Node 1 at 1 TiB.
. /selftest/lib.sh

is "$(cat /sys/devices/system/node/online)" 0-1 "two nodes"
is "$(cat /sys/devices/system/node/node1/cpulist)" 2-3 "the second has CPUs 2 and 3"
is "$(awk '/System RAM/ && /^100/' /proc/iomem | head -n 1 | cut -d : -f 1 | tr -d ' ')" 10000000000-1007fffffff "2 GiB of RAM at 1 TiB"
is "$(dmesg | grep -c 'IOMMU SNP support enabled')" 1 "the kernel is an SNP host"
is "$(dmesg | grep -c 'RMP segment 64 .*covering .0x10000000000 - 0x1007fffffff')" 1 "whose RMP covers node 1"
do_it base 0 1 >/dev/null
does 1 verify 0 1024 -- "region 1024 is optimized"
does 1 verify 0 1025 -- "and so is region 1025"
does 0 verify 0 1026 -- "region 1026 is not covered"
does 0 verify 0 500 -- "nor is the hole"
does 0 verify 0 1 -- "region 1 holds the RMP"
is "$(machinectl table 0)" 1024-1025 "the table"
