#!/bin/bash
# Runs in a clean root: make install and make uninstall. Afterwards exactly what
# was asked for is there, and the exit status says so.
# shellcheck source=lib.sh disable=SC2317 # ok() calls them
. /tree/tests/packages/lib.sh

# The tree in another version.
tree_of() {
	rm -rf "/tmp/tree-$1"
	mkdir "/tmp/tree-$1"
	tar -C /tree --exclude=./build --exclude=./.git --exclude='*.o' --exclude='*.ko' -cf - . | tar -C "/tmp/tree-$1" -xf -
	sed -i "s/^PACKAGE_VERSION=.*/PACKAGE_VERSION=\"$1\"/" "/tmp/tree-$1/dkms.conf"
}
install_version() {
	local v=$1
	shift
	make -C "/tmp/tree-$v" install "$@"
}

state() {
	registered | sed 's/(.*//'
	ls -d /usr/src/rmpopt-* 2>/dev/null
	for kernel in $(kernels); do
		[ -z "$(built "$kernel")" ] || echo "$kernel $(built "$kernel")"
	done
}

# expect VERSION KERNEL... - what state then says
expect() {
	local v=$1 kernel
	shift
	for kernel; do echo "rmpopt/$v, $kernel, x86_64: installed"; done | sort
	echo "/usr/src/rmpopt-$v"
	for kernel; do echo "$kernel $v"; done | sort
}

for v in 0.1.9 0.2.5; do tree_of "$v"; done
# Kernels for which it can be built for real: those of Debian 12 are too old.
has_snp() { grep -qs CC_ATTR_HOST_SEV_SNP "/usr/src/linux-headers-${1%-amd64}-common/include/linux/cc_platform.h"; }
ok "newer headers" install_later linux-headers-amd64
mapfile -t real < <(for kernel in $(kernels | sort -V); do ! has_snp "$kernel" || echo "$kernel"; done)
running "${real[0]}"
# DKMS's key is made with the first build, by whatever module.
dkms generate_mok >/dev/null 2>&1 || :
files >/tmp/before

ok "install" install_version 0.2.5 KERNELS="${real[*]}"
is "it is there, for the kernels that were named" "$(state)" "$(expect 0.2.5 "${real[@]}")"
ok "downgrade" install_version 0.1.9 KERNELS="${real[0]}"
is "it is there, and nothing else" "$(state)" "$(expect 0.1.9 "${real[0]}")"
ok "the same again" install_version 0.1.9
is "it is there, for the running kernel" "$(state)" "$(expect 0.1.9 "${real[0]}")"
ok "upgrade" install_version 0.2.5
is "it is there, and nothing of the old one" "$(state)" "$(expect 0.2.5 "${real[0]}")"
[ ${#real[@]} = 1 ] || {
	ok "headers that come later: autoinstall" dkms autoinstall -k "${real[1]}"
	is "it is there for both" "$(state)" "$(expect 0.2.5 "${real[@]}")"
}
ok "a kernel without headers: refused" fails install_version 0.1.9 KERNELS=9.9.9-none
is "and nothing was changed" "$(registered | grep -c '^rmpopt/0.2.5.*installed')" "${#real[@]}"

mkdir -p /lib/modules/9.9.9-none
ln -s /usr/src/none /lib/modules/9.9.9-none/build
mkdir -p /usr/src/none
echo 'all modules: ; exit 2' >/usr/src/none/Makefile
ok "a kernel for which only a stub can be built: status 1" fails install_version 0.2.5 KERNELS=9.9.9-none
rm -rf /lib/modules/9.9.9-none /usr/src/none
ok "uninstall" make -C /tree uninstall
files >/tmp/after
is "no file is left, none is missing" "$(diff /tmp/before /tmp/after)" ""
ok "uninstall where nothing is" make -C /tree uninstall
done_testing
