#!/bin/sh
# The file hooks says what is attached: while the module is being loaded, and while it is being unloaded.
# machine: --cores 4
# build: tests/modules/convert tests/modules/slow_notifier
# check: kind
# timeout: 90
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

slow=/sys/module/slow_notifier/parameters

attached() { grep -q rmp_make_shared /sys/kernel/debug/kprobes/list; }
shown() { get hooks | grep -q "^rmp_make_shared .*kvm_amd ccp"; }

# stop_notifiers - nobody can register or unregister a module's notifier until let_go
stop_notifiers() {
	echo Y >$slow/hold
	load_test convert &
	wait_for "grep -q Y $slow/held" 10 "the list of notifiers is in use"
}

let_go() { echo N >$slow/hold; }

ok "notifiers can be stopped" load_test slow_notifier victim=convert
stop_notifiers
load watch_ms=0 audit_ms=0 &
wait_for '[ -e $rmpopt/hooks ]' 10 "the module is being loaded, and its files are there"
wait_state ready
nok "no probe is attached" attached
like "$(get hooks)" "^none; rmp_make_shared: .* being loaded" "nor does the file say so"
unlike "$(get hooks)" "kvm_amd|ccp" "nor that of the notifier"
let_go
wait
wait_for shown 10 "let go, it says that they are attached"
ok "and they are" attached
wait_for at_rest 20
rmmod convert

stop_notifiers
unload &
wait_for 'get hooks | grep -q "^none; rmp_make_shared: .* being .*unloaded"' 10 "being unloaded, it says that they are not"
unlike "$(get hooks)" "kvm_amd|ccp" "none of them"
let_go
wait
nok "the module is gone" loaded
nok "and so are the probes" attached
done_testing
