# shellcheck shell=dash source=../lib.sh disable=SC2016,SC2154
# A real-time task keeps a CPU for itself: the kernel's ways to leave others some time are switched off,
# deadline servers by runner.sh.
#
# start_hog CPU, end_hog

start_hog() {
	: >/tmp/hog
	hog "$1" >/tmp/hog &
	hog=$!
	wait_for 'grep -q ready /tmp/hog' 5
}
end_hog() {
	kill "$hog"
	wait "$hog"
	rm -f /tmp/hog
}
echo -1 >/proc/sys/kernel/sched_rt_runtime_us
