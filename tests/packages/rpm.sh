#!/bin/bash
# Runs in a root with rpm and dkms: the RPMs (/rpms: 1 and 2) installed, upgraded,
# erased, in the order in which rpm runs scriptlets.
# shellcheck source=lib.sh disable=SC2317 # ok() calls them
. /tree/tests/packages/lib.sh

kernel=$(kernels | head -n 1)
running "$kernel"
# rpm gives scriptlets a PATH of its own.
mv /usr/bin/uname /usr/bin/uname.real
sed 's,/usr/bin/uname,/usr/bin/uname.real,' /tmp/bin/uname >/usr/bin/uname
chmod +x /usr/bin/uname
# Folders that the package "filesystem" has where RPM is at home.
mkdir -p /etc/sysconfig /usr/share/licenses /usr/share/man/man4
dkms generate_mok >/dev/null 2>&1 || :
rpm --initdb
old=0.1.9
# Another kernel, as far as DKMS can tell.
other=6.12.1-other
mkdir "/lib/modules/$other"
ln -s "$(readlink -f "/lib/modules/$kernel/build")" "/lib/modules/$other/build"

do_rpm() { rpm --nodeps "$@"; }
there() {
	registered | sed 's/(.*//'
	ls -d /usr/src/rmpopt-*
	for one in "$kernel" "$other"; do built "$one" | sed "s, stub.*,,"; done
}
# expected VERSION KERNEL...
expected() {
	local one
	for one in "${@:2}"; do echo "rmpopt/$1, $one, x86_64: installed"; done | sort
	echo "/usr/src/rmpopt-$1"
	for one in "${@:2}"; do echo "$1"; done
}

files | grep -v /var/lib/rpm >/tmp/before
ok "install $old" do_rpm -i "/rpms/old/dkms-rmpopt-$old"-*.rpm "/rpms/old/rmpoptctl-$old"-*.rpm
is "it is there, for a kernel that was not booted yet, too" "$(there)" "$(expected $old "$kernel" "$other")"
ok "upgrade to $version" do_rpm -U /rpms/new/dkms-rmpopt-*.noarch.rpm /rpms/new/rmpoptctl-*.x86_64.rpm
is "sources of $version and modules for both, and nothing else" "$(there)" "$(expected "$version" "$kernel" "$other")"
ok "the same again" do_rpm -U --force /rpms/new/dkms-rmpopt-*.noarch.rpm
is "it is there as before" "$(there)" "$(expected "$version" "$kernel" "$other")"
ok "downgrade to $old" do_rpm -U --oldpackage "/rpms/old/dkms-rmpopt-$old"-*.rpm "/rpms/old/rmpoptctl-$old"-*.rpm
is "sources of $old and modules for both, and nothing else" "$(there)" "$(expected $old "$kernel" "$other")"
metrics=/var/lib/prometheus/node-exporter
mkdir -p "$metrics"
touch "$metrics/rmpopt.prom"
ok "erase" do_rpm -e dkms-rmpopt rmpoptctl
rmdir -p --ignore-fail-on-non-empty "$metrics" || :
files | grep -v /var/lib/rpm >/tmp/after
is "no file is left, none is missing" "$(diff /tmp/before /tmp/after)" ""
done_testing
