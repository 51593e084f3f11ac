#!/bin/bash
# Makes the Debian 13 root in which the emulated machine's QEMU runs and modules
# are built, once, and prints its path. Kept outside the tree, in
# ${RMPOPT_CACHE:-~/.cache/rmpopt}, which is safe to delete; made anew when this
# recipe changes.
set -euo pipefail
# shellcheck source=host.sh
. "$(dirname -- "$0")/host.sh"
# shellcheck source=apt.sh
. "$machine_dir/apt.sh"

packages=(
	# what the machine's guests are made of
	busybox-static kmod cpio xz-utils zstd
	# modules and the machine's plugin
	gcc make libc6-dev libglib2.0-dev pkgconf dkms openssl ca-certificates
	# tests
	libcmocka-dev libasan8 libubsan1 sparse perl shellcheck libvterm-dev
	# rmpoptctl and its tests
	libkmod-dev libsmartcols-dev libjson-c-dev libarchive-dev libssl-dev zlib1g-dev scdoc
	valgrind python3-jsonschema python3-prometheus-client promtool prometheus-node-exporter
	mandoc man-db locales zsh fish
	# what kernel images want beside them
	initramfs-tools
)

usage() {
	cat <<-END
	usage: ${0##*/}
	Prints the path of the Debian 13 root, making it first if need be (about 2 minutes).
	Environment: RMPOPT_CACHE (where it is kept), RMPOPT_MIRROR (a Debian mirror to use
	instead of the one in this host's apt sources).
	END
}

# Smaller and faster, and no daemons: this root is for tools.
settle_dpkg() {
	local root=$1
	mkdir -p "$root/etc/dpkg/dpkg.cfg.d"
	cat >"$root/etc/dpkg/dpkg.cfg.d/rmpopt" <<-'END'
	force-unsafe-io
	path-exclude=/usr/share/man/*
	path-exclude=/usr/share/locale/*
	path-exclude=/etc/kernel/postinst.d/initramfs-tools
	END
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	chmod +x "$root/usr/sbin/policy-rc.d"
}

bootstrap() {
	local root=$1 settings line
	local -a sources
	settings=$(mktemp -d)
	apt_settings "$settings"
	mapfile -t sources < <(stable_sources)
	for line in "${sources[@]}"; do
		say "  ${line#*] }"
	done
	# Credentials are copied before the first download.
	quietly "$cache/log/mmdebstrap.log" mmdebstrap --mode=root --variant=minbase --architectures=amd64 \
		--setup-hook="cp -a $settings/etc/apt/. \"\$1\"/etc/apt/" \
		--dpkgopt=force-unsafe-io trixie "$root" "${sources[@]}" </dev/null ||
		die "mmdebstrap failed (see above); nothing half-made is kept"
	rm -rf "$settings"
}

install_in() {
	local root=$1
	shift
	quietly "$cache/log/root-apt.log" in_root "$root" -- \
		apt-get install -y --no-install-recommends "$@" </dev/null
}

install_packages() {
	local root=$1
	say "reading the package lists"
	apt_refresh "$root"
	say "installing QEMU and the compilers"
	# QEMU, perf and what they depend on from backports, the rest from the stable release.
	{ install_in "$root" -t trixie-backports qemu-system-x86 linux-perf && install_in "$root" "${packages[@]}"; } ||
		die "apt failed in the new root (see above); nothing half-made is kept"
	in_root "$root" -- apt-get clean
}

check_qemu() {
	local version
	version=$(in_root "$1" -- qemu-system-x86_64 --version | sed -nE 's/.*version ([0-9]+)\..*/\1/p')
	[ "${version:-0}" -ge 11 ] ||
		die "trixie-backports on $mirror has QEMU ${version:-?} only; 11 is needed"
}

make_root() {
	local root=$1
	local start=$SECONDS
	# Keys of Debian 13 are missing where the keyring is older than it.
	compgen -G '/usr/share/keyrings/*trixie*' >/dev/null || host_install debian-archive-keyring
	say "making the Debian 13 root in $cache (once; about 2 minutes)"
	find_mirrors
	bootstrap "$root"
	settle_dpkg "$root"
	install_packages "$root"
	check_qemu "$root"
	touch "$root/.complete"
	say "made the Debian 13 root in $((SECONDS - start)) s"
}

# Roots of older recipes, once nobody has asked for them for a day.
prune() {
	local keep=$1 old
	for old in "$cache"/root-*; do
		if [ "$old" = "$keep" ] || [ ! -d "$old" ]; then
			continue
		fi
		if [ -z "$(find "$old/.used" -mmin -1440 2>/dev/null)" ]; then
			say "removing the root of an older recipe: $old"
			rm -rf --one-file-system "$old"
		fi
	done
}

main() {
	case ${1:-} in
	'') ;;
	-h | --help) usage; exit 0 ;;
	*) usage >&2; exit 2 ;;
	esac
	require_root_user
	require_mounts
	host_needs flock=util-linux
	local recipe root
	recipe=$(sha256sum <"$0" | cut -c 1-12)
	root=$cache/root-$recipe
	lock root
	if [ ! -e "$root/.complete" ]; then
		host_needs mmdebstrap=mmdebstrap
		mkdir -p "$cache/log"
		rm -rf --one-file-system "$root" "$cache"/root-*.part
		mkdir "$root.part"
		trap 'rm -rf --one-file-system "$cache"/root-*.part' EXIT
		make_root "$root.part"
		mv "$root.part" "$root"
		prune "$root"
	fi
	touch "$root/.used"
	printf '%s\n' "$root"
}

main "$@"
