#!/bin/sh
# Runs in the guest, twice: in the first kernel, which ends by kexec, and in the
# second one, which finds SNP initialised. "ok - WHAT" and "not ok - WHAT" are
# for kexec.t.
# shellcheck shell=dash
set -u
rmpopt=/sys/kernel/rmpopt
log=/tmp/rmpopt-log

ok() {
	local what=$1
	shift
	if "$@"; then echo "ok - $what"; else echo "not ok - $what"; fi
}

is() {
	ok "$3" test "$1" = "$2"
	[ "$1" = "$2" ] || echo "# got '$1', wanted '$2'"
}

armed() { machinectl truth | cut -d ' ' -f 3; }

# until_full SECONDS - the module has scanned, and all tables equal the truth
until_full() {
	local tries=$(($1 * 20))
	until [ "$(cat $rmpopt/state)" = ready ] && [ "$(cat $rmpopt/passes)" -gt 0 ] &&
		[ "$(machinectl truth)" = "0 0 2" ]; do
		[ $tries -gt 0 ] || return 1
		tries=$((tries - 1))
		usleep 50000
	done
}

# The tables that the firmware's stand-in gives to the kernel come first, as in the initrd of the launcher.
make_initrd() {
	cd / || return 1
	find kernel | cpio -o -H newc >/run/initrd 2>/dev/null
	find . -xdev ! -path './tmp/*' | cpio -o -H newc >>/run/initrd 2>/dev/null
}

first() {
	ok "the module loads" insmod /kexec/rmpopt.ko
	ok "all is optimized" until_full 30
	is "$(armed)" 2 "all cores are armed"
	machinectl reset
	make_initrd
	echo "# kexec"
	/kexec/kexec /kexec/vmlinuz /run/initrd "$(cat /proc/cmdline) second-kernel"
	echo "not ok - kexec"
}

second() {
	echo "ok - the same kernel again, by kexec"
	is "$(machinectl snp)" "2 1" "SNP is still initialised"
	is "$(armed)" 2 "RMPOPT_EN is still set on every core"
	is "$(machinectl count gap-base-sets) $(machinectl count unsafe)" "0 0" "nothing was armed too early, nothing is unsafe"
	ok "the module loads" insmod /kexec/rmpopt.ko
	ok "all is optimized" until_full 30
	dmesg >$log
	ok "the log tells of it" grep -q 'enabled already on 2 of the cores, 0 of them with' $log
	is "$(machinectl count base-writes)" 0 "no RMPOPT_BASE was written"
	ok "unload" rmmod rmpopt
	# As another kernel may have chosen, with nothing in the table yet.
	machinectl wrmsr 1 0xc0010139 0x40000001
	machinectl lose 1
	ok "the module loads where a core has another RMPOPT_BASE" insmod /kexec/rmpopt.ko
	ok "all is optimized" until_full 30
	dmesg >$log
	ok "the log tells of it" grep -q 'cores, 1 of them with an RMPOPT_BASE' $log
	is "$(machinectl count base-writes)" 0 "no RMPOPT_BASE was written"
	ok "unload" rmmod rmpopt
}

if grep -q second-kernel /proc/cmdline; then second; else first; fi
