# shellcheck shell=bash
# What the host-side scripts share: messages, the cache, locks, running things
# in the Debian 13 root. Sourced, never run.

# shellcheck disable=SC2034 # used by the scripts that source this file
machine_dir=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
tree=$(cd -- "$machine_dir/../.." && pwd)
cache=${RMPOPT_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/rmpopt}
build=${RMPOPT_BUILD:-$tree/build}

# Results go to stdout; everything that is said to the user goes to stderr.
say() { printf '%s\n' "rmpopt: $*" >&2; }
die() {
	printf '%s\n' "${0##*/}: $*" >&2
	exit 1
}

# quietly LOG COMMAND... - keep a chatty command's output for the case that it fails
quietly() {
	local log=$1
	shift
	if ! "$@" >"$log" 2>&1; then
		tail -n 25 "$log" >&2
		say "the whole output is in $log"
		return 1
	fi
}

require_root_user() {
	[ "$(id -u)" = 0 ] || die "needs root (it makes a Debian 13 root and runs programs in it); run it as root or with sudo"
}

# Mounts live in a namespace of their own, so nothing is left mounted whatever happens.
require_mounts() {
	unshare --mount --propagation private true 2>/dev/null ||
		die "this machine doesn't allow mounts (unshare --mount failed); in a container, give it CAP_SYS_ADMIN"
}

# host_needs COMMAND=PACKAGE... - install on the host what is missing
host_needs() {
	local pair
	local -a missing=()
	for pair; do
		command -v "${pair%%=*}" >/dev/null || missing+=("${pair#*=}")
	done
	[ ${#missing[@]} = 0 ] || host_install "${missing[@]}"
}

host_install() {
	command -v apt-get >/dev/null ||
		die "no apt-get: this needs a Debian 12 or 13 host (missing: $*)"
	require_root_user
	say "installing on this host: $*"
	export DEBIAN_FRONTEND=noninteractive
	mkdir -p "$cache/log"
	quietly "$cache/log/host-apt.log" apt-get install -y --no-install-recommends "$@" </dev/null ||
		{ quietly "$cache/log/host-apt.log" apt-get update </dev/null &&
			quietly "$cache/log/host-apt.log" apt-get install -y --no-install-recommends "$@" </dev/null; } ||
		die "apt could not install $* on this host; is the network reachable?"
}

# lock NAME - exclusive until unlock or exit; says so when it has to wait
lock() {
	mkdir -p "$cache" || die "can't make the cache folder $cache; name another with RMPOPT_CACHE"
	exec {lock_fd}>"$cache/$1.lock"
	flock --nonblock "$lock_fd" && return
	say "waiting for another run that holds $cache/$1.lock"
	flock "$lock_fd"
}

unlock() { exec {lock_fd}>&-; }

# has_word TEXT WORD... - does it contain one of the words? If there are none: yes
has_word() {
	local word
	[ $# -gt 1 ] || return 0
	for word in "${@:2}"; do
		[[ $1 != *"$word"* ]] || return 0
	done
	return 1
}

# in_root ROOT [--overlay] [--bind SRC:DST]... -- COMMAND... - run COMMAND in the
# root with /proc, /sys and /dev, in mounts that vanish with it. --overlay: what
# the command writes outside the binds is thrown away. "become='exec' in_root ... &": the
# job is the command itself, and what kills the one kills the other.
in_root() {
	${become:-} unshare --mount --propagation private -- \
		bash "$machine_dir/in-root.sh" "$@"
}
