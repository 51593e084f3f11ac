#!/bin/sh
# On a CPU without RMPOPT the module only looks.
# machine: --cores 1 --no-rmpopt
# profiles: kind
# timeout: 30
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

ok "the module loads" load
wait_for 'get_is reason "view only: this CPU has no RMPOPT, which comes with AMD Zen 6 EPYC"' 20 "it only looks, and says why"
nok "no function of the kernel is probed" grep -q rmp_make_shared /sys/kernel/debug/kprobes/list
is "$(get optimizable)" "0-4,6-7" "all but the RMP's own is optimizable"
is "$(machinectl count base-writes) $(machinectl count faults)" "0 0" "RMPOPT_BASE was not touched, RMPOPT not tried"
ok "unload" unload
done_testing
