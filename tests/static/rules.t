#!/bin/bash
# The exhaustive search finds what it is for: each rule of the planner is broken
# in a copy, one at a time, and the search must fail. Each break is one sed
# command; one that changes nothing any more is an error.
# check-all: minutes, and it tests the search, which "make check" runs
set -euo pipefail
# shellcheck source=lib.sh
. "$(dirname -- "$0")/lib.sh"

# FILE | RULE THAT IS BROKEN | HOW
breaks() {
	cat <<'END'
plan.c|a leader that left may not close|/^static void abandon_led/,/^}/s/abandon(plan, core, plan->won);//
plan.c|coming online voids what a core had|/^static void void_core/,/^}/s/plan_core_zero(plan, core->member);//
plan.c|coming online voids what a core has achieved in the pass|/^static void void_core/,/^}/s/plan_core_zero(plan, core->gained);//
plan.c|a debt is settled only by work begun after it arose|/^static void void_core/,/^}/s/core->order = PLAN_IDLE;//
plan.c|arming anew forgets all beliefs|/^void plan_forget/,/^}/s/plan_map_zero(plan, plan->clean);//
plan.c|only members are witnesses|/^static bool can_testify/,/^}/s/plan_is_member(plan, core, place)/core->present/
plan.c|late cores are not asked|/^static bool can_testify/,/^}/s/!core->late &&//
plan_lead.c|who is sent a verify is no witness|/^static void order_verify/,/^}/s/__clear_bit(.*//
plan_phase.c|what is clean is looked at|/^static void order_look/,/^}/s/if (plan->full)/if (1)/
plan_lead.c|leaders retry failed regions|/^static bool is_to_lead/,/^}/s/if (clean && !plan->full &&/if (!plan->full \&\&/
plan_lead.c|a loss that no conversion explains is asked about|/^void plan_tally_lead/,/^}/s/if (bit && lost .*/if (0) {/
plan_lead.c|the second witness is believed only if it has the bit|/^void plan_tally_ask/,/^}/s/if (!bit || /if (/
plan_phase.c|CF = 0 is the follower's debt|/^static void tally_follow/,/^}/s/gained, bit/gained, true/
plan_phase.c|a late core gets no order|/^static void order_follower/,/^}/s/ || core->late//
plan_phase.c|debts are caught up|/^static unsigned long to_follow/,/^}/s/return (\(.*\) | (clean.*/return (\1) \&/
plan_phase.c|the closing report has to find the bit|/^static void tally_close/,/^}/s/if (bit) {/if (1) {/
plan_phase.c|only its leader closes a region|/^static void order_close/,/^}/s/core = plan_leader_of(plan, place)/core = plan->core[plan->cores - 1]/
plan_phase.c|catch-ups end with a closing report|/^static void settle_core/,/^}/s/closed\[k\] & core->gained/(closed[k] | ~won[k]) \& core->gained/
plan_phase.c|who did not take part in the pass is no member|/^static void settle_core/,/^}/s/core->member\[k\] &= .*//
plan_phase.c|what an audit misses is a debt|/^static void tally_audit/,/^}/s/deny(plan, core, place);/;/
plan_maps.h|a core is not sent where it has faulted in the pass|/^static inline bool plan_may_try/,/^}/s/plan_has_faulted(plan, core, place)/0/
plan_fault.c|who has faulted is no witness|/^void plan_learn_fault/,/^}/s/__clear_bit(bit, core->member);//
plan_fault.c|a faulty region is tried again|/^void plan_open_tries/,/^}/s/__set_bit(place, plan->trying);//
plan_fault.c|a region that is left out is tried again|/^void plan_open_tries/,/^}/s/__clear_bit(place, plan->left_out);//
plan_fault.c|what does not fault any more is not faulty|/^void plan_learn_cure/,/^}/s/settle_fault(.*//
plan_phase.c|faults in the pass bar followers|/^static unsigned long barred/,/^}/s/return core->fault\[k\] |/return/
END
}

copy=$scratch/copy
root=$("$machine_dir/root.sh")
mkdir -p "$copy"
cp -a "$tree"/{src,include} "$copy/"
mkdir -p "$copy/tests"
cp -a "$tree/tests/unit" "$copy/tests/"
read -ra sources < <(sed -nE 's,^/\* sources: (.*) \*/,\1,p' "$tree/tests/unit/test_truth.c")

search() {
	in_root "$root" --bind "$copy:/copy" -- sh -c '
		cd /copy && gcc -std=gnu11 -O2 -w -I tests/unit/include -I src/plan \
			-o search tests/unit/test_truth.c "$@" -lcmocka || exit 99
		timeout 300 ./search' sh "${sources[@]}" >"$scratch/log" 2>&1
}

if search; then
	pass "no rule broken: nothing is found"
else
	fail "no rule broken: nothing is found" "$scratch/log"
fi
while IFS='|' read -r file rule how; do
	sed "$how" "$tree/src/plan/$file" >"$copy/src/plan/$file"
	status=0
	search || status=$?
	if cmp -s "$tree/src/plan/$file" "$copy/src/plan/$file"; then
		echo "the command changes nothing: $how" >"$scratch/log"
		fail "broken: $rule" "$scratch/log"
	elif [ "$status" = 0 ] || [ "$status" = 99 ]; then
		fail "broken: $rule" "$scratch/log"
	else
		pass "broken: $rule"
	fi
	cp "$tree/src/plan/$file" "$copy/src/plan/$file"
done < <(breaks)
done_testing
