// SPDX-License-Identifier: GPL-2.0
/*
 * check: is the key enrolled that the module is signed with? A signature names
 * its key by the certificate's issuer and serial number. The name alone says
 * little: DKMS gives the keys of all hosts the same.
 */
#include <string.h>

#include "kmod.h"
#include "owner.h"

static bool has_issuer(const struct owner_keys *keys, const char *issuer)
{
	size_t i;

	for (i = 0; i < keys->count; i++)
		if (!strcmp(keys->certificate[i].issuer, issuer))
			return true;
	return false;
}

static bool has_certificate(const struct owner_keys *keys, const char *issuer, struct bytes serial)
{
	size_t i;

	for (i = 0; i < keys->count; i++)
		if (!strcmp(keys->certificate[i].issuer, issuer) &&
		    bytes_equal(keys->certificate[i].serial, serial))
			return true;
	return false;
}

static bool has_identifier(const struct owner_keys *keys, struct bytes identifier)
{
	size_t i;

	for (i = 0; i < keys->count; i++)
		if (bytes_equal(keys->certificate[i].identifier, identifier))
			return true;
	return false;
}

/*
 * Do the kernel's keyrings have a key of that name that is not in the machine
 * owner's list? Keyrings list name and subject key identifier; a signature does
 * not have the latter.
 */
static bool may_be_in_keyring(const struct owner_keys *keys, const char *signer)
{
	char *text = file_text("/proc/keys"), *line;
	const char *name = format(" %s: ", signer), *at;

	while ((line = next_line(&text))) {
		at = strstr(line, "asymmetri") ? strstr(line, name) : NULL;
		if (at && !has_identifier(keys, bytes_from_hex(at + strlen(name))))
			return true;
	}
	return false;
}

/* What DKMS signs with: on Ubuntu the system's key. */
static const char *key_file(void)
{
	return file_exists(OWNER_KEY_UBUNTU) ? OWNER_KEY_UBUNTU : "/var/lib/dkms/mok.pub";
}

static struct answer look_key(struct kmod_module *module)
{
	const char *signer = kmod_fact(module, "signer");
	const char *serial = kmod_fact(module, "sig_key") ?: "";
	struct owner_keys keys;

	if (!signer || !*signer)
		return skip("it is not signed", NULL);
	owner_keys_read(&keys);
	if (has_certificate(&keys, signer, bytes_from_hex(serial)))
		return pass("the machine owner's list (MOK) holds it");
	if (may_be_in_keyring(&keys, signer))
		return skip("the kernel's keyrings hold a key of that name; which one, only the load shows", NULL);
	if (!check_wants_signature())
		return skip("not found; this kernel requires no signature", NULL);
	if (!keys.readable && keys.denied)
		return skip("can't read the machine owner's list (MOK)", "run this as root");
	return fail(has_issuer(&keys, signer) ?
		    format("MOK holds another key of the same name (%s)", signer) :
		    format("no key of %s in /proc/keys or MOK", signer),
		    format("mokutil --import %s, reboot, and choose Enroll MOK on the console", key_file()));
}

struct answer check_key(void)
{
	return kmod_answer(look_key);
}
