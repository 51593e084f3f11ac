#!/bin/bash
# Fetches a Debian kernel for the emulated machine and prints the directory it
# lies in: vmlinuz, vmlinux, version, config, lib/modules/VERSION. Which one: the newest
# of the series for which the Debian 13 root can install image and headers,
# from the release (or its backports) first, then sid, then experimental.
set -euo pipefail
# shellcheck source=host.sh
. "$(dirname -- "$0")/host.sh"
# shellcheck source=apt.sh
. "$machine_dir/apt.sh"

# A kernel's helpers (linux-base) may come from backports; nothing but the kernel
# itself comes from sid or experimental unless the release has no such package.
apt_install=(--no-install-recommends --target-release trixie-backports)

usage() {
	cat <<-END
	usage: ${0##*/} SERIES [--headers]
	SERIES is the beginning of a kernel version: 7, 7.3, 6.12; or debug-KIND, a debug
	kernel that is built here (kernel-debug.sh). With --headers they are
	installed in the Debian 13 root (see root.sh), so that modules can be built.
	Status 3: the mirror has no such kernel, or none that can be installed there.
	The package lists are read anew once a day; without network the kernel that
	the cache holds is used.
	END
}

# Every generic amd64 kernel of the series with headers, best first: "VERSION DEBVERSION".
candidates() {
	local names
	names="^linux-headers-${series//./\\.}(\.[0-9][0-9a-z.]*)?(-rc[0-9]+)?(\+deb[0-9+]+)?-amd64$"
	in_root "$root" -- apt-cache pkgnames linux-headers- | grep -E "$names" |
		in_root "$root" -- xargs -r apt-cache madison |
		awk -F' *[|] *' '{
			sub(/^ */, "", $1); sub(/^linux-headers-/, "", $1)
			split($3, source, " "); rank = 1
			if (source[2] ~ /^(sid|unstable)\//) rank = 2
			if (source[2] ~ /^(experimental|rc-buggy)\//) rank = 3
			print rank, $2, $1
		}' | sort -k1,1n -k2,2Vr | awk '!seen[$3]++ { print $3, $2 }'
}

# known PACKAGE VERSION
known() { in_root "$root" -- apt-cache show "$1=$2" >/dev/null 2>&1; }

# Would apt install image and headers together, compiler and all, removing nothing?
installable() {
	known "$3-$1" "$2" &&
		in_root "$root" -- apt-get install --simulate --no-remove "${apt_install[@]}" \
			"$3-$1=$2" "linux-headers-$1=$2" >/dev/null 2>&1
}

# A new kernel comes unsigned first, its signed image days later: nobody asks for
# the signature here, but what people run is taken first.
choose() {
	local kernel debversion image
	for image in linux-image linux-binary-unsigned; do
		while read -r kernel debversion; do
			if installable "$kernel" "$debversion" "$image"; then
				say "kernel $series: $kernel ($debversion)"
				printf '%s %s\n' "$kernel" "$debversion" >"$choice.new"
				mv "$choice.new" "$choice"
				return
			fi
			say "kernel $series: not $kernel ($debversion): $image, headers or their compiler can't be installed in the Debian 13 root"
		done < <(candidates)
	done
	say "no kernel of series $series with image and headers can be installed in $root"
	exit 3
}

# A choice holds until the package lists are read again, once a day.
settle_choice() {
	if [ -z "$(find "$root/.lists" -mmin -1440 2>/dev/null)" ]; then
		if ! (apt_refresh "$root"); then
			[ -s "$choice" ] || exit 1
			say "going on with the kernel in the cache: $(cat "$choice")"
			return
		fi
	fi
	if [ ! -s "$choice" ] || [ "$root/.lists" -nt "$choice" ]; then
		choose
	fi
}

# An image package and those of the same kernel that it depends on (7.x: -binary, -modules, -base).
image_packages() {
	local kernel=$1 debversion=$2 image=linux-image-$1
	known "$image" "$debversion" || {
		image=linux-binary-unsigned-$kernel
		printf '%s\n' "linux-modules-$kernel"
	}
	printf '%s\n' "$image"
	in_root "$root" -- apt-cache show "$image=$debversion" |
		sed -n 's/^Depends: //p' | sed 's/[,|]/\n/g' |
		awk -v suffix="-$kernel" '$1 ~ /^linux-/ && substr($1, length($1) - length(suffix) + 1) == suffix { print $1 }' | sort -u
}

download() {
	local kernel=$1 debversion=$2 to=$3
	local -a names
	mapfile -t names < <(image_packages "$kernel" "$debversion" | sed "s/\$/=$debversion/")
	say "fetching ${names[*]%%=*}"
	mkdir -p "$to"
	# shellcheck disable=SC2016 # $@ is the inner shell's
	quietly "$cache/log/kernel.log" in_root "$root" --bind "$to:/mnt" -- \
		sh -c 'cd /mnt && apt-get -o APT::Sandbox::User=root download "$@"' sh "${names[@]}" ||
		die "could not download the kernel (see above); is the network reachable?"
}

# From the packages' layout, which changed with 7.x, to ours.
arrange() {
	local kernel=$1 from=$2 to=$3 file
	mkdir -p "$to/lib/modules"
	if [ -d "$from/usr/lib/modules/$kernel" ]; then
		mv "$from/usr/lib/modules/$kernel" "$to/lib/modules/"
	else
		mv "$from/lib/modules/$kernel" "$to/lib/modules/"
	fi
	file=$to/lib/modules/$kernel/vmlinuz
	[ ! -f "$file.unsigned" ] || mv "$file.unsigned" "$file"
	for file in vmlinuz config; do
		if [ -f "$from/boot/$file-$kernel" ]; then
			mv "$from/boot/$file-$kernel" "$to/$file"
		else
			cp "$to/lib/modules/$kernel/$file" "$to/$file" ||
				die "the packages of $kernel have no $file where it is looked for (boot/, lib/modules/$kernel/)"
		fi
	done
	rm -f "$to/lib/modules/$kernel/build" "$to/lib/modules/$kernel/source"
	printf '%s\n' "$kernel" >"$to/version"
	in_root "$root" --bind "$to:/mnt" -- depmod -b /mnt "$kernel"
}

# number_at FILE OFFSET BYTES
number_at() { od -A n -t "u$3" -j "$2" -N "$3" "$1" | tr -d ' '; }

# unpack DIR - vmlinux out of vmlinuz, for launch --quick. Where it lies is in the header (the kernel's
# arch/x86/boot.rst: setup_sects, payload_offset, payload_length); its own length is behind it, in four bytes.
unpack() {
	local file=$1/vmlinuz begin length
	begin=$((($(number_at "$file" 0x1f1 1) + 1) * 512 + $(number_at "$file" 0x248 4)))
	length=$(($(number_at "$file" 0x24c 4) - 4))
	dd if="$file" bs=1M iflag=skip_bytes,count_bytes skip="$begin" count="$length" status=none |
		in_root "$root" -- zstd -dcq >"$1/vmlinux.part" || {
		say "can't unpack $file (is it no longer compressed by zstd?): guests take three seconds more to boot"
		return
	}
	mv "$1/vmlinux.part" "$1/vmlinux"
}

extract() {
	local kernel=$1 debversion=$2 to=$3 deb
	rm -rf "$to.part"
	download "$kernel" "$debversion" "$to.part/deb"
	for deb in "$to.part/deb"/*.deb; do
		dpkg-deb -x "$deb" "$to.part/files"
	done
	arrange "$kernel" "$to.part/files" "$to.part/kernel"
	# Headers of 6.x depend on the image: spare the second download.
	[ -z "$headers" ] || cp "$to.part/deb"/*.deb "$root/var/cache/apt/archives/"
	mv "$to.part/kernel" "$to"
	rm -rf "$to.part"
}

headers_installed() {
	# shellcheck disable=SC2016 # dpkg-query's own variables
	[ "$(in_root "$root" -- dpkg-query -W -f '${db:Status-Status} ${Version}' "linux-headers-$1" 2>/dev/null)" = "installed $2" ]
}

install_headers() {
	local kernel=$1 debversion=$2
	headers_installed "$kernel" "$debversion" && return
	say "installing the headers of $kernel in the Debian 13 root"
	remove_old_headers
	quietly "$cache/log/headers.log" in_root "$root" -- \
		apt-get install -y "${apt_install[@]}" "linux-headers-$kernel=$debversion" </dev/null ||
		die "could not install the headers of $kernel in $root (see above)"
	in_root "$root" -- apt-get clean
	# dkms leaves depmod out where it was never run.
	in_root "$root" -- depmod "$kernel"
}

# Kernel packages in the root that are of no chosen kernel.
remove_old_headers() {
	local keep
	local -a old
	keep=$(sed -E 's/-amd64 .*//; s/[.+]/\\&/g' "$cache"/choice-* | paste -sd '|')
	# shellcheck disable=SC2016 # dpkg-query's own variables
	mapfile -t old < <(in_root "$root" -- dpkg-query -W -f '${db:Status-Status} ${Package}\n' 'linux-*' |
		sed -n 's/^installed //p' | grep -E '^linux-[a-z]+-[0-9]' | grep -vE -- "-($keep)(-|\$)" || true)
	[ ${#old[@]} -gt 0 ] || return 0
	say "removing ${old[*]} from the Debian 13 root"
	quietly "$cache/log/headers.log" in_root "$root" -- apt-get purge -y "${old[@]}" </dev/null
}

# Kernels that are no longer chosen, once nobody has used them for a day.
prune() {
	local old
	for old in "$cache"/kernels/*; do
		[ -d "$old" ] || continue
		grep -qF "${old##*/} " "$cache"/choice-* && continue
		if [ -z "$(find "$old/version" -mmin -1440 2>/dev/null)" ]; then
			say "removing an old kernel: $old"
			rm -rf "$old"
		fi
	done
}

main() {
	local kernel debversion
	series=
	headers=
	while [ $# -gt 0 ]; do
		case $1 in
		-h | --help) usage; exit 0 ;;
		--headers) headers=yes ;;
		debug-*) exec "$machine_dir/kernel-debug.sh" "${1#debug-}" ;;
		[1-9]*) series=$1 ;;
		*) usage >&2; exit 2 ;;
		esac
		shift
	done
	[ -n "$series" ] || { usage >&2; exit 2; }
	root=$("$machine_dir/root.sh")
	choice=$cache/choice-$series
	lock kernels
	settle_choice
	read -r kernel debversion <"$choice"
	mkdir -p "$cache/kernels"
	[ -e "$cache/kernels/$kernel/version" ] || extract "$kernel" "$debversion" "$cache/kernels/$kernel"
	[ -e "$cache/kernels/$kernel/vmlinux" ] || unpack "$cache/kernels/$kernel"
	touch "$cache/kernels/$kernel/version"
	prune
	[ -z "$headers" ] || install_headers "$kernel" "$debversion"
	printf '%s\n' "$cache/kernels/$kernel"
}

main "$@"
