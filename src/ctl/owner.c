// SPDX-License-Identifier: GPL-2.0
/*
 * Certificates that the machine's owner has enrolled (MOK). shim shows them as
 * variables of UEFI: MokListRT, and MokListRT1 and so on if one is too small. The
 * kernel shows the same in mok-variables, without the attributes in front.
 */
#include <assert.h>
#include <ctype.h>
#include <endian.h>
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "owner.h"

/* Variables of UEFI begin with so many bytes of attributes. */
#define EFI_ATTRIBUTES	4
#define SHIM_GUID	"-605dab50-e046-4300-abb6-3dd810dd8b23"

#define GUID_SIZE	16

/* EFI_CERT_X509_GUID, as in memory. */
static const unsigned char x509_guid[GUID_SIZE] = {
	0xa1, 0x59, 0xc0, 0xa5, 0xe4, 0x94, 0xa7, 0x4a,
	0x87, 0xb5, 0xab, 0x15, 0x5c, 0x2b, 0xf0, 0x72,
};

/**
 * struct signature_list - EFI_SIGNATURE_LIST; after it @header_size bytes, then
 *	signatures: the GUID of the owner, then the signature
 * @type: what signatures are
 * @size: of all of it
 * @header_size: of a header
 * @signature_size: of each signature
 */
struct signature_list {
	unsigned char type[GUID_SIZE];
	__le32 size;
	__le32 header_size;
	__le32 signature_size;
};

static_assert(sizeof(struct signature_list) == 28, "as UEFI lays it out");

/* From hexadecimal like AB:CD or abcd, up to what is none. */
struct bytes bytes_from_hex(const char *text)
{
	size_t length = strspn(text, "0123456789abcdefABCDEF:");
	long size = 0;
	unsigned char *at = OPENSSL_hexstr2buf(format("%.*s", (int)length, text), &size);
	struct bytes bytes = { at ? size : 0, NULL };

	if (at)
		bytes.at = memcpy(arena_get(size), at, size);
	OPENSSL_free(at);
	return bytes;
}

bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.size && a.size == b.size && !memcmp(a.at, b.at, a.size);
}

static struct bytes kept(const ASN1_STRING *string)
{
	struct bytes bytes = { };

	if (!string)
		return bytes;
	bytes.size = ASN1_STRING_length(string);
	bytes.at = memcpy(arena_get(bytes.size + 1), ASN1_STRING_get0_data(string), bytes.size);
	return bytes;
}

static const char *common_name(const X509_NAME *name)
{
	int place = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
	const X509_NAME_ENTRY *entry = place < 0 ? NULL : X509_NAME_get_entry(name, place);

	/* kept() has put a NUL after it. */
	return entry ? printable((const char *)kept(X509_NAME_ENTRY_get_data(entry)).at) : "";
}

static void add(struct owner_keys *keys, struct bytes der)
{
	const unsigned char *at = der.at;
	X509 *cert = d2i_X509(NULL, &at, der.size);
	size_t size = sizeof(*keys->certificate);

	if (!cert)
		return;
	keys->certificate = arena_grow(keys->certificate, keys->count * size, (keys->count + 1) * size);
	keys->certificate[keys->count++] = (struct certificate){
		.issuer = common_name(X509_get_issuer_name(cert)),
		.serial = kept(X509_get0_serialNumber(cert)),
		.identifier = kept(X509_get0_subject_key_id(cert)),
	};
	X509_free(cert);
}

static void add_list(struct owner_keys *keys, struct bytes rest, size_t each)
{
	for (; rest.size >= each; rest.size -= each, rest.at += each)
		add(keys, (struct bytes){ each - GUID_SIZE, rest.at + GUID_SIZE });
}

/* Lists follow each other; an invalid one ends them. */
static void add_lists(struct owner_keys *keys, struct bytes rest)
{
	struct signature_list list;
	size_t size, header, each;

	while (rest.size >= sizeof(list)) {
		memcpy(&list, rest.at, sizeof(list));
		size = le32toh(list.size);
		header = sizeof(list) + le32toh(list.header_size);
		each = le32toh(list.signature_size);
		if (size > rest.size || header > size || each <= GUID_SIZE)
			return;
		if (!memcmp(list.type, x509_guid, GUID_SIZE))
			add_list(keys, (struct bytes){ size - header, rest.at + header }, each);
		rest.at += size;
		rest.size -= size;
	}
}

/* MokListRT, perhaps with a number, and @end after it? */
static bool is_list(const char *name, const char *end)
{
	size_t length = strlen(OWNER_KEYS_LIST);

	if (strncmp(name, OWNER_KEYS_LIST, length))
		return false;
	for (name += length; isdigit((unsigned char)*name); name++)
		;
	return !strcmp(name, end);
}

static void read_lists(struct owner_keys *keys, const char *dir, const char *end, size_t skip)
{
	size_t count, i;
	char **names = file_names(dir, &count);
	struct bytes bytes;

	for (i = 0; i < count; i++) {
		if (!is_list(names[i], end))
			continue;
		bytes.at = (unsigned char *)file_bytes(format("%s/%s", dir, names[i]), &bytes.size);
		if (!bytes.at) {
			keys->denied |= errno == EACCES;
			continue;
		}
		keys->readable = true;
		if (bytes.size > skip)
			add_lists(keys, (struct bytes){ bytes.size - skip, bytes.at + skip });
	}
}

/* The same certificate may be found twice. */
void owner_keys_read(struct owner_keys *keys)
{
	memset(keys, 0, sizeof(*keys));
	/* Independent of openssl.cnf. */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	read_lists(keys, OWNER_KEYS_EFI, SHIM_GUID, EFI_ATTRIBUTES);
	read_lists(keys, OWNER_KEYS_SHIM, "", 0);
}
