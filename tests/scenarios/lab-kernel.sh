#!/bin/sh
# In a kernel that drives RMPOPT itself the laboratory only reads, and only if it is told to.
# machine: --nodes 2 --cores 2 --threads 2
# build: tests/modules/in_kernel
# check: kind
# timeout: 120
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2154,SC2317
. /rmpopt/lib.sh
. /rmpopt/parts/lab.sh

ok "a kernel drives RMPOPT itself" load_test in_kernel delay_ms=1
wait_for '[ "$(cat /sys/module/in_kernel/parameters/passes)" = 1 ]' 20 "it makes a pass"
machinectl reset
nok "the laboratory does not load" insmod "$here/rmpopt_lab.ko"
like "$(dmesg | tail -n 3)" 'rmpopt_lab: .*kernel drives RMPOPT itself.*: load with beside=1 for reports only' "the log says why, and how it does"
is "$(lab_loaded && echo loaded)" "" "nothing is left"
ok "with beside=1 it does" insmod "$here/rmpopt_lab.ko" beside=1
like "$(labctl info | paste -sd ' ')" '^ok version 1 flags 0x1f ' "and says why"
is "$(labctl run 0 0 1000 0:1:0:0)" EPERM "a verify is refused"
is "$(labctl run 0,4 1 1000 0:1:0:1 | paste -sd ' ')" "ok 0 cf1 4 cf1" "reports are not"
is "$(machinectl count verifies) $(machinectl count base-writes)" "0 0" "nothing was verified or written"
ok "unload" rmmod rmpopt_lab
done_testing
