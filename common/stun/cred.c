/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>

#include <sodium.h>

#include "common/stun/cred.h"
#include "common/stun/priv.h"

int
turn_cred_name(
    char out[static TURN_NAME_CAP], uint64_t expires_s, const char *who)
{
	char text[TURN_NAME_CAP];
	int n = snprintf(
	    text, sizeof(text), "%llu:%s", (unsigned long long)expires_s, who);

	if (n < 0 || (size_t)n >= sizeof(text))
		return ERR_RANGE;
	memcpy(out, text, (size_t)n + 1);
	return 0;
}

void
turn_cred_password(char out[static TURN_PASSWORD_CAP], const void *secret,
    size_t secret_len, const void *name, size_t name_len)
{
	uint8_t mac[STUN_SHA1_LEN];

	stun_hmac_sha1_plain(mac, secret, secret_len, name, name_len);
	sodium_bin2base64(out, TURN_PASSWORD_CAP, mac, sizeof(mac),
	    sodium_base64_VARIANT_ORIGINAL);
	sodium_memzero(mac, sizeof(mac));
}

int
turn_cred_split(const void *name, size_t len, uint64_t *expires_s, size_t *who)
{
	const uint8_t *p = name;
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < len && i < 12 && p[i] >= '0' && p[i] <= '9'; i++)
		n = n * 10 + (uint64_t)(p[i] - '0');
	if (i == 0 || (i < len && p[i] != ':'))
		return ERR_FORMAT;
	*expires_s = n;
	*who = i < len ? i + 1 : i;
	return 0;
}
