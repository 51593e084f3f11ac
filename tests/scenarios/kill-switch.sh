#!/bin/sh
# The kill switch is found wherever it stands on a command line of any length, and nothing else is taken for it.
# machine: --cores 4
# profiles: kind
# timeout: 90
# shellcheck shell=dash source=lib.sh disable=SC2016,SC2317
. /rmpopt/lib.sh

line=/tmp/cmdline

# on WORDS... - load where /proc/cmdline shows these words, which may be more than
# a bootloader hands over: a boot configuration adds to them
on() {
	printf '%s\n' "$*" >"$line"
	unshare -m sh -c 'mount --bind "$0" /proc/cmdline && exec insmod "$1"' "$line" "$here/rmpopt.ko"
}
refusals() { dmesg | grep -c 'rmpopt: disabled by'; }
loads() { on "$@" && unload; }
refused() {
	local before
	before=$(refusals)
	! on "$@" && [ "$(refusals)" -gt "$before" ]
}
# words N - that are N characters long
words() { awk -v n="$1" 'BEGIN { while (length(s) < n) s = s "kernel.word=1 "; print substr(s, 1, n) }'; }

ok "without the switch it loads" loads quiet
ok "with it: refused" refused quiet rmpopt.disable
ok "with a value" refused rmpopt.disable=1 quiet
ok "off" loads rmpopt.disable=off
ok "a word that only begins like it" loads rmpopt.disabled
ok "a word that only ends like it" loads not-rmpopt.disable
for before in 4080 4090 4094 4095 4096 8185 30000; do
	ok "behind $before characters" refused "$(words $before)" rmpopt.disable quiet
	ok "off there" loads "$(words $before)" rmpopt.disable=0
	ok "as the end of a longer word" loads "$(words $((before - 9)))" "long-word-rmpopt.disable"
done
rm -f "$line"
done_testing
