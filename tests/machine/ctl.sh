#!/bin/bash
# Builds rmpoptctl in the Debian 13 root and lays it, with the shared libraries
# that it wants, into a folder that becomes the guest's /.
set -euo pipefail
# shellcheck source=host.sh
. "$(dirname -- "$0")/host.sh"

[ $# = 1 ] || { echo "usage: ${0##*/} DIR" >&2; exit 2; }
to=$1
root=$("$machine_dir/root.sh")
# A folder of its own: the host's compiler and libraries are others.
out=$build/root-ctl
mkdir -p "$out" "$to"
exec {ctl_lock}>"$out/lock"
flock "$ctl_lock"
# libkmod asks for liblzma only when it meets a module packed by xz.
in_root "$root" --bind "$tree:/tree" --bind "$out:/out" --bind "$to:/mnt" --bind "$machine_dir:/opt" -- sh -euc '
	make --no-print-directory -s -f /tree/src/ctl/Makefile build=/out /out/rmpoptctl
	sh /opt/lay.sh /mnt /out/rmpoptctl=/usr/local/bin/rmpoptctl /usr/lib/*/liblzma.so.5' {ctl_lock}>&- >&2
