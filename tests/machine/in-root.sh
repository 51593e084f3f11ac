#!/bin/bash
# Runs a command in a Debian root. Called by in_root() of host.sh, in a mount
# namespace of its own: every mount made here goes away with the last process.
set -euo pipefail

root=$1
shift

# Lay a RAM-backed layer over the root: the root itself stays as it was made. The
# layer is mounted on a folder that exists: one made for it would stay behind.
overlay() {
	local layer=$root/tmp
	mount -t tmpfs -o mode=0755 rmpopt "$layer"
	mkdir "$layer/upper" "$layer/work" "$layer/root"
	mount -t overlay -o "lowerdir=$root,upperdir=$layer/upper,workdir=$layer/work" rmpopt "$layer/root"
	root=$layer/root
}

bind() {
	local src=${1%%:*} dst=$root/${1#*:}
	[ -e "$src" ] || { printf '%s\n' "in-root: nothing to bind at $src" >&2; exit 1; }
	[ -d "$src" ] && mkdir -p "$dst"
	[ -e "$dst" ] || { mkdir -p "${dst%/*}"; : >"$dst"; }
	mount --rbind "$src" "$dst"
}

while [ "$1" != -- ]; do
	case $1 in
	--overlay) overlay ;;
	--bind) bind "$2"; shift ;;
	*) printf '%s\n' "in-root: unknown option $1" >&2; exit 2 ;;
	esac
	shift
done
shift

mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
export HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
unset TMPDIR TMP TEMP
exec chroot "$root" "$@"
