#!/bin/sh
# The kill switch on the kernel command line, and a kernel that does it itself.
# machine: --cores 1
# append: rmpopt.disable
# build: tests/modules/fake_support
# profiles: kind
# timeout: 60
# shellcheck shell=dash source=lib.sh
. /rmpopt/lib.sh

nok "modprobe is refused" modprobe rmpopt
like "$(dmesg | grep rmpopt:)" "rmpopt\.disable" "the kernel log names the switch"
nok "nothing is left" loaded

ok "insmod, which does not read the command line, loads" load
ok "unload" unload

ok "a kernel with RMPOPT support of its own" load_test fake_support
dmesg -c >/dev/null
nok "load is refused" load
like "$(dmesg | grep rmpopt:)" "looks after RMPOPT itself" "the kernel log says why"
nok "nothing is left" loaded
done_testing
