// SPDX-License-Identifier: GPL-2.0
/*
 * In the place of rmpopt.ko, or another module of dkms.conf, for kernels that it
 * can't be built for, so that DKMS does not fail there: see dkms/build. Refuses to
 * load and says why; "modinfo -F stub rmpopt" says it without loading.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/printk.h>

static int __init stub_init(void)
{
	pr_err("only a stub was built: %s\n", STUB_REASON);
	return -ENODEV;
}
module_init(stub_init);

MODULE_AUTHOR("The rmpopt developers");
MODULE_DESCRIPTION("Stub for kernels that rmpopt can't be built for");
MODULE_LICENSE("GPL");
MODULE_VERSION(STUB_VERSION);
MODULE_INFO(stub, STUB_REASON);
