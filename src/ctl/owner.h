/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Certificates that the machine's owner has enrolled (MOK).
 */
#ifndef RMPOPTCTL_OWNER_H
#define RMPOPTCTL_OWNER_H

#include "ctl.h"

/**
 * struct bytes - some of them
 * @size: how many
 * @at: where
 */
struct bytes {
	size_t size;
	const unsigned char *at;
};

/**
 * struct certificate - what names a key
 * @issuer: common name of the issuer, "" if it has none
 * @serial: serial number
 * @identifier: of its subject's key, empty if it has none
 */
struct certificate {
	const char *issuer;
	struct bytes serial;
	struct bytes identifier;
};

/**
 * struct owner_keys - all of them
 * @count: how many
 * @certificate: them
 * @readable: a list could be read
 * @denied: one may not be read
 */
struct owner_keys {
	size_t count;
	struct certificate *certificate;
	bool readable;
	bool denied;
};

#define OWNER_KEYS_EFI	"/sys/firmware/efi/efivars"
#define OWNER_KEYS_SHIM	"/sys/firmware/efi/mok-variables"
#define OWNER_KEYS_LIST	"MokListRT"

/* On Ubuntu, the certificate of the key with which DKMS signs. */
#define OWNER_KEY_UBUNTU	"/var/lib/shim-signed/mok/MOK.der"

struct bytes bytes_from_hex(const char *text);
bool bytes_equal(struct bytes a, struct bytes b);
void owner_keys_read(struct owner_keys *keys);

#endif /* RMPOPTCTL_OWNER_H */
