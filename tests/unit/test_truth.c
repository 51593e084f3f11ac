// SPDX-License-Identifier: GPL-2.0
/* sources: tests/unit/truth_host.c tests/unit/truth_search.c src/plan/plan.c src/plan/plan_pass.c src/plan/plan_phase.c src/plan/plan_lead.c src/plan/plan_fault.c src/plan/plan_view.c src/plan/plan_share.c src/plan/plan_window.c src/plan/plan_pace.c src/plan/coverage.c */
/* sanitized: check-all */
/*
 * Exhaustive search of small hosts: the real planner against a brute-force
 * model of tables and RMP, in every order in which things may happen.
 *
 * What is shown for each state that can be reached:
 *  - no bit is set over a region with an assigned page;
 *  - while losses are broadcast at once and no core loses a bit alone, either
 *    all members of a clean region have its bit or none has;
 *  - left alone, passes bring all tables to the truth, and the beliefs with
 *    them. If a core may have lost a bit alone or a broadcast took its time
 *    this may take an audit. So no core is ever believed for ever to have a
 *    bit that it has not.
 *  - a core whose slice is under way gets no order, and no core is sent where
 *    it has faulted until the next try.
 *
 * tests/static/rules.t breaks the planner's rules one by one: the search has to
 * notice.
 */
#include "truth.h"

static const struct config conversions = {
	.cores = 3, .regions = 2, .nodes = 1,
	.budget = {
		[EVENT_PASS] = 2, [EVENT_CONVERT] = 2, [EVENT_RELEASE] = 2,
	},
};

static const struct config asking = {
	.cores = 3, .regions = 2, .nodes = 1,
	.budget = {
		[EVENT_PASS] = 2, [EVENT_CONVERT] = 3, [EVENT_RELEASE] = 3,
		[EVENT_BOUNCE] = 1,
	},
};

static const struct config refusals = {
	.cores = 3, .regions = 2, .nodes = 1,
	.budget = {
		[EVENT_PASS] = 2, [EVENT_FULL] = 1, [EVENT_CONVERT] = 1,
		[EVENT_RELEASE] = 1, [EVENT_REFUSE] = 2,
	},
};

static const struct config two_leaders = {
	.cores = 4, .regions = 2, .nodes = 2,
	.budget = {
		[EVENT_PASS] = 2, [EVENT_CONVERT] = 1, [EVENT_RELEASE] = 1,
		[EVENT_LEAVE] = 1, [EVENT_RETURN] = 1,
	},
};

static const struct config hotplug = {
	.cores = 3, .regions = 1, .nodes = 1,
	.budget = {
		[EVENT_PASS] = 2, [EVENT_FULL] = 1, [EVENT_CONVERT] = 1,
		[EVENT_RELEASE] = 1, [EVENT_LEAVE] = 1, [EVENT_LEAVE_LOSS] = 1,
		[EVENT_RETURN] = 2, [EVENT_BOUNCE] = 1, [EVENT_CANCEL] = 1,
	},
};

static const struct config late = {
	.cores = 3, .regions = 2, .nodes = 1,
	.budget = {
		[EVENT_PASS] = 2, [EVENT_FULL] = 1, [EVENT_CONVERT] = 1,
		[EVENT_RELEASE] = 1, [EVENT_LATE] = 1, [EVENT_BOUNCE] = 1,
	},
};

static const struct config late_four = {
	.cores = 4, .regions = 1, .nodes = 2,
	.budget = {
		[EVENT_PASS] = 2, [EVENT_FULL] = 1, [EVENT_CONVERT] = 2,
		[EVENT_RELEASE] = 2, [EVENT_LATE] = 2, [EVENT_CANCEL] = 1,
	},
};

static const struct config private_loss = {
	.cores = 3, .regions = 2, .nodes = 1,
	.budget = {
		[EVENT_PASS] = 2, [EVENT_CONVERT] = 1, [EVENT_RELEASE] = 1,
		[EVENT_AUDIT] = 1, [EVENT_LOSE] = 2,
	},
};

static const struct config alone = {
	.cores = 4, .regions = 2, .nodes = 2, .thrifty = true,
	.budget = {
		[EVENT_PASS] = 3, [EVENT_AUDIT] = 1, [EVENT_LOSE] = 1,
	},
};

static const struct config steps = {
	.cores = 3, .regions = 1, .nodes = 1, .steps = true,
	.budget = {
		[EVENT_PASS] = 2, [EVENT_FULL] = 1, [EVENT_AUDIT] = 1,
		[EVENT_CONVERT] = 1, [EVENT_RELEASE] = 1, [EVENT_BOUNCE] = 1,
		[EVENT_LATE] = 1,
	},
};

static const struct config reset = {
	.cores = 3, .regions = 1, .nodes = 1,
	.budget = {
		[EVENT_PASS] = 2, [EVENT_CONVERT] = 1, [EVENT_RELEASE] = 1,
		[EVENT_RESET] = 1, [EVENT_LATE] = 1, [EVENT_BOUNCE] = 1,
	},
};

static const struct config faults = {
	.cores = 3, .regions = 1, .nodes = 1,
	.budget = {
		[EVENT_PASS] = 2, [EVENT_FULL] = 1, [EVENT_AUDIT] = 1,
		[EVENT_CONVERT] = 1, [EVENT_RELEASE] = 1, [EVENT_FAULT] = 3,
	},
};

static const struct config faults_four = {
	.cores = 4, .regions = 1, .nodes = 2,
	.budget = {
		[EVENT_PASS] = 3, [EVENT_CONVERT] = 1, [EVENT_RELEASE] = 1,
		[EVENT_LEAVE] = 1, [EVENT_FAULT] = 4,
	},
};

static const struct config faults_hotplug = {
	.cores = 3, .regions = 1, .nodes = 1,
	.budget = {
		[EVENT_PASS] = 2, [EVENT_CONVERT] = 1, [EVENT_RELEASE] = 1,
		[EVENT_BOUNCE] = 1, [EVENT_LATE] = 1, [EVENT_FAULT] = 2,
		[EVENT_CANCEL] = 1,
	},
};

/* Each core with a window of its own; one holds no region. */
static const struct config windows = {
	.cores = 4, .regions = 2, .nodes = 1, .base = { 0, 1, 0, 2 },
	.budget = {
		[EVENT_PASS] = 2, [EVENT_CONVERT] = 1, [EVENT_RELEASE] = 1,
		[EVENT_LEAVE] = 1, [EVENT_RETURN] = 1, [EVENT_FAULT] = 1,
	},
};

#define SEARCH(config) { #config, search, NULL, NULL, (void *)&(config) }

int main(void)
{
	const struct CMUnitTest tests[] = {
		SEARCH(conversions),
		SEARCH(asking),
		SEARCH(refusals),
		SEARCH(two_leaders),
		SEARCH(hotplug),
		SEARCH(late),
		SEARCH(late_four),
		SEARCH(private_loss),
		SEARCH(alone),
		SEARCH(steps),
		SEARCH(reset),
		SEARCH(faults),
		SEARCH(faults_four),
		SEARCH(faults_hotplug),
		SEARCH(windows),
	};

	return cmocka_run_group_tests_name("truth", tests, search_setup, search_teardown);
}
