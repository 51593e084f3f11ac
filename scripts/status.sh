# shellcheck shell=dash
# Prints the module's state from its files. Sourced by scripts/run (on a host)
# and by scripts/run-guest (in the emulated one).

rmpopt=${rmpopt:-/sys/kernel/rmpopt}

status_line() { printf '  %-20s %s\n' "$1" "$2"; }

status_file() {
	[ ! -r "$rmpopt/$1" ] || status_line "${2:-$1}" "$(cat "$rmpopt/$1")"
}

show_status() {
	local file
	for file in state reason passes last_result covered optimized regions_covered \
		regions_optimized regions_uncovered cores cores_behind leaders; do
		status_file "$file"
	done
	for file in "$rmpopt"/stats/*; do
		[ ! -f "$file" ] || status_file "stats/${file##*/}"
	done
}

uptime_ms() { awk '{ printf "%d\n", $1 * 1000 }' /proc/uptime; }

# wait_until SECONDS COMMAND... - look until the command succeeds
wait_until() {
	local end
	end=$(($(uptime_ms) + $1 * 1000))
	shift
	until "$@"; do
		[ "$(uptime_ms)" -lt "$end" ] || return 1
		sleep 0.1
	done
}

served() { [ "$(cat "$rmpopt/served")" -ge "$1" ]; }

# scan_and_wait now|full SECONDS
scan_and_wait() {
	echo "$1" >"$rmpopt/scan" || return 1
	wait_until "$2" served "$(cat "$rmpopt/requested")"
}
