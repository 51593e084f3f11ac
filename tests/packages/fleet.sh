#!/bin/bash
# Runs in a clean root: the recipe for fleets of doc/packages.md. Built and signed
# on one host, installed on others that compile nothing, and what the next kernel does.
# shellcheck source=lib.sh
. /tree/tests/packages/lib.sh

kernel=$(kernels | sort -V | tail -n 1)
running "$kernel"
make -s -C /tree stage
dkms add "rmpopt/$version" >/dev/null
ok "built on one host" dkms build "rmpopt/$version" -k "$kernel"
ok "packed, with the sources" dkms mktarball "rmpopt/$version" -k "$kernel" --archive /tmp/rmpopt.tar.gz
ok "and removed" make -s -C /tree uninstall

# From here on it is another host: it has no compiler and no headers.
headers=$(readlink -f "/lib/modules/$kernel/build")
rm "/lib/modules/$kernel/build"
mkdir /tmp/none
for tool in cc gcc make as ld; do printf '#!/bin/sh\nexit 99\n' >"/tmp/none/$tool"; done
chmod +x /tmp/none/*
PATH=/tmp/none:$PATH
tarball=$(find /tmp /var/lib/dkms -name 'rmpopt*.tar.gz' | head -n 1)
ok "loaded on another" dkms ldtarball "$tarball"
ok "installed there" dkms install "rmpopt/$version" -k "$kernel" --force
note "$kernel: $(built "$kernel")"
is "it is there" "$(names_of "$kernel") $(built "$kernel" | sed 's/ stub:.*//')" "$(sort <<<"$modules") $version"
mapfile -t files < <(modules_of "$kernel")
is "and signed" "$(modinfo -F signer "${files[@]}" | grep -c .)" "$(wc -l <<<"$modules")"

# The next kernel comes, without headers: nothing is built, nobody is stuck.
mkdir -p /lib/modules/99.3-next
ok "the next kernel, without headers" /etc/kernel/postinst.d/dkms 99.3-next
is "is told from one with it" "$(registered | grep -c 99.3-next)" 0
# And with headers.
rm -rf /tmp/none
hash -r
mkdir -p /lib/modules/99.4-next
ln -s "$headers" /lib/modules/99.4-next/build
ok "the next kernel, with headers" dkms autoinstall -k 99.4-next
is "it is built" "$(built 99.4-next)" "$(built "$kernel")"
done_testing
