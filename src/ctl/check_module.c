// SPDX-License-Identifier: GPL-2.0
/*
 * check: the module's file, and whether this kernel would take it. Facts about
 * the file come from libkmod.
 */
#include <string.h>

#include "check.h"
#include "kmod.h"

/* Variables of UEFI begin with 4 bytes of attributes. */
#define EFI_ATTRIBUTES	4
#define EFI_VARS	"/sys/firmware/efi/efivars/"
#define SECURE_BOOT	EFI_VARS "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

static struct answer look_built(struct kmod_module *module)
{
	const char *path = kmod_path(module);
	const char *version = kmod_fact(module, "version");
	const char *stub = kmod_fact(module, "stub");

	if (!path)
		return pass("built into the kernel");
	if (stub)
		return fail(format("only a stub, as rmpopt could not be built for this kernel: %s", path), stub);
	if (!version)
		return fail(format("%s is not a module", path), DKMS_BUILD_AGAIN);
	return pass(format("version %s, %s", version, path));
}

struct answer check_built(void)
{
	static const char install[] = KMOD_INSTALL;
	struct answer answer = kmod_answer(look_built);

	if (answer.verdict == VERDICT_SKIP && file_exists(MODULE))
		answer.fix = install;
	else if (answer.verdict == VERDICT_SKIP)
		answer = fail(format("no rmpopt in /lib/modules/%s", check_release()),
			      format("%s\nif that was done: install the headers of this kernel, then dkms autoinstall; dkms status shows what failed",
				     install));
	return answer;
}

static struct answer look_vermagic(struct kmod_module *module)
{
	char *magic = kmod_fact(module, "vermagic");
	char *release;

	if (!magic)
		return skip("it has no vermagic", NULL);
	release = next_word(&magic);
	if (!release || strcmp(release, check_release()))
		return fail(format("it is for %s", release ?: "no kernel"), DKMS_BUILD_AGAIN);
	return pass(format("vermagic says %s", release));
}

struct answer check_vermagic(void)
{
	return kmod_answer(look_vermagic);
}

static bool secure_boot(void)
{
	size_t size;
	char *bytes = file_bytes(SECURE_BOOT, &size);

	return bytes && size > EFI_ATTRIBUTES && bytes[EFI_ATTRIBUTES] == 1;
}

/* How the kernel is locked down, NULL if it is not. */
const char *check_lockdown(void)
{
	const char *text = file_text("/sys/kernel/security/lockdown");
	const char *mode = text ? strchr(text, '[') : NULL;

	if (!mode || !strncmp(mode, "[none]", 6))
		return NULL;
	return format("%.*s", (int)strcspn(mode + 1, "]"), mode + 1);
}

/* Why this kernel requires a signature, NULL if it does not. */
const char *check_wants_signature(void)
{
	const char *enforce = file_text("/sys/module/module/parameters/sig_enforce");

	/* First, as with Secure Boot some kernels set sig_enforce themselves. */
	if (check_lockdown())
		return format("the kernel is locked down%s",
			      secure_boot() ? " (Secure Boot)" : "");
	if (enforce && *enforce == 'Y')
		return "module.sig_enforce is on";
	return NULL;
}

static struct answer look_signature(struct kmod_module *module)
{
	const char *signer = kmod_fact(module, "signer");
	const char *wants = check_wants_signature();

	if (signer)
		return pass(format("signed by %s", *signer ? signer : "nobody named"));
	if (wants)
		return fail(format("not signed, and %s", wants),
			    "with openssl installed: " DKMS_BUILD_AGAIN);
	return pass("not signed, and not required here");
}

struct answer check_signature(void)
{
	return kmod_answer(look_signature);
}
