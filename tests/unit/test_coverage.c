// SPDX-License-Identifier: GPL-2.0
/* sources: src/plan/coverage.c */
/* Coverage: the RMP segment table and the admin's list, as sets of regions. */
#include <linux/errno.h>
#include <linux/types.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coverage.h"
#include "unit.h"

#define RST_ENTRIES	512
#define GIB_SHIFT	30

static struct coverage cov;

static void reset(void)
{
	memset(&cov, 0, sizeof(cov));
}

/* The set written as a list, to compare with. */
static const char *text(const struct coverage *set)
{
	static char buf[16384];
	size_t used = 0;
	u32 i;

	buf[0] = 0;
	for (i = 0; i < set->ranges; i++) {
		u32 first = set->range[i].first;
		u32 last = first + set->range[i].count - 1;

		used += snprintf(buf + used, sizeof(buf) - used,
				 first == last ? "%s%u" : "%s%u-%u",
				 i ? "," : "", first, last);
	}
	return buf;
}

static void test_add_merges(void **state)
{
	reset();
	assert_int_equal(coverage_add(&cov, 10, 2), 0);
	assert_int_equal(coverage_add(&cov, 20, 1), 0);
	assert_int_equal(coverage_add(&cov, 2, 3), 0);
	assert_string_equal(text(&cov), "2-4,10-11,20");
	assert_int_equal(coverage_add(&cov, 12, 8), 0);
	assert_string_equal(text(&cov), "2-4,10-20");
	assert_int_equal(coverage_add(&cov, 0, 100), 0);
	assert_string_equal(text(&cov), "0-99");
	assert_int_equal(cov.regions, 100);
	assert_int_equal(coverage_add(&cov, 7, 0), 0);
	assert_int_equal(cov.regions, 100);
}

static void test_add_refuses(void **state)
{
	u32 i;

	reset();
	assert_int_equal(coverage_add(&cov, COVERAGE_REGIONS_MAX, 1), -EINVAL);
	assert_int_equal(coverage_add(&cov, 1, COVERAGE_REGIONS_MAX), -EINVAL);
	assert_int_equal(coverage_add(&cov, 1, 0xffffffff), -EINVAL);
	assert_int_equal(cov.ranges, 0);

	for (i = 0; i < COVERAGE_RANGES_MAX; i++)
		assert_int_equal(coverage_add(&cov, 2 * i, 1), 0);
	assert_int_equal(coverage_add(&cov, 4 * i, 1), -E2BIG);
	assert_int_equal(cov.regions, COVERAGE_RANGES_MAX);
	/* There is always room for what touches a range. */
	assert_int_equal(coverage_add(&cov, 1, 1), 0);
	assert_int_equal(cov.ranges, COVERAGE_RANGES_MAX - 1);
}

/* Sets of regions in a small space against a plain array of flags. */
static void test_add_random(void **state)
{
	bool is[64];
	u32 i, k, regions;
	int round;

	srand(1);
	for (round = 0; round < 2000; round++) {
		reset();
		memset(is, 0, sizeof(is));
		for (k = 0; k < 12; k++) {
			u32 first = rand() % 56, count = rand() % 8;

			assert_int_equal(coverage_add(&cov, first, count), 0);
			memset(is + first, 1, count);
		}
		for (i = 0, regions = 0; i < 64; i++) {
			regions += is[i];
			assert_int_equal(coverage_in_window(&cov, i, 1), is[i]);
		}
		assert_int_equal(cov.regions, regions);
		for (i = 1; i < cov.ranges; i++)
			assert_true(cov.range[i].first >
				    cov.range[i - 1].first + cov.range[i - 1].count);
	}
}

static void test_rst(void **state)
{
	u64 rst[RST_ENTRIES] = {};

	/* 4 GiB segments; a hole behind one, a hole, one that is cut. */
	rst[0] = 0x100000 | 3;
	rst[1] = 0x200000 | 4;
	rst[3] = 0x300000 | 9;
	rst[256] = 0x400000 | 2;
	assert_int_equal(coverage_from_rst(&cov, rst, RST_ENTRIES, GIB_SHIFT + 2), 0);
	assert_string_equal(text(&cov), "0-2,4-7,12-15,1024-1025");
	assert_int_equal(coverage_lowest(&cov), 0);
	assert_int_equal(coverage_end(&cov), 1026);

	/* Entries that don't count are not read. */
	assert_int_equal(coverage_from_rst(&cov, rst, 2, GIB_SHIFT + 2), 0);
	assert_string_equal(text(&cov), "0-2,4-7");
}

static void test_rst_refuses(void **state)
{
	u64 rst[RST_ENTRIES] = {};

	assert_int_equal(coverage_from_rst(&cov, rst, RST_ENTRIES, 36), -EINVAL);
	rst[0] = 1;
	assert_int_equal(coverage_from_rst(&cov, rst, RST_ENTRIES, 29), -EINVAL);
	assert_int_equal(coverage_from_rst(&cov, rst, RST_ENTRIES, 53), -EINVAL);
	assert_int_equal(coverage_from_rst(&cov, rst, RST_ENTRIES, 52), 0);
	/* Beyond 52 address bits. */
	rst[511] = 1;
	assert_int_equal(coverage_from_rst(&cov, rst, RST_ENTRIES, 44), -EINVAL);
}

static void test_parse(void **state)
{
	static const char * const good[][2] = {
		{ "0", "0" }, { "5-7", "5-7" }, { "5-5", "5" },
		{ "0-3,1024-1535", "0-3,1024-1535" }, { "7,3,5", "3,5,7" },
		{ "1-4,2-3,5", "1-5" }, { "12\n", "12" },
		{ "all", "0-4194303" }, { "all\n", "0-4194303" },
	};
	u32 i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(coverage_parse(&cov, good[i][0]), 0);
		assert_string_equal(text(&cov), good[i][1]);
	}
}

static void test_parse_refuses(void **state)
{
	static const char * const bad[] = {
		"", "\n", ",", "1,", ",1", "1,,2", "-", "-1", "1-", "3-1", "+1",
		" 1", "1 ", "0x1", "1;2", "1-2-3", "ALL", "all,1", "1,all",
		"4194304", "4294967297", "99999999999999999999", "1\n\n", "1\n2", "a",
	};
	u32 i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (coverage_parse(&cov, bad[i]) != -EINVAL)
			fail_msg("\"%s\" was not refused", bad[i]);
}

/* Whatever the bytes are: no overrun, and what is accepted makes sense. */
static void test_parse_fuzz(void **state)
{
	static const char alphabet[] = "0123456789,-\n al";
	char list[40];
	int round;
	u32 i, len;

	srand(2);
	for (round = 0; round < 200000; round++) {
		len = rand() % sizeof(list);
		for (i = 0; i < len; i++)
			list[i] = alphabet[rand() % (sizeof(alphabet) - 1)];
		list[i < sizeof(list) ? i : i - 1] = 0;
		if (coverage_parse(&cov, list))
			continue;
		assert_true(cov.ranges > 0 && cov.regions > 0);
		assert_true(coverage_end(&cov) <= COVERAGE_REGIONS_MAX);
	}
}

static void test_intersect(void **state)
{
	static struct coverage a, b;

	assert_int_equal(coverage_parse(&a, "0-5,8-9,1024-1030"), 0);
	assert_int_equal(coverage_parse(&b, "4-8,1030-2000"), 0);
	assert_int_equal(coverage_intersect(&cov, &a, &b), 0);
	assert_string_equal(text(&cov), "4-5,8,1030");
	assert_int_equal(coverage_intersect(&cov, &b, &a), 0);
	assert_string_equal(text(&cov), "4-5,8,1030");

	assert_int_equal(coverage_parse(&b, "6-7"), 0);
	assert_int_equal(coverage_intersect(&cov, &a, &b), 0);
	assert_int_equal(cov.regions, 0);
}

static void test_window(void **state)
{
	u32 region[8];

	assert_int_equal(coverage_parse(&cov, "3-5,2049-2052,4000"), 0);
	/* 3 + 2048 regions: 2051 is the first behind the window. */
	assert_int_equal(coverage_in_window(&cov, 3, 2048), 5);
	assert_int_equal(coverage_list(&cov, region, 5), 5);
	assert_int_equal(region[0], 3);
	assert_int_equal(region[2], 5);
	assert_int_equal(region[4], 2050);
	assert_int_equal(coverage_list(&cov, region, 8), 8);
	assert_int_equal(region[7], 4000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add_merges),
		cmocka_unit_test(test_add_refuses),
		cmocka_unit_test(test_add_random),
		cmocka_unit_test(test_rst),
		cmocka_unit_test(test_rst_refuses),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_refuses),
		cmocka_unit_test(test_parse_fuzz),
		cmocka_unit_test(test_intersect),
		cmocka_unit_test(test_window),
	};

	return cmocka_run_group_tests_name("coverage", tests, NULL, NULL);
}
