#!/bin/bash
# Builds a debug kernel from Debian's source of the newest 7.x kernel that kernel.sh
# would take, and prints the directory it is in, as kernel.sh does; "build" in there
# is for modules. Some 10 to 30 minutes on 2 cores, once for each version and set of
# options; in the cache, outside the tree.
set -euo pipefail
# shellcheck source=host.sh
. "$(dirname -- "$0")/host.sh"

kinds=$machine_dir/debug

usage() {
	cat <<-END
	usage: ${0##*/} KIND|--source
	KIND is one of: $(kind_names)
	Its options are in tests/machine/debug/KIND, beside those in debug/all; no other is set
	but what these need. --source: print where the source is.
	END
}

kind_names() { find "$kinds" -type f ! -name all -printf '%f\n' | sort | paste -sd ' '; }

# fetch_source RELEASE DEBVERSION DIR - unpack Debian's source of that kernel
fetch_source() {
	local series=${1%%-*} to=$3 deb
	series=$(grep -oE '^[0-9]+\.[0-9]+' <<<"$series")
	rm -rf "$to.part"
	mkdir -p "$to.part"
	say "fetching linux-source-$series ($2)"
	quietly "$cache/log/kernel-source.log" in_root "$root" --bind "$to.part:/mnt" -- sh -c \
		"cd /mnt && apt-get -o APT::Sandbox::User=root download 'linux-source-$series=$2'" ||
		die "could not download the kernel's source (see above); is the network reachable?"
	deb=$(find "$to.part" -name '*.deb')
	dpkg-deb --fsys-tarfile "$deb" | tar -xOf - --wildcards './usr/src/linux-source-*.tar.xz' |
		xz -dc | tar -xf - -C "$to.part" --strip-components=1
	rm -f "$deb"
	mv "$to.part" "$to"
}

# options_of KIND - "NAME=VALUE" lines; n: not set. What KIND says counts.
options_of() {
	sed 's/#.*//; s/[[:space:]]*$//; /^$/d' "$kinds/all" "$kinds/$1" |
		awk -F = '!($1 in value) { name[++n] = $1 } { value[$1] = $0 } END { for (i = 1; i <= n; i++) print value[name[i]] }'
}

# Kconfig drops silently what depends on something else.
check_config() {
	local line name value missed=''
	while IFS='=' read -r name value; do
		line=$(grep -E "^(# )?CONFIG_${name}[ =]" "$2" || echo "# CONFIG_$name is not set")
		case $value in
		n) [ "$line" = "# CONFIG_$name is not set" ] || missed+=" $name=n" ;;
		*) [ "$line" = "CONFIG_$name=$value" ] || missed+=" $name=$value" ;;
		esac
	done < <(options_of "$1")
	[ -z "$missed" ] || die "this kernel does not take these options of tests/machine/debug:$missed"
}

# The root lacks what only kernels need; an overlay keeps it as it is.
in_build_root() {
	# shellcheck disable=SC2016 # the inner shell's
	in_root "$root" --overlay --bind "$source:/srv" --bind "$to.part:/mnt" -- sh -euc '
		if ! command -v flex >/dev/null || ! command -v bc >/dev/null; then
			apt-get install -y --no-install-recommends --target-release trixie-backports \
				flex bison bc libelf-dev >/mnt/apt.log 2>&1 || { tail -n 25 /mnt/apt.log; exit 1; }
		fi
		eval "$1"' sh "$1"
}

configure() {
	mkdir -p "$to.part/build"
	options_of "$kind" | sed -E 's/^([A-Za-z0-9_]+)=n$/# CONFIG_\1 is not set/; t; s/^/CONFIG_/' >"$to.part/options"
	in_build_root 'make -C /srv O=/mnt/build KCONFIG_ALLCONFIG=/mnt/options allnoconfig' >"$to.part/config.log" 2>&1 ||
		{ tail -n 25 "$to.part/config.log" >&2; die "the kernel can't be configured (see above)"; }
	check_config "$kind" "$to.part/build/.config"
}

compile() {
	say "building a $kind kernel $release (once; 10 to 30 minutes on 2 cores); its log is $to.part/build.log"
	in_build_root "make -C /srv O=/mnt/build -j$(nproc) LOCALVERSION=-$kind bzImage modules &&
		make -C /srv O=/mnt/build LOCALVERSION=-$kind INSTALL_MOD_PATH=/mnt INSTALL_MOD_STRIP=1 modules_install &&
		make -s -C /srv O=/mnt/build LOCALVERSION=-$kind kernelrelease >/mnt/version" >"$to.part/build.log" 2>&1 ||
		{ tail -n 25 "$to.part/build.log" >&2; die "the kernel does not compile (see above and $to.part/build.log)"; }
	cp "$to.part/build/arch/x86/boot/bzImage" "$to.part/vmlinuz"
	printf '%s\n' "$release" >"$to.part/release"
	cp "$to.part/build/.config" "$to.part/config"
	sed -n '$p' "$to.part/version" >"$to.part/version.new"
	mv "$to.part/version.new" "$to.part/version"
	# Modules are built with it, nothing else: objects are most of its size.
	find "$to.part/build" -name '*.o' ! -path '*/scripts/*' ! -path '*/tools/*' -delete
	rm -f "$to.part/build/vmlinux.unstripped" "$to.part/lib/modules"/*/{build,source}
}

# get_source - once; sets source
get_source() {
	local choice
	read -r release choice <"$cache/choice-7"
	source=$cache/debug/source-$release
	mkdir -p "$cache/debug" "$cache/log"
	lock kernel-source
	[ -e "$source/Makefile" ] || fetch_source "$release" "$choice" "$source"
	unlock
}

main() {
	case ${1:-} in
	-h | --help) usage; exit 0 ;;
	esac
	kind=${1:-}
	if [ $# != 1 ] || [[ " $(kind_names) --source " != *" $kind "* ]]; then usage >&2; exit 2; fi
	"$machine_dir/kernel.sh" 7 >/dev/null
	root=$("$machine_dir/root.sh")
	get_source
	if [ "$kind" = --source ]; then
		printf '%s\n' "$source"
		exit 0
	fi
	lock "kernel-debug-$kind"
	to=$cache/debug/$kind-$release-$(options_of "$kind" | sha256sum | cut -c 1-8)
	if [ ! -e "$to/version" ]; then
		mkdir -p "$to.part"
		[ -e "$to.part/build/vmlinux" ] || configure
		compile
		mv "$to.part" "$to"
	fi
	printf '%s\n' "$to"
}

main "$@"
