#!/bin/bash
# "make install" by the real dkms, once and again, and "make uninstall".
# check-all: "make run" installs by dkms, too, and "make check-packages" does all of this
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"

root=$("$machine_dir/root.sh")
release=$(cat "$("$machine_dir/kernel.sh" 7 --headers)/version")
mkdir "$scratch/out"

# dkms asks uname for the running kernel, which is not that of the root.
# shellcheck disable=SC2016 # the inner shell's
in_root "$root" --overlay --bind "$tree:/tree" --bind "$scratch/out:/out" -- sh -euc '
	mkdir /tmp/bin
	printf "#!/bin/sh\ncase \$1 in -r) echo %s ;; *) exec /usr/bin/uname \"\$@\" ;; esac\n" "$1" >/tmp/bin/uname
	chmod +x /tmp/bin/uname
	PATH=/tmp/bin:$PATH
	for time in first second; do
		make -C /tree install >"/out/$time" 2>&1 || echo "make install: $?" >>"/out/$time"
		dkms status >"/out/$time.status"
	done
	find "/lib/modules/$1/updates" -name "rmpopt*.ko*" >/out/modules
	du -sk /usr/src/rmpopt-* | cut -f 1 >/out/size
	make -C /tree uninstall >/out/uninstall 2>&1 || echo "make uninstall: $?" >>/out/uninstall
	{ dkms status; find "/lib/modules/$1/updates" -name "rmpopt*.ko*"; ls -d /usr/src/rmpopt-*; } >/out/left 2>/dev/null || :' sh "$release"

for time in first second; do
	if grep -q "^rmpopt/.*$release.*: installed" "$scratch/out/$time.status"; then
		pass "make install, the $time time: dkms says installed"
	else
		fail "make install, the $time time: dkms says installed" "$scratch/out/$time"
	fi
done
if [ "$(sed 's,.*/,,; s,\.ko.*,,' "$scratch/out/modules" | sort | paste -sd ' ')" = "rmpopt rmpopt_lab" ]; then
	pass "both modules are where modprobe looks"
else
	fail "both modules are where modprobe looks" "$scratch/out/second"
fi
if [ "$(cat "$scratch/out/size")" -lt 4096 ]; then
	pass "the sources take less than 4 MiB"
else
	fail "the sources take less than 4 MiB" "$scratch/out/size"
fi
if [ ! -s "$scratch/out/left" ]; then
	pass "make uninstall leaves nothing"
else
	fail "make uninstall leaves nothing" <(cat "$scratch/out/left" "$scratch/out/uninstall")
fi
done_testing
