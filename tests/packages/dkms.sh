#!/bin/bash
# Runs in a clean root: no kernel, known or not, makes dkms, apt or a kernel's
# upgrade fail; on each something true is there afterwards.
# shellcheck source=lib.sh disable=SC2317 # ok() calls them
. /tree/tests/packages/lib.sh

# fake NAME [HEADERS] - a kernel of that name, with the headers of the first one
fake() {
	mkdir -p "/lib/modules/$1"
	ln -sfn "${2:-$(readlink -f "/lib/modules/$first/build")}" "/lib/modules/$1/build"
}

# copy_headers TO - of the first kernel, to be changed
copy_headers() {
	local from common
	from=$(readlink -f "/lib/modules/$first/build")
	common=${from%-amd64}-common
	[ -d "$common" ] || common=$(sed -n 's/^include \(.*\)\/Makefile$/\1/p' "$from/Makefile")
	cp -a "$from" "$1"
	cp -a "$common" "$1-common"
	grep -rlF --include=Makefile -e "$common" -e "$from" "$1" | xargs sed -i "s,$common,$1-common,g; s,$from,$1,g"
}

autoinstall() { dkms autoinstall -k "$1"; }

describe() {
	local kernel
	for kernel in $(kernels); do
		note "$kernel: $(built "$kernel")"
	done
}

first=$(kernels | head -n 1)
running "$first"
make -s -C /tree stage
ok "dkms add" dkms add "rmpopt/$version"
ok "autoinstall on $first" autoinstall "$first"

mapfile -t later < <(later_headers)
for package in "${later[@]}"; do
	ok "apt installs $package later" install_later "$package"
done

for name in 6.19-amd64 6.18-rc3-amd64 6.15-cachyos 6.14.0-1004-aws 7.0.0-pve; do
	[ -n "${ALL_NAMES:-}" ] || [ "$name" = 6.18-rc3-amd64 ] || continue
	fake "$name"
	ok "autoinstall on a kernel named $name" autoinstall "$name"
done

copy_headers /usr/src/future
rm /usr/src/future-common/include/linux/crash_dump.h
fake 99.1-future /usr/src/future
ok "autoinstall on a kernel whose interfaces moved" autoinstall 99.1-future

cp -a /usr/src/future /usr/src/broken
echo 'all modules: ; exit 2' >/usr/src/broken/Makefile
fake 99.2-broken /usr/src/broken
ok "autoinstall where no module can be built" autoinstall 99.2-broken

for kernel in $(kernels); do
	is "$kernel: each module, once" "$(names_of "$kernel")" "$(sort <<<"$modules")"
done
describe
case $(built 99.1-future) in
*"stub: rmpopt $version did not compile"* | *"stub: this kernel has no support for SNP hosts"*) reason=right ;;
*) reason=$(built 99.1-future) ;;
esac
is "the stub says why" "$reason" right
is "the last resort says why" "$(built 99.2-broken | grep -c 'stub: no module can be built')" 1
dkms build "rmpopt/$version" -k 99.1-future --force >/tmp/log 2>&1
ok "dkms says that it is a stub" grep -q 'not built for Linux 99.1-future, only a stub' \
	<(dkms install "rmpopt/$version" -k 99.1-future --force 2>&1)
# As another module beside it would be.
real=$(for kernel in $(kernels); do [ "$(built "$kernel")" != "$version" ] || echo "$kernel"; done | head -n 1)
make -s -C /tree stage DESTDIR=/tmp/two
cd "/tmp/two/usr/src/rmpopt-$version" || exit 1
echo 'BUILT_MODULE_NAME[9]="rmpopt_none"' >>dkms.conf
ok "$real: built beside a module that can't be" make "KDIR=/lib/modules/$real/build" dkms
is "which is a stub" "$(modinfo -F name rmpopt_none.ko) $(modinfo -F stub rmpopt_none.ko)" \
	"rmpopt_none rmpopt $version did not compile for this kernel: install a newer rmpopt, or report the DKMS make.log"
is "and rmpopt is none" "$(modinfo -F version rmpopt.ko) $(modinfo -F stub rmpopt.ko)" "$version "
is "all are registered as installed" "$(registered | grep -c ': installed')" "$(kernels | wc -l)"
depmod_all() {
	local kernel
	for kernel in $(kernels); do
		depmod "$kernel" || return 1
	done
}
ok "depmod accepts them" depmod_all
done_testing
