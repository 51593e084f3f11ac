#!/bin/bash
# Runs in a clean root: the Debian packages by apt from a folder (/debs): install,
# upgrade, downgrade, reinstall, remove, purge. /work is for older ones.
# shellcheck source=lib.sh disable=SC2317 # ok() calls them
. /tree/tests/packages/lib.sh

old=0.1.9

# The same packages, but older.
make_older() {
	local deb dir name
	for deb in /debs/rmpopt-dkms_*.deb /debs/rmpoptctl_*.deb; do
		name=${deb##*/}
		dir=/tmp/older/${name%%_*}
		mkdir -p /tmp/older
		dpkg-deb -R "$deb" "$dir"
		rm "$dir/DEBIAN/md5sums"
		sed -i "s/$version/$old/g" "$dir"/DEBIAN/*
		[ ! -d "$dir/usr/src" ] || {
			mv "$dir/usr/src/rmpopt-$version" "$dir/usr/src/rmpopt-$old"
			sed -i "s/$version/$old/" "$dir/usr/src/rmpopt-$old/dkms.conf"
		}
		dpkg-deb --root-owner-group -b "$dir" "/tmp/older/${name%%_*}_$old.deb" >/dev/null
	done
}

# Without that option autoremove leaves what an installed package suggests.
apt_get() { apt-get -y --no-install-recommends --allow-downgrades -o APT::AutoRemove::SuggestsImportant=false "$@"; }
# shellcheck disable=SC2016 # dpkg's own
packages() { dpkg-query -W -f '${Package} ${Version} ${db:Status-Abbrev}\n'; }

# there VERSION - one version, everywhere
there() {
	printf '%s\n' "$(registered)" | sed 's/(.*//'
	ls -d /usr/src/rmpopt-*
	built "$kernel" | sed 's/ stub.*//'
	rmpoptctl --version | grep -o '[0-9][0-9.]*[0-9]' | head -n 1
}
expected() {
	echo "rmpopt/$1, $kernel, x86_64: installed"
	echo "/usr/src/rmpopt-$1"
	echo "$1"
	echo "$version"	# the tool's binary is the same
}

kernel=$(kernels | head -n 1)
running "$kernel"
# The key is made with the first build, whatever the module, and stays.
dkms generate_mok >/dev/null 2>&1 || :
make_older
# At the end apt removes what rmpoptctl needed, and nothing that nobody needed before.
apt_get autoremove --purge >/dev/null 2>&1
files >/tmp/before
packages >/tmp/packages.before

script() { dpkg-deb -I /debs/rmpoptctl_*.deb "$1" | grep -c "deb-systemd-invoke .*$2.*rmpopt.service"; }
is "an installation starts no unit" "$(script postinst '')" 0
ok "a removal stops it" test "$(script prerm stop)" -gt 0
is "documents are in the package" "$(dpkg-deb -c /debs/rmpoptctl_*.deb | grep -cE '/usr/share/doc/rmpoptctl/(README|hardware|packages)\.md')" 3

ok "install $old" apt_get install "/tmp/older/rmpopt-dkms_$old.deb" "/tmp/older/rmpoptctl_$old.deb"
is "it is there" "$(there)" "$(expected $old)"
ok "upgrade to $version" apt_get install /debs/rmpopt-dkms_*.deb /debs/rmpoptctl_*.deb
is "it is there, nothing of the old one" "$(there)" "$(expected "$version")"
ok "reinstall" apt_get install --reinstall /debs/rmpopt-dkms_*.deb /debs/rmpoptctl_*.deb
is "it is there as before" "$(there)" "$(expected "$version")"
note "built: $(built "$kernel")"
ok "make install does not touch what a package has brought" fails make -C /tree install
is "and nothing was changed" "$(there)" "$(expected "$version")"
ok "downgrade to $old" apt_get install "/tmp/older/rmpopt-dkms_$old.deb" "/tmp/older/rmpoptctl_$old.deb"
is "the old one is there, nothing of the new one" "$(there)" "$(expected $old)"
# As the timer writes it.
metrics=/var/lib/prometheus/node-exporter
mkdir -p "$metrics"
touch "$metrics/rmpopt.prom"
ok "remove" apt_get remove rmpopt-dkms rmpoptctl
is "no module is left" "$(modules_of "$kernel")" ""
is "nor metrics, which would no longer be true" "$(ls "$metrics")" ""
conf=/etc/modprobe.d/rmpopt.conf
header='# Parameters of rmpopt; written by rmpoptctl set --persist, which keeps other lines.'
printf '%s\n' "$header" '' 'options rmpopt duty=3' >"$conf"
ok "the script that purges" sh /var/lib/dpkg/info/rmpopt-dkms.postrm purge
is "what set --persist has written is gone" "$(ls "$conf" 2>/dev/null)" ""
printf '%s\n' "$header" 'options rmpopt duty=3' 'softdep rmpopt pre: kvm_amd' >"$conf"
ok "purge" apt_get purge --autoremove rmpopt-dkms rmpoptctl
is "a file with a line of the admin's own stays" "$(ls "$conf")" "$conf"
rm -f "$conf"
rmdir -p --ignore-fail-on-non-empty "$metrics" || :
files >/tmp/after
packages >/tmp/packages.after
is "no file is left, none is missing" "$(diff /tmp/before /tmp/after)" ""
is "no package is left, none is missing" "$(diff /tmp/packages.before /tmp/packages.after)" ""
# What Debian's own test machines run (Testsuite: autopkgtest-pkg-dkms).
ok "dkms-autopkgtest" /usr/lib/dkms/dkms-autopkgtest /debs/rmpopt-dkms_*.deb
done_testing
