# shellcheck shell=bash
# How the simulator is compiled and run: in the Debian 13 root, like the unit
# tests. Sourced, never run.
# shellcheck source=../machine/host.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../machine/host.sh"

# in_sim TREE FLAGS OUT ARGUMENTS... - compile TREE's simulator with FLAGS and run
# it; OUT is a folder that it knows as /out
in_sim() {
	local from=$1 flags=$2 out=$3 root
	root=$("$machine_dir/root.sh")
	mkdir -p "$out"
	# shellcheck disable=SC2016 # $0 and $@ are the inner shell's
	in_root "$root" --bind "$from:/rmpopt" --bind "$out:/out" -- sh -c '
		cd /rmpopt && gcc -std=gnu11 -g -Wall -Wextra -Werror -Wno-unused-parameter $0 \
			-I tests/unit/include -I src/plan -o /out/sim \
			tests/sim/*.c src/plan/plan.c src/plan/plan_*.c src/plan/coverage.c || exit 99
		UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 nice /out/sim "$@"' "$flags" "${@:4}"
}
