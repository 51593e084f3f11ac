#!/bin/bash
# A Debian 13 with rmpopt's packages boots under systemd: as an emulated SNP host
# with RMPOPT, where "make run" is tried, too; as a Zen 4; and on a plain CPU without
# a plugin. Where signatures are wanted: with RMPOPT, and under UEFI's Secure Boot with
# DKMS's key not enrolled, and enrolled; these two also with Debian 12 and the kernel of
# its backports. TAP.
#   tests/packages/boot.sh [trixie] [zen6|zen4|sig|unenrolled|enrolled|plain]...
#   tests/packages/boot.sh bookworm [unenrolled|enrolled]...
set -euo pipefail
# shellcheck source=../machine/host.sh
. "$(dirname -- "$0")/../machine/host.sh"
# shellcheck source=../machine/parts.sh
. "$machine_dir/parts.sh"

here=$tree/tests/packages
modules='virtio_pci virtio_blk ext4'

number=0 status=0
result() {
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number - $2"
	else
		status=1
		echo "not ok $number - $2"
	fi
}

make_disk() {
	local root=$1 version=$2 debs=${RMPOPT_DEBS:-}
	[ -n "$debs" ] || debs=$("$here/deb" "$suite")
	"$tree/scripts/dist" "$out" >/dev/null
	rm -rf "$out/esp"
	quietly "$out/disk.log" in_root "$root" --overlay --bind "$debs:/debs" --bind "$here/boot:/proof" --bind "$out:/out" \
		--bind "$parts:/media" --bind "$machine_dir:/opt" -- bash /proof/disk.sh "$kernel_version" "$version" </dev/null
}

# plain_qemu NAME ARGUMENT... - a QEMU as anybody starts it: no plugin, no SNP
plain_qemu() {
	local name=$1
	shift
	: >"$run/console"
	: >"$run/results"
	timeout --kill-after=10 900 unshare --mount --propagation private -- bash "$machine_dir/in-root.sh" "$root" \
		--bind "$run:/mnt" --bind "$kernel_dir:/srv" --bind "$out/disk:/media/disk" -- \
		qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot -M q35 -accel tcg,thread=multi \
		-smp 2 -m 2G -drive file=/media/disk,format=raw,if=none,id=disk,snapshot=on -device virtio-blk-pci,drive=disk \
		-serial file:/mnt/console -serial file:/mnt/results "$@" </dev/null >"$out/$name.qemu" 2>&1 || return 1
	cp "$run/console" "$out/$name.log"
	cp "$run/results" "$out/$name"
	grep -q 'reboot: Power down' "$run/console"
}

boot_plain() {
	plain_qemu plain -cpu Nehalem -kernel /srv/vmlinuz -initrd /mnt/initrd -append "$plain_options proof=plain"
}

# boot_secure unenrolled|enrolled - shim, GRUB and the kernel as Debian has signed them
boot_secure() {
	local name=$1 esp=$run/esp
	rm -rf "$esp"
	cp -r "$out/esp" "$esp"
	mkdir "$esp/EFI/debian"
	cp "$kernel_dir/vmlinuz" "$run/initrd" "$esp/"
	printf '%s\n' 'set timeout=0' "linux /vmlinuz $plain_options proof=$name" 'initrd /initrd' boot >"$esp/EFI/debian/grub.cfg"
	cp "$disk_root/usr/share/OVMF/OVMF_CODE_4M.secboot.fd" "$run/firmware"
	cp "$out/$name.vars" "$run/"
	plain_qemu "$name" -cpu EPYC-v4,-hypervisor -global driver=cfi.pflash01,property=secure,value=on \
		-drive if=pflash,format=raw,unit=0,readonly=on,file=/mnt/firmware \
		-drive "if=pflash,format=raw,unit=1,file=/mnt/$name.vars" \
		-drive file=fat:/mnt/esp,format=raw,if=none,id=esp,readonly=on -device virtio-blk-pci,drive=esp,bootindex=1
}

# boot_host NAME CPU [KERNEL-OPTION]
boot_host() {
	local name=$1 cpu=$2 options=${3:-}
	"$machine_dir/launch" --kernel "$kernel_dir" --snp psp --region-nodes 1 --carry "$modules" --payload "$out/payload" \
		--disk "$out/disk" --append "proof=$name${options:+ $options}" --timeout 1800 --log "$out/$name.log" --results "$out/$name" --cpu "$cpu" -- true </dev/null >/dev/null
}

# show NAME STATUS - what the booted system found, and whether it ended well
show() {
	local all
	all=$(tr -d '\r' <"$out/$1" | grep -cE '^(not )?ok ' || true)
	tr -d '\r' <"$out/$1" | grep -E '^(not )?ok |^# ' | sed -E "s/^((not )?ok) [0-9]+ - /\1 /" | while read -r line; do
		printf '    %s\n' "$line"
	done
	[ "$2" = 0 ] && grep -q "^1\.\.$all" "$out/$1" && ! grep -q '^not ok' "$out/$1"
}

# The kernel of Debian 13 is that of the emulated host; that of Debian 12 is the newest
# for which it can have headers.
find_disk_root() {
	local version
	if [ "$suite" = trixie ]; then
		find_kernel 7
		disk_root=$("$here/root.sh" trixie boot "$kernel_version")
		return
	fi
	version=$(find "$("$here/root.sh" bookworm clean)/srv/later" -name 'linux-headers-[0-9]*-amd64_*.deb' ! -name '*-cloud-*' \
		-printf '%f\n' | sed 's/^linux-headers-//; s/_.*//' | sort -V | tail -n 1)
	disk_root=$("$here/root.sh" bookworm boot "$version")
	rm -rf "$out/kernel"
	mkdir -p "$out/kernel/lib/modules"
	cp -a "$disk_root/lib/modules/$version" "$out/kernel/lib/modules/"
	cp "$disk_root/boot/vmlinuz-$version" "$out/kernel/vmlinuz"
	echo "$version" >"$out/kernel/version"
	find_kernel "$out/kernel"
}

make_initrd() {
	mkdir -p "$parts"
	exec {parts_lock}>"$parts/lock"
	flock "$parts_lock"
	build_parts
	# shellcheck disable=SC2086 # a list of names
	build_initramfs $modules
	exec {parts_lock}>&-
	install -m 755 "$here/boot/init" "$out/payload/init"
	rm -rf "$out/payload/over"
	install -m 755 -D -t "$out/payload/over/srv/proof" "$here/boot/run" "$here/boot/make-run"
	(cd "$out/payload" && find . | in_root "$root" --bind "$out:/mnt" -- sh -c 'cd /mnt/payload && cpio -o -H newc -R 0:0 --quiet' >"$run/payload.cpio")
	cat "$initramfs" "$run/payload.cpio" >"$run/initrd"
}

main() {
	local name root disk_root ended version suite=trixie
	local plain_options='console=ttyS0,115200 panic=-1 panic_on_warn=1'
	case ${1:-} in trixie | bookworm) suite=$1; shift ;; esac
	out=$build/packages-boot/$suite
	if [ $# = 0 ]; then
		set -- unenrolled enrolled
		[ "$suite" != trixie ] || set -- zen6 zen4 sig "$@" plain
	fi
	require_root_user
	mkdir -p "$out/payload"
	run=$(mktemp -d)
	trap 'rm -rf "$run"' EXIT
	version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"$/\1/p' "$tree/dkms.conf")
	find_root
	find_disk_root
	make_initrd
	# RMPOPT_DISK_KEPT=yes: that of the last run with the units of now, for work on these.
	if [ -n "${RMPOPT_DISK_KEPT:-}" ]; then
		make -s -C "$tree" install-systemd prefix=/usr "DESTDIR=$out/payload/over" unitdir=/usr/lib/systemd/system >&2
	else
		make_disk "$disk_root" "$version" && ended=0 || ended=1
		result "$ended" "$suite with systemd, Linux $kernel_version and rmpopt, built by DKMS"
		[ "$ended" = 0 ] || set --
	fi
	for name; do
		ended=0
		case $name in
		zen6 | zen4) boot_host "$name" "$name" || ended=$? ;;
		sig) boot_host sig zen6 module.sig_enforce=1 || ended=$? ;;
		enrolled | unenrolled) boot_secure "$name" || ended=$? ;;
		plain) boot_plain || ended=$? ;;
		esac
		show "$name" "$ended" && ended=0 || ended=1
		result "$ended" "$suite boots: $name (kernel log: $out/$name.log)"
	done
	echo "1..$number"
	exit "$status"
}

main "$@"
