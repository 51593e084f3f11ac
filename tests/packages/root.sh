#!/bin/bash
# Makes the Debian roots in which packages are built and tried, once, and prints
# the path of the one that is asked for. Kept in the cache folder, made anew when
# this recipe changes. What is tried in one is thrown away afterwards (in_root
# --overlay).
set -euo pipefail
# shellcheck source=../machine/host.sh
. "$(dirname -- "$0")/../machine/host.sh"
# shellcheck source=../machine/apt.sh
. "$machine_dir/apt.sh"

usage() {
	cat <<-END
	usage: ${0##*/} bookworm|trixie|sid clean|build, or trixie boot KERNEL
	clean: what an admin has who uses DKMS: dkms, a kernel's headers, their compiler; in
	/srv/later the headers of other kernels, to be installed later.
	build: the same, and what the packages are built and examined with.
	boot: the same, and what makes it boot: systemd, that kernel of the backports.
	Environment: RMPOPT_CACHE, RMPOPT_MIRROR (see tests/machine/root.sh)
	END
}

# What is tried: headers that are there from the beginning, and those that come later.
suite_facts() {
	first=linux-headers-amd64
	later=(linux-headers-cloud-amd64)
	later_from=
	builders=(build-essential debhelper dh-dkms lintian fakeroot pkgconf scdoc)
	builders+=(libkmod-dev libsmartcols-dev libjson-c-dev libarchive-dev libssl-dev)
	builders+=(systemd systemd-dev rpm xz-utils)
	case $suite in
	bookworm)
		# dh-sequence-dkms is dh-dkms; systemd.pc is in systemd itself there.
		builders=("${builders[@]/systemd-dev/udev}")
		later_from=bookworm-backports ;;
	trixie)
		later+=(linux-headers-rt-amd64)
		later_from=trixie-backports ;;
	sid) later=() ;;
	*) usage >&2; exit 2 ;;
	esac
}

sources() {
	sources_line "$mirror" "$suite"
	[ "$suite" != sid ] || return 0
	sources_line "$mirror" "$suite-updates"
	sources_line "$mirror" "$suite-backports"
	[ -z "$security" ] || sources_line "$security" "$suite-security"
}

apt_in() {
	local to=$1
	shift
	quietly "$cache/log/packages-apt.log" in_root "$to" -- \
		apt-get install -y --no-install-recommends "$@" </dev/null ||
		die "apt failed in the root of $suite (see above); nothing half-made is kept"
}

bootstrap() {
	local to=$1 settings line
	local -a lines
	settings=$(mktemp -d)
	find_mirrors
	apt_settings "$settings"
	mapfile -t lines < <(sources)
	quietly "$cache/log/packages-mmdebstrap.log" mmdebstrap --mode=root --variant=minbase --architectures=amd64 \
		--setup-hook="cp -a $settings/etc/apt/. \"\$1\"/etc/apt/" \
		--dpkgopt=force-unsafe-io "$suite" "$to" "${lines[@]}" </dev/null ||
		die "mmdebstrap failed (see above); nothing half-made is kept"
	rm -rf "$settings"
	printf 'force-unsafe-io\n' >"$to/etc/dpkg/dpkg.cfg.d/rmpopt"
	printf '#!/bin/sh\nexit 101\n' >"$to/usr/sbin/policy-rc.d"
	chmod +x "$to/usr/sbin/policy-rc.d"
	quietly "$cache/log/packages-update.log" in_root "$to" -- apt-get update --error-on=any </dev/null ||
		die "could not read the package lists of $suite (see above)"
}

# fetch_later ROOT RELEASE PACKAGE... - them and what they need, not installed
fetch_later() {
	local to=$1 release=$2
	shift 2
	mkdir -p "$to/srv/later"
	quietly "$cache/log/packages-later.log" in_root "$to" -- \
		apt-get install -y --no-install-recommends --download-only ${release:+-t "$release"} "$@" </dev/null ||
		die "can't fetch $* (see above)"
	mv "$to"/var/cache/apt/archives/*.deb "$to/srv/later/"
}

make_clean() {
	local to=$1
	bootstrap "$to"
	apt_in "$to" dkms "$first" kmod openssl ca-certificates
	in_root "$to" -- apt-get clean
	[ ${#later[@]} = 0 ] || fetch_later "$to" '' "${later[@]}"
	[ -z "$later_from" ] || fetch_later "$to" "$later_from" linux-headers-amd64
}

make_build() {
	local to=$1 clean
	clean=$("$0" "$suite" clean)
	cp -a "$clean/." "$to/"
	rm -rf "$to/srv/later" "$to/.complete"
	apt_in "$to" "${builders[@]}"
	in_root "$to" -- apt-get clean
}

make_boot() {
	local to=$1 clean
	clean=$("$0" "$suite" clean)
	cp -a "$clean/." "$to/"
	rm -rf "$to/srv/later" "$to/.complete"
	# The initramfs comes from elsewhere.
	rm -f "$to/etc/kernel/postinst.d/initramfs-tools"
	apt_in "$to" -t "$later_from" "linux-image-$kernel" "linux-headers-$kernel"
	apt_in "$to" systemd systemd-sysv udev dbus prometheus-node-exporter curl e2fsprogs
	in_root "$to" -- apt-get clean
}

main() {
	suite=${1:-} kind=${2:-} kernel=${3:-}
	case $kind$kernel in clean | build | boot?*) ;; *) usage >&2; exit 2 ;; esac
	suite_facts
	require_root_user
	require_mounts
	host_needs flock=util-linux mmdebstrap=mmdebstrap
	local recipe root
	# What build roots have beside does not make clean ones anew.
	if [ "$kind" = clean ]; then
		recipe=$(sed '/builders/d; /^make_b[a-z]*()/,/^}/d' "$0" | sha256sum | cut -c 1-12)
	else
		recipe=$({ cat "$0"; echo "$kernel"; } | sha256sum | cut -c 1-12)
	fi
	root=$cache/packages-$suite-$kind-$recipe
	lock "packages-$suite-$kind"
	if [ ! -e "$root/.complete" ]; then
		mkdir -p "$cache/log"
		rm -rf --one-file-system "$cache/packages-$suite-$kind"-*
		say "making the $kind root of $suite in $cache (once; some minutes)"
		mkdir "$root.part"
		"make_$kind" "$root.part"
		mv "$root.part" "$root"
		touch "$root/.complete"
	fi
	printf '%s\n' "$root"
}

main "$@"
