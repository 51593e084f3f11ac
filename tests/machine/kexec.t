#!/bin/bash
# A kexec into the same kernel, where SNP is still initialised and RMPOPT enabled: the
# module takes the cores over with the RMPOPT_BASE that they have. By the system calls of
# kexec-tools, without those. Prints TAP.
set -euo pipefail
# shellcheck source=host.sh
. "$(dirname -- "$0")/host.sh"
# shellcheck source=selftest-tap.sh
. "$machine_dir/selftest-tap.sh"

# What goes into the guest: module, program, kernel and what runs there.
kexec_payload() {
	local root module
	root=$("$machine_dir/root.sh")
	module=$("$machine_dir/build.sh" 7 "$tree" 2>"$work/err")
	mkdir -p "$work/payload/kexec"
	cp "$module/rmpopt.ko" "$machine_dir/kexec/guest.sh" "$("$machine_dir/kernel.sh" 7)/vmlinuz" "$work/payload/kexec/"
	in_root "$root" --bind "$machine_dir/kexec:/opt" --bind "$work/payload/kexec:/mnt" -- \
		gcc -std=gnu11 -O1 -Wall -Wextra -Werror -static -o /mnt/kexec /opt/kexec.c
}

kexec_payload
# RMPOPT_ALL is empty if tests/check runs what is for every day.
profiles=(harsh)
[ -z "${RMPOPT_ALL-yes}" ] || profiles+=(kind)
for profile in "${profiles[@]}"; do
	boot "kexec-$profile" "clean kernel logs and power-off" --quick --profile "$profile" -- sh /kexec/guest.sh
	ran=$(grep -c 'by kexec' "$work/out") || true
	if [ "$ran" = 1 ]; then emit ok "kexec-$profile: both kernels ran"; else emit 'not ok' "kexec-$profile: both kernels ran"; fi
done
printf '1..%d\n' "$tests"
