# shellcheck shell=bash
# shellcheck disable=SC2154 # machine_dir, build: host.sh
# What the machine's own tests have in common on the host's side: guests are booted,
# what they say becomes TAP. Sourced after host.sh.

work=$(mktemp -d "${TMPDIR:-/tmp}/rmpopt-selftest.XXXXXX")
trap 'rm -rf "$work"' EXIT
tests=0
only=${only:-}	# names of guests, all if empty

emit() {
	tests=$((tests + 1))
	printf '%s %d - %s\n' "$1" "$tests" "$2"
}

# take NAME - number what a guest says
take() {
	local line
	while IFS= read -r line; do
		case $line in
		'ok - '*) emit ok "$1: ${line#ok - }" ;;
		'not ok - '*) emit 'not ok' "$1: ${line#not ok - }" ;;
		*) printf '# %s: %s\n' "$1" "${line#\# }" ;;
		esac
	done
}

# boot NAME TEXT OPTION... - run selftest/NAME.sh in a guest, and the boot itself is a check
boot() {
	local name=$1 text=$2 status=0
	shift 2
	[[ " ${only:-$name} " == *" $name "* ]] || return 0
	"$machine_dir/launch" --payload "$work/payload" --log "$build/machine/selftest-$name.log" "$@" \
		>"$work/out" 2>"$work/err" </dev/null || status=$?
	take "$name" <"$work/out"
	sed 's/^/# /' "$work/err"
	if [ "$status" = 0 ]; then emit ok "$name: $text"; else emit 'not ok' "$name: $text (status $status)"; fi
}

# run_in SCRIPT[+SCRIPT]... OPTION... - one after the other in one guest
run_in() {
	local name=$1
	shift
	boot "$name" "clean boot and power-off" --quick "$@" -- sh -ec "sh /selftest/${name//+/.sh; sh /selftest/}.sh"
}

# add_module KERNEL DIR - built, into the payload
add_module() {
	local module
	module=$("$machine_dir/build.sh" "$1" "$2" 2>"$work/err") || {
		sed 's/^/# /' "$work/err"
		echo "Bail out! the test module in $2 does not build"
		return 1
	}
	cp "$module"/*.ko "$work/payload/selftest/"
}

# make_payload KERNEL [DIR...] - the machine's test module, those in DIR and the guest's scripts;
# status 1 if one does not build
make_payload() {
	local kernel=$1 dir
	shift
	rm -rf "$work/payload"
	mkdir -p "$work/payload/selftest"
	for dir in "$machine_dir/selftest" "$@"; do
		add_module "$kernel" "$dir" || return 1
	done
	cp "$machine_dir"/selftest/*.sh "$work/payload/selftest/"
}
