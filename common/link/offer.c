/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <strings.h>

#include <sodium.h>

#include "common/link/base32.h"
#include "common/link/offer.h"

#define VERSION	   "1/"
#define PREFIX_LEN (sizeof(LINK_OFFER_PREFIX) - 1)
#define HEAD	   LINK_OFFER_PREFIX VERSION
#define HEAD_LEN   (sizeof(HEAD) - 1)
#define PAYLOAD	   (LINK_MAILBOX_LEN + NOISE_KEY_LEN)
#define SPACES	   " \t\r\n\v\f"

int
link_offer_format(const struct link_offer *o, struct buf *out)
{
	uint8_t p[PAYLOAD];
	int r = buf_reserve(out, HEAD_LEN + BASE32_LEN(PAYLOAD));

	if (r != 0)
		return r;
	memcpy(p, o->mailbox, LINK_MAILBOX_LEN);
	memcpy(p + LINK_MAILBOX_LEN, o->key.b, NOISE_KEY_LEN);
	r = buf_put(out, HEAD, HEAD_LEN);
	return r != 0 ? r : base32_put(out, p, sizeof(p));
}

static int
refuse(const char **why, int code, const char *sentence)
{
	if (why != NULL)
		*why = sentence;
	return code;
}

/* The text without its white space; its length, 0: empty or too long. */
static size_t
squeeze(char *out, size_t cap, const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++) {
		if (strchr(SPACES, *text) != NULL)
			continue;
		if (n + 1 >= cap)
			return 0;
		out[n++] = *text;
	}
	out[n] = '\0';
	return n;
}

int
link_offer_parse(const char *text, struct link_offer *o, const char **why)
{
	char t[LINK_OFFER_MAX + 1];
	uint8_t p[PAYLOAD];
	size_t len = squeeze(t, sizeof(t), text);

	if (len < PREFIX_LEN ||
	    strncasecmp(t, LINK_OFFER_PREFIX, PREFIX_LEN) != 0)
		return refuse(why, ERR_FORMAT,
		    "this is no linking code: one begins "
		    "with " LINK_OFFER_PREFIX);
	if (strncasecmp(t, HEAD, HEAD_LEN) != 0 && len > HEAD_LEN)
		return refuse(why, ERR_VERSION,
		    "the linking code is of a newer sotto: update this one");
	if (len < HEAD_LEN ||
	    base32_get(p, sizeof(p), t + HEAD_LEN, len - HEAD_LEN) != 0)
		return refuse(why, ERR_FORMAT,
		    "the linking code is damaged: copy the whole of it");
	memcpy(o->mailbox, p, LINK_MAILBOX_LEN);
	memcpy(o->key.b, p + LINK_MAILBOX_LEN, NOISE_KEY_LEN);
	return 0;
}
