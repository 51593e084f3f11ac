#!/bin/bash
# Runs in a clean root: a line of a table for each kernel whose headers can be had there.
# shellcheck source=lib.sh
. /tree/tests/packages/lib.sh

codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
status=0
if ls /srv/later/*.deb >/dev/null 2>&1; then
	cp /srv/later/*.deb /var/cache/apt/archives/
	for deb in /srv/later/linux-headers-*-amd64_*.deb; do
		package=$(dpkg-deb -f "$deb" Package)
		apt-get install -y --no-download --no-install-recommends -t "$codename-backports" "$package" >/tmp/log 2>&1 </dev/null ||
			{ cat /tmp/log >&2; status=1; }
	done
fi
for kernel in $(kernels | sort -V); do
	rm -rf /tmp/source
	mkdir /tmp/source
	make -s -C /tree stage DESTDIR=/tmp/source
	cd /tmp/source/usr/src/rmpopt-*/ || exit 1
	make -j"$(nproc)" KDIR="/lib/modules/$kernel/build" dkms >/tmp/log 2>&1
	reason=$(modinfo -F stub rmpopt.ko)
	printf '| %s | %s | %s |\n' "$codename" "$kernel" "${reason:+stub: }${reason:-yes}"
	case $reason in
	*"did not compile"* | *"no module"*) tail -n 30 /tmp/log >&2; status=1 ;;
	esac
done
exit "$status"
