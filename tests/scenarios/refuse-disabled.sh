#!/bin/sh
# The kill switch on the kernel command line, which comes before all other reasons.
# machine: --cores 1
# append: rmpopt.disable=1 quiet elfcorehdr=0x170000000
# profiles: kind
# timeout: 60
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

nok "modprobe is refused" modprobe rmpopt
like "$(dmesg | grep rmpopt:)" "rmpopt\.disable.*: remove it" "the kernel log names the switch"
nok "nothing is left" loaded
done_testing
