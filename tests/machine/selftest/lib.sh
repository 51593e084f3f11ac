# shellcheck shell=dash
# The guest's side of the machine's own tests: checks print "ok - text" or
# "not ok - text"; the host numbers them.

file=/sys/kernel/debug/machine_selftest/run
# There may be another script behind this one.
[ -e "$file" ] || insmod /selftest/machine_selftest.ko || exit 125

# do_it OPERATION ARGUMENT... - in kernel mode, print its answer
do_it() {
	echo "$*" >"$file" && cat "$file"
}

is() {
	if [ "$1" = "$2" ]; then
		echo "ok - $3"
	else
		echo "not ok - $3"
		echo "# got '$1', wanted '$2'"
	fi
}

# does WANTED OPERATION ARGUMENT... -- TEXT
does() {
	wanted=$1
	call=
	shift
	while [ "$1" != -- ]; do
		call="$call $1"
		shift
	done
	# shellcheck disable=SC2086 # the call's words
	is "$(do_it $call)" "$wanted" "$2"
}

# comes COMMAND TEXT - it succeeds sooner or later: a vCPU may get no time on the host for seconds
comes() {
	looks=300
	until "$1" || [ "$looks" = 0 ]; do
		looks=$((looks - 1))
		usleep 100000
	done
	is "$("$1" && echo yes)" yes "$2"
}

count() { machinectl count "$@"; }

online() { echo "$2" >"/sys/devices/system/cpu/cpu$1/online"; }

# A page of RAM in a region that nothing else uses: the highest of region 4.
# shellcheck disable=SC2034
page=0x13ff00
