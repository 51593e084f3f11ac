/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The stub where not even an empty module can be built (no clang for a kernel
 * built by it, broken headers). No kernel loads this; modinfo reads it.
 */
	.section .modinfo, "a"
	.ascii "name="
	.asciz STUB_NAME
	.ascii "version="
	.asciz STUB_VERSION
	.asciz "license=GPL"
	.asciz "description=Stub for kernels that no module can be built for"
	.ascii "stub=no module can be built with these kernel headers: install the"
	.asciz " compiler that the kernel was built with, see the DKMS make.log"
	.section .note.GNU-stack, "", @progbits
