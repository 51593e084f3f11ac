# shellcheck shell=bash
# Where memory and the RMP lie in the guest. Sourced by launch.
#
# Plain: 2 GiB below 4 GiB, the rest from 4 GiB on; node 0 has 6 GiB if it is
# alone, else 4, each further node 2. The RMP lies at 5.75 GiB, in region 5.
# After them come nodes without CPUs, one region each, if asked for: whoever takes
# a page from one knows its region.
# Sparse: 2 GiB at 0 and 2 GiB at 1 TiB, where QEMU puts memory above 4 GiB on an
# AMD CPU when there is room for more than 1 TiB; the RMP at 1.75 GiB. Far: two
# DIMMs of 2 GiB, the kernel's block size there, at 3 TiB.
#
# shellcheck disable=SC2034,SC2154 # variables of launch
# shellcheck disable=SC2054 # QEMU's own commas

ceil_div() { echo $((($1 + $2 - 1) / $2)); }

# segments_for GIB - RST of consecutive segments over the first GIB regions
segments_for() {
	local left=$1 shift=33 index=0 size spec=
	# Few and large for hosts of several TiB; an RST has 512 entries.
	[ "$left" -le 256 ] || shift=36
	size=$((1 << (shift - 30)))
	while [ "$left" -gt 0 ]; do
		spec+="${spec:++}$index:$((left < size ? left : size))"
		left=$((left - size))
		index=$((index + 1))
	done
	echo "$shift/$spec"
}

# memory_backend NODE GIB - a PSP reads and writes the guest's memory through a descriptor
memory_backend() {
	local kind=memory-backend-ram
	[ "$snp" != psp ] || kind="memory-backend-memfd,share=on"
	echo "$kind,id=ram$1,size=${2}G"
}

layout_plain() {
	local memory=6 end node first=0 per=$((cores * threads)) share
	[ "$nodes" = 1 ] || memory=$((4 + 2 * (nodes - 1)))
	end=$((memory + region_nodes + 2))
	layout_qemu=(-m "$((memory + region_nodes))G")
	[ "$snp" != psp ] || [ "$nodes" != 1 ] || [ "$region_nodes" -gt 0 ] ||
		layout_qemu+=(-object "$(memory_backend 0 "$memory")" -machine memory-backend=ram0)
	for ((node = 0; nodes + region_nodes > 1 && node < nodes; node++)); do
		share=$((nodes == 1 ? memory : node ? 2 : 4))
		layout_qemu+=(-object "$(memory_backend "$node" "$share")"
			-numa "node,nodeid=$node,cpus=$first-$((first + per - 1)),memdev=ram$node")
		first=$((first + per))
	done
	for ((; node > 0 && node < nodes + region_nodes; node++)); do
		layout_qemu+=(-object "$(memory_backend "$node" 1)" -numa "node,nodeid=$node,memdev=ram$node")
	done
	layout_base=0x170000000
	layout_ram=0:2+4:$((end - 4))
	layout_rst=$(segments_for "${regions:-$end}")
	layout_reserve=$((2 + 4 * end))M
	layout_segments=0
	if [ "${regions:-0}" -gt 63 ]; then
		[ "$snp" != psp ] || die "--snp psp wants RAM where the RMP lies: not more than 63 regions"
		# No RAM for that: the RMP fills the last regions that it covers, as firmware likes to do.
		layout_segments=$((regions - $(ceil_div $((regions * 4)) 1024)))
		layout_segments=$(printf '%#x' $((layout_segments << 30)))
		layout_reserve=2M
	elif [ -n "$regions" ]; then
		[ "$regions" -ge "$end" ] || die "--regions $regions does not cover the guest's RAM, which ends at $end GiB"
		layout_reserve=$((2 + 4 * regions))M
	fi
}

layout_sparse() {
	local per=$((cores * threads))
	[ "$nodes" = 2 ] || die "--sparse has two nodes, not $nodes"
	[ "$region_nodes" = 0 ] || die "--sparse and --region-nodes exclude each other"
	[ -z "$regions" ] || die "--sparse and --regions exclude each other; use --rst"
	layout_qemu=(-m 4G,slots=4,maxmem=8T
		-object "$(memory_backend 0 2)" -object "$(memory_backend 1 2)"
		-numa "node,nodeid=0,cpus=0-$((per - 1)),memdev=ram0"
		-numa "node,nodeid=1,cpus=$per-$((2 * per - 1)),memdev=ram1")
	layout_base=0x70000000
	layout_reserve=64M
	layout_rst=34/0:2+64:2
	layout_ram=0:2+1024:2
	layout_segments=0
	[ -z "$far" ] || layout_far
}

layout_far() {
	local n
	for n in 0 1; do
		layout_qemu+=(-object "$(memory_backend "far$n" 2)"
			-device "pc-dimm,id=dimm$n,memdev=ramfar$n,node=1,addr=$((0x30000000000 + (n << 31)))")
	done
	layout_rst+=+192:4
	layout_ram+=+3072:4
}

layout() {
	[ -z "$far" ] || [ -n "$sparse" ] || die "--far wants --sparse"
	if [ -n "$sparse" ]; then
		layout_sparse
	else
		layout_plain
	fi
	layout_rst=${rst:-$layout_rst}
}
