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
	usage: ${0##*/} bookworm|trixie|sid clean|build, trixie clang, or trixie boot KERNEL
	clean: what an admin has who uses DKMS: dkms, a kernel's headers, their compiler; in
	/srv/later the headers of other kernels, to be installed later.
	build: the same, and what the packages are built (Build-Depends of debian/control)
	and examined with.
	boot: what clean has, what rmpopt is built with, and what makes it boot: systemd,
	that kernel of the backports.
	clang: in place of headers of Debian's, a kernel of the backports configured for clang.
	Environment: RMPOPT_CACHE, RMPOPT_MIRROR (see tests/machine/root.sh)
	END
}

# What is tried: headers that are there from the beginning, and those that come later.
suite_facts() {
	first=linux-headers-amd64
	later=(linux-headers-cloud-amd64)
	later_from=
	case $suite in
	bookworm) later_from=bookworm-backports ;;
	trixie)
		later+=(linux-headers-rt-amd64)
		later_from=trixie-backports ;;
	sid)
		later=()
		later_from=experimental ;;
	*) usage >&2; exit 2 ;;
	esac
}

sources() {
	sources_line "$mirror" "$suite"
	[ "$suite" != sid ] || {
		sources_line "$mirror" experimental
		return
	}
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
	printf '%s\n' "${release:-$suite}" >"$to/srv/later/release"
}

make_clean() {
	local to=$1
	bootstrap "$to"
	apt_in "$to" dkms "$first" kmod openssl ca-certificates
	in_root "$to" -- apt-get clean
	[ ${#later[@]} = 0 ] || fetch_later "$to" '' "${later[@]}"
	[ -z "$later_from" ] || fetch_later "$to" "$later_from" linux-headers-amd64
}

# The clean root, and what debian/control says that is needed to build.
make_from_clean() {
	local to=$1 clean
	clean=$("$0" "$suite" clean)
	cp -a "$clean/." "$to/"
	rm -rf "$to/srv/later" "$to/.complete"
	quietly "$cache/log/packages-build-dep.log" in_root "$to" --bind "$tree/debian:/mnt/debian" -- \
		apt-get build-dep -y --no-install-recommends /mnt </dev/null ||
		die "apt can't install Build-Depends in the root of $suite (see above); nothing half-made is kept"
	rmdir "$to/mnt/debian"
}

make_build() {
	local to=$1
	make_from_clean "$to"
	apt_in "$to" systemd udev lintian fakeroot xz-utils
	[ "$suite" != trixie ] || apt_in "$to" rpm rpmlint
	in_root "$to" -- apt-get clean
}

make_boot() {
	local to=$1
	make_from_clean "$to"
	# The initramfs comes from elsewhere.
	rm -f "$to/etc/kernel/postinst.d/initramfs-tools"
	apt_in "$to" -t "$later_from" "linux-image-$kernel" "linux-headers-$kernel"
	apt_in "$to" systemd systemd-sysv udev dbus prometheus-node-exporter curl e2fsprogs expect xz-utils
	# Secure Boot.
	apt_in "$to" ovmf shim-signed grub-efi-amd64-signed mokutil python3-virt-firmware
	in_root "$to" -- apt-get clean
}

# Prepared as far as modules need it; the symbols are those of the kernel built by GCC.
make_clang() {
	local to=$1
	make_from_clean "$to"
	apt_in "$to" clang lld llvm flex bison bc libelf-dev libdw-dev libssl-dev xz-utils python3
	apt_in "$to" -t "$later_from" linux-headers-amd64 linux-source
	# shellcheck disable=SC2016 # the inner shell's
	quietly "$cache/log/packages-clang.log" in_root "$to" -- bash -euc '
		cd /usr/src
		headers=$(ls -d linux-headers-*-amd64 | sort -V | tail -n 1)
		tar -xf "$(ls linux-source-*.tar.xz | sort -V | tail -n 1)"
		cd linux-source-*/
		cp "../$headers/.config" .
		scripts/config --set-str SYSTEM_TRUSTED_KEYS "" --set-str LOCALVERSION -clang \
			--disable LOCALVERSION_AUTO --disable DEBUG_INFO_BTF --disable RUST
		make -s LLVM=1 olddefconfig
		make -s LLVM=1 -j"$(nproc)" modules_prepare
		cp "../$headers/Module.symvers" .
		rm -rf /usr/src/linux-source-*.tar.xz /lib/modules/* Documentation sound samples
		find drivers fs net -name "*.[ch]" -delete
		mkdir "/lib/modules/$(make -s kernelrelease)"
		ln -s "$PWD" "/lib/modules/$(make -s kernelrelease)/build"' </dev/null ||
		die "the kernel can't be prepared for clang (see above)"
	in_root "$to" -- apt-get clean
}

main() {
	suite=${1:-} kind=${2:-} kernel=${3:-}
	case $kind$kernel in clean | build | clang | boot?*) ;; *) usage >&2; exit 2 ;; esac
	suite_facts
	require_root_user
	require_mounts
	host_needs flock=util-linux mmdebstrap=mmdebstrap
	local recipe root
	# What build roots have beside does not make clean ones anew.
	if [ "$kind" = clean ]; then
		recipe=$(sed '/^make_[bf][a-z_]*()\|^make_clang()/,/^}/d' "$0" | sha256sum | cut -c 1-12)
	else
		recipe=$({ cat "$0"; sed -n '/^Build-Depends:/,/^[A-Z]/p' "$tree/debian/control"; echo "$kernel"; } | sha256sum | cut -c 1-12)
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
