#!/bin/bash
# Debug kernels report what they are there for: a module with that very defect ends them. Prints TAP.
# usage: debug.t [GUEST...], all without
# check-all: it builds the debug kernels, half an hour each
set -euo pipefail
# shellcheck source=host.sh
. "$(dirname -- "$0")/host.sh"
# shellcheck source=selftest-tap.sh
. "$machine_dir/selftest-tap.sh"

only="$*"

# reports KIND WHAT LINE [PARAMETER] - that kernel's log has this line, and it is the end of it
reports() {
	boot "$1-$2" "reported" --kernel "debug-$1" --quick --cores 4 --timeout 600 --expect "$3" --append "panic=-1 ${4:-}" -- \
		sh -c "insmod /selftest/defects.ko what=$2; sleep 120"
}

for kind in kasan rt kcsan; do
	[[ -z $only || $only == *$kind-* ]] || continue
	rm -rf "$work/payload"
	mkdir -p "$work/payload/selftest"
	add_module "debug-$kind" "$tree/tests/modules/defects" || exit 1
	case $kind in
	kasan) reports $kind use-after-free 'BUG: KASAN: slab-use-after-free in .*\[defects\]' ;;
	# As run-boot has it.
	kcsan) reports $kind race 'BUG: KCSAN: data-race in race \[defects\]' kcsan.early_enable=1 ;;
	esac
	[ "$kind" = kcsan ] || reports $kind sleep 'BUG: sleeping function called from invalid context|BUG: scheduling while atomic'
	[ "$kind" = kcsan ] || reports $kind lock 'possible circular locking dependency'
done
printf '1..%d\n' "$tests"
