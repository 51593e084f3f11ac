#!/bin/bash
# What passes must cost exactly on large hosts, and that the check would notice:
# planner and executor are broken in a copy, one thing at a time.
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
copy=$scratch/copy
status=0

# FILE | WHAT THE CHECK SAYS THEN | HOW IT IS BROKEN
breaks() {
	cat <<'END'
src/plan/plan_lead.c|leaders verify each region once|/^void plan_order_lead/,/^}/s/if (core)/if (core \&\& place \& 1)/
src/plan/plan_phase.c|followers verify what was won|/^static unsigned long to_follow/,/^}/s/(won & ~core->gained\[k\])/won/
src/plan/plan_pass.c|nothing to catch up|/^static void count/,/^}/s/verifies_follower++/verifies_catchup++/
src/plan/plan_lead.c|no follower is interrupted|/^void plan_tally_lead/,/^}/s/^\tif (bit)$/\tif (1)/
src/plan/plan_phase.c|all tables are as they should be|/^static void settle_core/,/^}/s/core->member\[k\] |= .*/;/
src/plan/plan_lead.c|leaders verify what was lost|/^static bool is_to_lead/,/^}/s/if (clean \&\& !plan->full \&\&/if (0 \&\&/
src/plan/plan_phase.c|followers verify that|/^static unsigned long to_follow/,/^}/s/(won & ~core->gained\[k\])/won/
src/plan/plan_lead.c|at most R + k reports|/^static bool is_explained/,/^}/s/return .*/return false;/
src/plan/plan_lead.c|at most R + k reports, and k|/^void plan_order_ask/,/^}/s/plan->doubt, plan->regions/plan->clean, plan->regions/
src/plan/plan.c|nodes take turns|/^static void queue_core/,/^}/s/core->turn += .*/;/
src/plan/plan_pace.c|no interruption longer than slice_us|s/spent + pace->slowest <= budget/spent <= budget + pace->slowest/
src/plan/plan_phase.c|R reports|/^static void order_look/,/^}/s/if (plan->full)/if (1)/
tests/sim/cost.c|317 and 369 ms|s/service = 1200/service = 900/
tests/sim/upstream.c|merged: each core verifies|s/regions \* host->cores;/regions * (host->cores - 1);/
tests/sim/upstream.c|merged: the whole range|s/core->next = 0;/core->next = 1;/
tests/sim/cost.c|111,000 cycles on average|s/service = 1200/service = 900/
tests/sim/cost.c|95 ms|s/send = 350/send = 500/
src/plan/plan.h|less than 3 MiB|s/return PLAN_CORE_MAPS/return 2 * PLAN_CORE_MAPS/
END
}

# numbered STATUS TEXT - a check of this script's own
numbered() {
	count=$((count + 1))
	if [ "$1" = 0 ]; then printf 'ok %d - %s\n' "$count" "$2"; else printf 'not ok %d - %s\n' "$count" "$2"; fi
}

# real_sizes MODULE - "NAME BYTES" of its structures, by its debug information
real_sizes() {
	in_root "$("$machine_dir/root.sh")" --bind "$(dirname "$1"):/mnt" -- readelf --debug-dump=info --wide "/mnt/${1##*/}" 2>/dev/null |
		awk '/DW_TAG_/ { structure = /DW_TAG_structure_type/; name = "" }
			structure && /DW_AT_name/ { name = $NF }
			structure && name != "" && /DW_AT_byte_size/ { print name, $NF; name = "" }'
}

# sizes_hold FOLDER FILE [TARGET] - are the module's structures, compiled from FOLDER to FILE, as large as the
# simulator counts them?
sizes_hold() {
	local built
	built=$("$machine_dir/build.sh" 7 "$1" ${3:+"$3"} 2>"$scratch/build.log") || return 1
	in_sim "$tree" -O1 "$scratch/out" --sizes >"$scratch/counted"
	real_sizes "$built/$2" >"$scratch/real"
	[ -s "$scratch/real" ] || return 1
	awk 'FNR == NR { real[$1] = $2; next }
		{ wrong = $2 == "=" ? real[$1] != $3 : !real[$1] || real[$1] > $3 }
		wrong { print "# struct " $1 ": " real[$1] " bytes, counted " $2 " " $3; bad++ }
		END { exit bad || !FNR }' "$scratch/real" "$scratch/counted" >"$scratch/sizes"
}

check() { in_sim "$copy" "$1" "$scratch/out" --check >"$scratch/log" 2>&1; }

mkdir -p "$copy/tests"
cp -a "$tree"/{src,include} "$copy/"
cp -a "$tree"/tests/{unit,sim} "$copy/tests/"

check "-O1 -fsanitize=address,undefined -fno-sanitize-recover=all" || status=$?
grep -v '^1\.\.' "$scratch/log" || true
count=$(grep -cE '^(not )?ok ' "$scratch/log" || true)
if [ "$status" -gt 1 ]; then
	count=$((count + 1))
	printf 'not ok %d - the simulator ends well (status %d)\n' "$count" "$status"
fi

# Each takes a while: a third of them every day (RMPOPT_ALL is empty then).
every=3
[ -z "${RMPOPT_ALL-yes}" ] || every=1

while IFS='|' read -r file says how; do
	count=$((count + 1))
	sed -i "$how" "$copy/$file"
	if ! cmp -s "$tree/$file" "$copy/$file" && ! check -O1 &&
		grep '^not ok' "$scratch/log" | grep -qF -- "- $says"; then
		printf 'ok %d - broken, and noticed: %s\n' "$count" "$says"
	else
		printf 'not ok %d - broken, and noticed: %s\n' "$count" "$says"
		echo "# $file: $how"
		sed -n '/^not ok/s/^/# /p' "$scratch/log"
	fi
	cp "$tree/$file" "$copy/$file"
done < <(breaks | awk -v every="$every" 'NR % every == 0')
sizes_hold "$tree" rmpopt.ko && status=0 || status=1
numbered "$status" "the module's structures are as large as counted"
cat "$scratch/sizes"
sed -i 's/^\tu64 resume_at;/&\n\tu64 waste[32];/' "$copy/src/cores/cores.h"
cp "$tree/Kbuild" "$copy/"
! sizes_hold "$copy" src/cores/cores.o src/cores/cores.o && grep -q 'struct core: [0-9]' "$scratch/sizes" && status=0 || status=1
numbered "$status" "broken, and noticed: a larger struct core"
printf '1..%d\n' "$count"
