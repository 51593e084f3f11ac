#!/bin/bash
# Debug kernels report what they are there for: a module with that very defect ends them. Prints TAP.
# usage: debug.t [GUEST...], all without
# check-all: it builds the debug kernels, 10 to 30 minutes each
set -euo pipefail
# shellcheck source=host.sh
. "$(dirname -- "$0")/host.sh"
# shellcheck source=selftest-tap.sh
. "$machine_dir/selftest-tap.sh"

only="$*"

# reports KIND WHAT LINE - that kernel's log has this line, and it is the end of it. A guest without a report ends
# after two minutes.
reports() {
	boot "$1-$2" "reported" --kernel "debug-$1" --quick --cores 4 --expect "$3" --append panic=-1 -- \
		sh -c "insmod /selftest/defects.ko what=$2; sleep 120"
}

# reports_all KIND - each defect that this kernel is for
reports_all() {
	case $1 in
	kasan) reports "$1" use-after-free 'BUG: KASAN: slab-use-after-free in .*\[defects\]' ;;
	kcsan) reports "$1" race 'BUG: KCSAN: data-race in race \[defects\]'; return ;;
	esac
	reports "$1" sleep 'BUG: sleeping function called from invalid context|BUG: scheduling while atomic'
	reports "$1" lock 'possible circular locking dependency'
}

for kind in kasan rt kcsan; do
	[[ -z $only || $only == *$kind-* ]] || continue
	rm -rf "$work/payload"
	mkdir -p "$work/payload/selftest"
	add_module "debug-$kind" "$tree/tests/modules/defects" || exit 1
	reports_all $kind
done
printf '1..%d\n' "$tests"
