#!/bin/sh
# Coverage: the RST of a sparse host, and the parameter coverage.
# machine: --sparse --cores 2
# profiles: kind harsh
# check: harsh
# timeout: 60
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

ok "the module loads" load
wait_state ready
wait_for had_pass 30 "the first pass runs"
is "$(get covered)" 0-1,1024-1025 "what the RST covers, not 0 ... max_pfn"
is "$(count verifies_leader)" 4 "the hole costs nothing"
is "$(get optimized)" 0,1024-1025 "optimized on both sides of the hole"
is "$(machinectl truth)" "0 0 4" "tables equal the truth"
is "$(machinectl count outside)" 0 "no RMPOPT outside the window"
ok "unload" unload

ok "with a list of regions" load coverage=1,1025-2000
wait_state ready
wait_for had_pass 30 "a pass"
is "$(get covered)" 1,1025 "only what is in both is covered"
is "$(get regions_covered)" 2 "that is two regions"
is "$(get optimized)" 1025 "the RMP's own region is not optimized"
is "$(machinectl count outside)" 0 "no RMPOPT outside the window, which begins at region 1"
ok "unload" unload

ok "with one region on each side of the hole" load coverage=0,1024
wait_state ready
wait_for had_pass 30 "a pass"
is "$(get optimized)" 0,1024 "both are optimized"
is "$(read_table | cut -d ' ' -f 2- | sort -u)" "0 2 0,1024" "debugfs table makes no range of them"
ok "unload" unload

snp_again
ok "with a list of CPUs" load cpus=1-2
wait_state ready
wait_for had_pass 30 "a pass"
is "$(get cores)" 1-2 "only those take part"
is "$(machinectl rdmsr 0 0xc0010139)" 0 "CPU 0's RMPOPT_BASE is left alone"
is "$(machinectl rdmsr 3 0xc0010139)" 0 "and CPU 3's"
ok "unload" unload

machinectl reset
ok "with scan_on_load=N" load scan_on_load=N
wait_state ready
is "$(get passes)" 0 "no pass by itself"
is "$(machinectl count verifies)" 0 "no verify"
ok "but one on request" scan now
is "$(get optimized)" 0,1024-1025 "which optimizes"
ok "unload" unload

# refused PARAMETER=VALUE REGEX - and the kernel log tells what would do
refused() {
	dmesg -c >/dev/null
	nok "$1 keeps it from loading" load "$1"
	like "$(dmesg | grep rmpopt:)" "$2" "with what it may be"
}
refused slice_us=5 'slice_us is invalid: use a number from 10 to 1000$'
refused watch_ms=x 'watch_ms is invalid: use a number from 10 to 86400000, or 0$'
refused isolated=no 'isolated is invalid: use ipi or skip$'
refused cpus=0-999 'cpus=0-999 is invalid: use "all" or a list'
refused coverage=5-2 'coverage=5-2 is invalid: use "all" or a list'
refused coverage=5-9 'coverage=5-9 is invalid: .* none of these regions: use some of the 4 that it covers between 0 and 1025'
nok "nothing is left" loaded
done_testing
