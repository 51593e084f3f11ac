#!/bin/bash
# Builds an out-of-tree module directory for a Debian kernel, in the Debian 13
# root with the compiler that the kernel was built with, and prints where the
# result lies. The sources are mirrored into the build folder, so several
# kernels don't get in each other's way and the tree stays clean.
set -euo pipefail
# shellcheck source=host.sh
. "$(dirname -- "$0")/host.sh"

usage() {
	cat <<-END
	usage: ${0##*/} KERNEL DIR [MAKE-ARGUMENT...]
	KERNEL: a series (7, 6.12, debug-kasan; see kernel.sh) or a version whose headers are
	in the root. DIR: the folder with the Kbuild file. Example: ${0##*/} 7 . W=1
	Output: \${RMPOPT_BUILD:-build}/VERSION/, the compiler's messages on stderr.
	END
}

# Sources that went away must not be built again.
drop_vanished() {
	local file
	while IFS= read -r -d '' file; do
		[ -e "$1/$file" ] || rm -f "$2/$file"
	done < <(cd "$2" && find . -type f \( -name '*.[ch]' ! -name '*.mod.c' -o -name Kbuild -o -name Makefile \) -print0)
}

# Copy what changed: time stamps are kept, so make does no work twice.
mirror_sources() {
	mkdir -p "$2"
	tar -C "$1" --exclude=./build --exclude=./.git --exclude='*.o' --exclude='*.ko' --exclude='.*.cmd' \
		--exclude='*.mod' --exclude='*.mod.c' --exclude=modules.order --exclude=Module.symvers -cf - . |
		tar -C "$2" -xf -
	drop_vanished "$1" "$2"
}

# find_headers KERNEL - sets version, and where they are in the root, with what is
# to be bound there
find_headers() {
	local dir
	binds=()
	version=$1
	if [ ! -d "$root/usr/src/linux-headers-$1" ]; then
		dir=$("$machine_dir/kernel.sh" "$1" --headers)
		version=$(<"$dir/version")
		[ ! -d "$dir/build" ] || binds=(--bind "$dir:/mnt" --bind "$dir/../source-$(<"$dir/release"):/srv")
	fi
	headers=/usr/src/linux-headers-$version
	[ ${#binds[@]} = 0 ] || headers=/mnt/build
}

# tests/check has built the module for all tests that want it as it is.
is_built() {
	[ -n "${RMPOPT_BUILT:-}" ] && [ "$sub" = . ] && [ "$to" = "$(cat "$RMPOPT_BUILT/$version.ready" 2>/dev/null)" ]
}

main() {
	[ $# -ge 2 ] || { usage >&2; exit 2; }
	local version headers dir to sub=. from=$tree
	local -a binds
	root=$("$machine_dir/root.sh")
	find_headers "$1"
	dir=$(cd -- "$2" && pwd) || die "no folder $2"
	shift 2
	case $dir/ in
	"$tree"/*) sub=${dir#"$tree"}; sub=.${sub%/} ;;
	*) from=$dir ;;
	esac
	to=$build/$version/tree
	[ "$from" = "$tree" ] || to=$build/$version/${dir##*/}
	if [ $# = 0 ] && is_built; then
		printf '%s\n' "$to${sub#.}"
		return
	fi
	mkdir -p "$build/$version"
	exec {build_lock}>"$build/$version/lock"
	flock "$build_lock"
	mirror_sources "$from" "$to"
	if [ ! -e "$to/$sub/Kbuild" ] && [ ! -e "$to/$sub/Makefile" ]; then
		die "$dir has no Kbuild file"
	fi
	in_root "$root" --bind "$build/$version:/build" "${binds[@]}" -- \
		make -C "$headers" "M=/build/${to##*/}${sub#.}" -j"$(nproc)" "$@" >&2 ||
		die "the build of $dir for $version failed (see above)"
	printf '%s\n' "$to${sub#.}"
}

main "$@"
