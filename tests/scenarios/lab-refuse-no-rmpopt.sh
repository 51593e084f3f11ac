#!/bin/sh
# The laboratory does not load on a CPU without RMPOPT, and says so.
# machine: --cores 1 --no-rmpopt
# profiles: kind
# timeout: 30
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

nok "load is refused" insmod "$here/rmpopt_lab.ko"
like "$(dmesg | grep rmpopt_lab:)" 'no RMPOPT to experiment with: view only: this CPU has no RMPOPT' "the kernel log says why"
nok "nothing is left" [ -d /sys/module/rmpopt_lab ]
done_testing
