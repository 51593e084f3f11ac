// SPDX-License-Identifier: GPL-2.0
/*
 * check: is the key enrolled that the module is signed with? A signature names
 * its key by the certificate's issuer and serial number. The name alone says
 * little: DKMS gives the keys of all hosts the same.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "kmod.h"

#define MOK_LIST \
	"/sys/firmware/efi/efivars/MokListRT-605dab50-e046-4300-abb6-3dd810dd8b23"

/* RFC 5280 allows 20 bytes of serial number; SHA-512 makes the longest identifier. */
#define BYTES_MAX	64

/* The issuer's name stands behind the serial number and the algorithm. */
#define NAME_WITHIN	512

/**
 * struct bytes - some of them
 * @size: how many
 * @at: where
 */
struct bytes {
	size_t size;
	const unsigned char *at;
};

/* From hexadecimal like AB:CD or abcd, up to what is none. */
static struct bytes from_hex(const char *text)
{
	unsigned char *at = arena_get(BYTES_MAX);
	struct bytes bytes = { 0, at };

	for (; bytes.size < BYTES_MAX && sscanf(text, "%2hhx", &at[bytes.size]) == 1; bytes.size++) {
		text += 2;
		text += *text == ':';
	}
	return bytes;
}

static const unsigned char *find(struct bytes in, struct bytes what)
{
	return what.size ? memmem(in.at, in.size, what.at, what.size) : NULL;
}

static bool holds_text(struct bytes in, const char *text)
{
	return memmem(in.at, in.size, text, strlen(text));
}

/* How a certificate begins: version 3, then its serial number, an INTEGER of DER. */
static struct bytes beginning_of(struct bytes serial)
{
	static const unsigned char version[] = { 0xa0, 0x03, 0x02, 0x01, 0x02, 0x02 };
	unsigned char *at = arena_get(sizeof(version) + 2 + serial.size);
	bool sign = serial.at[0] & 0x80;
	size_t size = sizeof(version);

	memcpy(at, version, size);
	at[size++] = serial.size + sign;
	size += sign;
	memcpy(at + size, serial.at, serial.size);
	return (struct bytes){ size + serial.size, at };
}

/* Is there a certificate of that serial number and issuer? */
static bool holds_certificate(struct bytes mok, struct bytes serial,
			      const char *signer)
{
	struct bytes begin = beginning_of(serial), near;
	const unsigned char *at, *end = mok.at + mok.size;

	while (serial.size && (at = find(mok, begin))) {
		at += begin.size;
		mok = (struct bytes){ end - at, at };
		near = mok;
		if (near.size > NAME_WITHIN)
			near.size = NAME_WITHIN;
		if (holds_text(near, signer))
			return true;
	}
	return false;
}

/*
 * Is a key of that name in the kernel's keyrings which the machine owner's list
 * does not account for? There keys go by name and subject key identifier, which
 * no signature tells.
 */
static bool may_be_in_keyring(struct bytes mok, const char *signer)
{
	char *text = file_text("/proc/keys"), *line;
	const char *name = format(" %s: ", signer), *at;

	while ((line = next_line(&text))) {
		at = strstr(line, "asymmetri") ? strstr(line, name) : NULL;
		if (at && !find(mok, from_hex(at + strlen(name))))
			return true;
	}
	return false;
}

static struct answer look_key(struct kmod_module *module)
{
	const char *signer = kmod_fact(module, "signer");
	const char *serial = kmod_fact(module, "sig_key") ?: "";
	struct bytes mok = { };
	int error;

	if (!signer || !*signer)
		return skip("it is not signed", NULL);
	mok.at = (unsigned char *)file_bytes(MOK_LIST, &mok.size);
	error = errno;
	if (mok.at && holds_certificate(mok, from_hex(serial), signer))
		return pass("the machine owner's list (MOK) holds it");
	if (may_be_in_keyring(mok, signer))
		return skip("the kernel's keyrings hold a key of that name; which one, only the load shows", NULL);
	if (!check_wants_signature())
		return skip("not found; this kernel requires no signature", NULL);
	if (!mok.at && error == EACCES)
		return skip("can't read the machine owner's list (MOK)", "run this as root");
	return fail(mok.at && holds_text(mok, signer) ?
		    format("MOK holds another key that is called %s, too", signer) :
		    format("no key of %s in /proc/keys or MOK", signer),
		    "mokutil --import /var/lib/dkms/mok.pub, reboot, enrol it in the blue screen");
}

struct answer check_key(void)
{
	return kmod_answer(look_key);
}
