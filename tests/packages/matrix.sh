#!/bin/bash
# Runs in a root: a line of a table for each kernel whose headers are there, or come
# from /srv/later. The argument names the root.
# shellcheck source=lib.sh
. /tree/tests/packages/lib.sh

status=0

add_later() {
	local package
	for package in $(later_headers); do
		install_later "$package" >/tmp/log 2>&1 </dev/null || {
			cat /tmp/log >&2
			status=1
		}
	done
}

# The module is built where nothing of the last kernel is left.
build_for() {
	local config=/lib/modules/$1/build/.config
	cd /
	rm -rf /tmp/source
	mkdir /tmp/source
	make -s -C /tree stage DESTDIR=/tmp/source
	cd /tmp/source/usr/src/rmpopt-*/ || exit 1
	# As dkms calls it.
	set --
	! grep -qs '^CONFIG_CC_IS_CLANG=y' "$config" || set -- LLVM=1
	make -j"$(nproc)" KDIR="${config%/.config}" dkms "$@" >/tmp/log 2>&1
}

# reasons NAME... - of all stubs among the modules
reasons() {
	local name
	for name; do
		modinfo -F stub "$name.ko" || echo "no module $name.ko"
	done | sort -u | paste -sd ';'
}

add_later
for kernel in $(kernels | sort -V); do
	build_for "$kernel"
	# shellcheck disable=SC2086 # a list of names
	reason=$(cd /tmp/source/usr/src/rmpopt-*/ && reasons $modules)
	# shellcheck disable=SC2016 # dpkg's own
	package=$(dpkg-query -W -f '${Version}' "linux-headers-$kernel" 2>/dev/null)
	case $package in
	*~bpo*) from=$1-backports ;;
	*~exp*) from=experimental ;;
	*) from=$1 ;;
	esac
	printf '| %s | %s | %s | %s |\n' "$from" "$kernel" "${package:--}" "${reason:+no: }${reason:-yes}"
	case $reason in
	*"did not compile"* | *"no module"*) tail -n 30 /tmp/log >&2; status=1 ;;
	esac
done
exit "$status"
