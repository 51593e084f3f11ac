#!/bin/sh
# A kernel that looks after RMPOPT itself; words on its command line that only look like the kill switch.
# machine: --cores 1
# append: rmpopt.disable=0 rmpopt.disabled xrmpopt.disable
# build: tests/modules/fake_support
# profiles: kind
# timeout: 60
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

ok "the module loads" load
ok "unload" unload

ok "a kernel with RMPOPT support of its own" load_test fake_support
dmesg -c >/dev/null
nok "load is refused" load
like "$(dmesg | grep rmpopt:)" "looks after RMPOPT itself: remove" "the kernel log says why, and what to do"
nok "nothing is left" loaded
done_testing
