# shellcheck shell=dash source=lib.sh
# Modelled costs: what RDTSC shows is what the model says. Started with costs on.
. /selftest/lib.sh

machinectl fresh kind
do_it base 0 1 >/dev/null
real=$(do_it rdtsc 0 1)
machinectl costs on
does 5000 rdtsc 0 0 -- "a verify that reads the whole RMP of a region"
does 2000 rdtsc 0 0 -- "one that finds its result in the cache"
is "$([ "$real" -ne 5000 ] && echo differs)" differs "with costs off RDTSC shows real time"
machinectl assign 0x13ff00 1
# Block 511 of 512: 60 + 511 * 4940 / 512.
does 4990 rdtsc 0 4 -- "one that stops at a page in the last 2 MiB"
machinectl assign 0x100000 1
does 60 rdtsc 0 4 -- "one that stops at the first page"
machinectl release 0x100000
machinectl release 0x13ff00
machinectl crowd 11
does 10000 rdtsc 0 4 -- "a verify while eleven cores do the same"
machinectl crowd 1
machinectl reset
do_it slice 0 5 >/dev/null
is "$(count cycles) $(count longest-cycles)" "10000 10000" "cycles are counted"
is "$(count scan-cycles)" 0 "none of them for reading the RMP"
does 0 flags 0 20000 -- "RDTSC leaves flags as they are"
does 100 rdtsc-rmpread 0 -- "RMPREAD"
machinectl answer cache-success none
does 5000 rdtsc 0 0 -- "cache-success none: the RMP is read each time"
machinectl answer cache-success 5000
do_it verify 0 0 >/dev/null
does 2000 rdtsc 0 0 -- "cache-success 5000: a moment later"
sleep 6
does 5000 rdtsc 0 0 -- "cache-success 5000: six seconds later"
machinectl assign 0x13ff00 1
machinectl answer failure-cost whole
does 5000 rdtsc 0 4 -- "failure-cost whole: a verify reads it all"
machinectl answer cache-failure yes
does 2000 rdtsc 0 4 -- "cache-failure yes: nor is it read again"
machinectl assign 0x100000 1
does 5000 rdtsc 0 4 -- "cache-failure yes: a conversion makes that void, too"
machinectl answer failure-cost early
does 60 rdtsc 0 4 -- "cache-failure yes: a cheap failure is not made dear"
machinectl release 0x100000
machinectl release 0x13ff00
machinectl answer cache-failure none
machinectl answer cache-success until-conversion
do_it verify 0 0 >/dev/null
machinectl slow 0 120000 100000
machinectl reset
do_it slice 0 3 >/dev/null
is "$(count overruns) $(count overrun-run) $(count overrun-long) $(count overrun-late)" "1 3 3 2" "a slow region makes an interruption overrun"
machinectl slow 0 40000 100000
machinectl reset
do_it slice 0 3 >/dev/null
is "$(count overruns) $(count overrun-run) $(count overrun-long) $(count overrun-late)" "1 3 0 0" "and so do many that are not slow"
machinectl slow 0 0 0
machinectl costs off
sleep 1
is "$(dmesg | grep -c 'clocksource: Switched to clocksource hpet')" 1 "the guest's clock is the HPET"
