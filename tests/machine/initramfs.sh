#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
# Runs in the Debian root (see parts.sh): the guest's initramfs without what
# belongs to one run. /opt our sources, /media the parts, /srv the kernel,
# /mnt the result.
# usage: initramfs.sh KERNEL-VERSION MODULE...
set -eu

version=$1
shift
to=$(mktemp -d)
from=/srv/lib/modules/$version

# add_program PATH - with the libraries that it wants
add_program() {
	cp "$1" "$to/usr/bin/"
	ldd "$1" 2>/dev/null | grep -o '/[^ ]*' | while read -r library; do
		mkdir -p "$to${library%/*}"
		cp -L "$library" "$to$library"
	done
}

# add_module NAME - and what it depends on
add_module() {
	modprobe -d /srv -S "$version" --show-depends "$1" >/tmp/depends || {
		echo "initramfs.sh: kernel $version has no module $1" >&2
		exit 1
	}
	sed -n 's|^insmod /srv\(/[^ ]*\).*|\1|p' /tmp/depends | while read -r file; do
		mkdir -p "$to${file%/*}"
		cp "/srv$file" "$to$file"
	done
}

mkdir -p "$to/usr/bin" "$to/usr/sbin" "$to/usr/lib" "$to/usr/lib64" "$to/etc/machine" "$to/root"
for dir in bin sbin lib lib64; do
	ln -s "usr/$dir" "$to/$dir"
done
cp "$(command -v busybox)" "$to/usr/bin/busybox"
cp /media/machinectl /media/snpvm "$to/usr/bin/"
cp /opt/init "$to/init"
cp /opt/vmm.sh "$to/etc/machine/"
add_program /usr/bin/kmod
for name in modprobe insmod rmmod depmod lsmod modinfo; do
	ln -s ../bin/kmod "$to/usr/sbin/$name"
done
for name in $(busybox --list); do
	[ -e "$to/usr/bin/$name" ] || ln -s busybox "$to/usr/bin/$name"
done

mkdir -p "$to/lib/modules/$version"
for file in modules.order modules.builtin modules.builtin.modinfo; do
	[ ! -e "$from/$file" ] || cp "$from/$file" "$to/lib/modules/$version/"
done
for module; do
	add_module "$module"
done
depmod -b "$to" "$version"

cd "$to"
find . | cpio -o -H newc -R 0:0 --quiet >/mnt/initramfs.cpio
