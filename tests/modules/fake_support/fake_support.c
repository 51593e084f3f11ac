// SPDX-License-Identifier: GPL-2.0
/*
 * A kernel that looks after RMPOPT itself, as far as rmpopt can tell: no such
 * kernel exists yet, so this module brings the function that it is known by.
 */
#include <linux/init.h>
#include <linux/module.h>

int snp_setup_rmpopt(void);

noinline int snp_setup_rmpopt(void)
{
	return 0;
}

static int __init fake_support_init(void)
{
	return snp_setup_rmpopt();
}
module_init(fake_support_init);

static void __exit fake_support_exit(void)
{
}
module_exit(fake_support_exit);

MODULE_DESCRIPTION("Test: a kernel with RMPOPT support of its own");
MODULE_LICENSE("GPL");
