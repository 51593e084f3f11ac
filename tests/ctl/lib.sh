# shellcheck shell=bash
# What the tests of rmpoptctl share: they are Python programs that run in the
# Debian 13 root, on trees like those that status --save makes. Nothing of this
# machine is read, and what they write into that root is thrown away.
# shellcheck source=../machine/host.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../machine/host.sh"

# run_ctl_test FILE [VARIANT] - VARIANT sanitized: with ASan and UBSan
run_ctl_test() {
	local root out=$build/root-ctl${2:+-$2}
	root=$("$machine_dir/root.sh")
	mkdir -p "$out"
	# Two must not build at the same time.
	# shellcheck disable=SC2016 # the inner shell's
	in_root "$root" --overlay --bind "$tree:/tree" --bind "$out:/out" -- sh -euc '
		flags="-O1 -g"
		[ "$2" != sanitized ] || flags="$flags -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer"
		flock /out/lock make --no-print-directory -s -f /tree/src/ctl/Makefile build=/out CFLAGS="$flags" >&2
		export PYTHONDONTWRITEBYTECODE=1 RMPOPTCTL=/out/rmpoptctl
		exec python3 "/tree/tests/ctl/$1"' sh "$1" "${2:-}"
}
