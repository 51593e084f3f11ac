# shellcheck shell=bash
# What a launch needs and what is the same for many: the plugin, machinectl, the
# IVRS table, the initramfs of a kernel. Made when missing or out of date, kept
# in the build folder. Sourced by launch after host.sh.

# shellcheck disable=SC2154 # build, machine_dir, run: host.sh and launch
parts=$build/machine

# The same for every guest; IVRS depends on them, so it is made with them, too.
# shellcheck disable=SC2054 # QEMU's own commas
qemu_platform=(
	-nodefaults -no-user-config -display none -no-reboot
	-M q35 -accel tcg,thread=multi
)

# json_device DRIVER [ADDRESS [SOCKET]] - devices as JSON are made in the order given, and
# the IOMMU last: so the PSP's DMA does not pass through it.
json_device() {
	printf '{"driver":"%s"' "$1"
	[ -z "${2:-}" ] || printf ',"addr":"%s"' "$2"
	[ -z "${3:-}" ] || printf ',"socket":{"type":"unix","path":"%s"}' "$3"
	printf '}'
}

# choose_devices PSP FCH X2APIC - sets qemu_devices, and ivrs_devices of the same places
# for a QEMU without the plugin that serves them.
choose_devices() {
	local iommu
	qemu_devices=() ivrs_devices=()
	if [ -n "$1" ]; then
		qemu_devices+=(-device "$(json_device vfio-user-pci 02.0 /mnt/psp.sock)")
		ivrs_devices+=(-device "$(json_device pci-testdev 02.0)")
	fi
	if [ -n "$2" ]; then
		qemu_devices+=(-device "$(json_device vfio-user-pci 14.0 /mnt/fch.sock)")
		ivrs_devices+=(-device "$(json_device pci-testdev 14.0)")
	fi
	iommu=$(json_device amd-iommu)
	# APIC ids above 254 are for IOMMUs that know x2APIC.
	[ -z "$3" ] || iommu=${iommu%\}},'"xtsup":true}'
	qemu_devices+=(-device "$iommu")
	ivrs_devices+=(-device "$iommu")
}

key_of() { sha256sum | cut -c 1-16; }

# Run a script of ours in the root: parts at /media, this folder at /opt, and
# whatever else is to be bound.
in_parts() {
	# shellcheck disable=SC2154
	in_root "$root" --bind "$machine_dir:/opt" --bind "$parts:/media" "$@"
}

find_root() {
	root=${RMPOPT_ROOT:-}
	[ -n "$root" ] || root=$("$machine_dir/root.sh")
	[ -x "$root/usr/bin/qemu-system-x86_64" ] || die "$root has no qemu-system-x86_64: not a root made by root.sh"
}

# find_kernel SERIES|DIR - set kernel_dir and kernel_version
find_kernel() {
	case ${RMPOPT_KERNEL_DIR:-}$1 in
	"$1") ;;
	*) set -- "$RMPOPT_KERNEL_DIR" ;;
	esac
	case $1 in
	*/*) kernel_dir=$(cd -- "$1" && pwd) || die "no kernel directory $1" ;;
	*) kernel_dir=$("$machine_dir/kernel.sh" "$1") ;;
	esac
	local file
	for file in vmlinuz version; do
		[ -s "$kernel_dir/$file" ] || die "$kernel_dir has no $file: not a directory made by kernel.sh"
	done
	kernel_version=$(<"$kernel_dir/version")
	[ -s "$kernel_dir/lib/modules/$kernel_version/modules.dep" ] ||
		die "$kernel_dir/lib/modules/$kernel_version has no modules.dep; run depmod -b $kernel_dir $kernel_version"
}

# The plugin and the programs in C.
build_parts() {
	local key
	key=$({ cat "$machine_dir"/plugin/*.[ch] "$machine_dir"/*.[ch] "$machine_dir/parts.sh"; echo "$root"; } | key_of)
	if [ "$(cat "$parts/key" 2>/dev/null)" != "$key" ]; then
		rm -f "$parts/key"
		# shellcheck disable=SC2016 # the inner shell's
		in_parts -- sh -euc '
			cflags="-std=gnu11 -O2 -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers -I/opt"
			gcc $cflags -fPIC -shared -fvisibility=hidden -o /media/machine.so.new /opt/plugin/*.c \
				$(pkg-config --cflags --libs glib-2.0) -lpthread
			gcc $cflags -static -o /media/machinectl.new /opt/machinectl*.c
			gcc $cflags -static -o /media/snpvm.new /opt/snpvm.c
			gcc $cflags -o /media/ivrs.new /opt/ivrs.c
			gcc $cflags -o /media/madt.new /opt/madt.c
			gcc $cflags -o /media/tsc.new /opt/tsc.c
			for part in machine.so machinectl snpvm ivrs madt tsc; do mv /media/$part.new /media/$part; done' >&2 ||
			die "the machine does not compile (see above)"
		printf '%s\n' "$key" >"$parts/key"
	fi
	parts_key=$key
}

# hmp COMMAND... - to the monitor of the QEMU whose pipes are in $run
# shellcheck disable=SC2154
hmp() { printf '%s\n' "$*" >"$run/monitor.in"; }

# The IOMMU's table as this QEMU makes it, from the memory of a machine without a
# kernel, changed by ivrs.c.
make_ivrs() {
	local pid tries=0 aml=$1
	rm -f "$run/monitor.in" "$run/monitor.out"
	mkfifo "$run/monitor.in" "$run/monitor.out"
	become='exec' in_root "$root" --bind "$run:/mnt" -- qemu-system-x86_64 "${qemu_platform[@]}" "${ivrs_devices[@]}" -m 64 \
		-cpu EPYC-v4 -monitor pipe:/mnt/monitor >"$run/ivrs.log" 2>&1 {parts_lock}>&- </dev/null &
	pid=$!
	qemu=$pid	# for clean_up
	cat "$run/monitor.out" >/dev/null {parts_lock}>&- &
	until [ "$tries" = 120 ]; do
		tries=$((tries + 1))
		sleep 1
		kill -0 "$pid" 2>/dev/null || break
		hmp pmemsave 0 $((64 << 20)) \"/mnt/memory\"
		sleep 0.5
		if in_parts --bind "$run:/mnt" -- /media/ivrs /mnt/memory >"$aml.new" 2>>"$run/ivrs.log"; then
			hmp quit
			wait "$pid" || true
			# shellcheck disable=SC2034
			qemu=
			mv "$aml.new" "$aml"
			rm -f "$run/memory"
			return
		fi
	done
	kill "$pid" 2>/dev/null || true
	cat "$run/ivrs.log" >&2
	die "can't get the IVRS table out of QEMU"
}

# Uncompressed, with the table where the kernel looks for it (CONFIG_ACPI_TABLE_UPGRADE).
build_ivrs() {
	local key
	key=$({ in_root "$root" -- qemu-system-x86_64 --version; cat "$machine_dir/ivrs.c"; echo "${qemu_platform[@]}" "${ivrs_devices[@]}"; } | key_of)
	ivrs=$parts/ivrs-$key.cpio
	[ ! -s "$ivrs" ] || return 0
	make_ivrs "$run/ivrs.aml"
	in_root "$root" --bind "$run:/mnt" -- sh -euc '
		mkdir -p /mnt/table/kernel/firmware/acpi
		cp /mnt/ivrs.aml /mnt/table/kernel/firmware/acpi/ivrs.aml
		cd /mnt/table && find kernel | cpio -o -H newc --quiet >/mnt/ivrs.cpio'
	mv "$run/ivrs.cpio" "$ivrs"
}

# build_initramfs MODULE... - what is the same for all runs with this kernel and these modules
build_initramfs() {
	local key
	key=$({ echo "$parts_key $kernel_dir $kernel_version $*"; cat "$machine_dir/init" "$machine_dir/vmm.sh" "$machine_dir/initramfs.sh"; } | key_of)
	initramfs=$parts/initramfs-$key.cpio
	find "$parts" -maxdepth 1 -name 'initramfs-*.cpio' -mmin +1440 -delete
	if [ -s "$initramfs" ]; then
		touch "$initramfs"
		return
	fi
	in_parts --bind "$run:/mnt" --bind "$kernel_dir:/srv" -- \
		sh /opt/initramfs.sh "$kernel_version" "$@" >&2 || die "can't make the initramfs (see above)"
	mv "$run/initramfs.cpio" "$initramfs"
}

build_all() {
	mkdir -p "$parts"
	exec {parts_lock}>"$parts/lock"
	flock "$parts_lock"
	build_parts
	build_ivrs
	build_initramfs "$@"
	exec {parts_lock}>&-
}
