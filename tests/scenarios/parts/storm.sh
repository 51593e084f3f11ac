# shellcheck shell=dash disable=SC2034
# What storms have in common: random numbers, and what a long one must not do: grow.

seed=${RMPOPT_SEED:-1}
seconds=${RMPOPT_STORM_S:-60}
# What is done in so many seconds is done at least, on a debug kernel, too.
work_s=$((seconds / ${RMPOPT_SLOWER:-1}))

# random N - sets $random to 0 ... N - 1, N up to 32768
random() {
	seed=$(((seed * 1103515245 + 12345) & 0x7fffffff))
	random=$((seed / 65536 % $1))
}

# one_of WORD... - sets $word
one_of() {
	random $#
	shift "$random"
	word=$1
}

# give_back one|all - of the pages in $taken
give_back() {
	local page
	for page in $taken; do
		machinectl release "$page" 4k
		taken=${taken# "$page"}
		[ "$1" = all ] || break
	done
}

# storm_begins, in_storm: the time that it lasts
storm_begins() {
	local now
	read_uptime
	first_quarter=$((now + seconds * 250))
	end=$((now + seconds * 1000))
	memory=
}
in_storm() {
	local now
	read_uptime
	[ -n "$memory" ] || [ "$now" -lt "$first_quarter" ] || memory=$(kernel_memory)
	[ "$now" -lt "$end" ]
}

# What the kernel has allocated and can't give back, in KiB. KASAN keeps what is freed: not with a debug kernel.
kernel_memory() {
	awk '/^(SUnreclaim|VmallocUsed|PageTables|KernelStack|Percpu):/ { sum += $2 } END { print sum }' /proc/meminfo
}
# did_not_grow - a check in long storms, with the module still loaded: half an hour has some 15,000 passes
did_not_grow() {
	local memory_now
	memory_now=$(kernel_memory)
	diag "kernel memory: $memory KiB after a quarter of the time, $memory_now KiB at the end"
	if [ "$seconds" -ge 1800 ] && [ "${RMPOPT_SLOWER:-1}" = 1 ]; then
		cmp_ok $((memory_now - memory)) '<' 2048 "the kernel's memory has not grown"
	fi
}
