/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_link.c — an offer that parses is written and read again the same; no
 * message a stranger makes up opens a channel. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/link/link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
offer(const char *text)
{
	struct link_offer o, again;
	const char *why = NULL;
	struct buf b;

	memset(&o, 0, sizeof(o));
	if (link_offer_parse(text, &o, &why) != 0) {
		assert(why != NULL);
		return;
	}
	buf_init(&b, 1024);
	assert(link_offer_format(&o, &b) == 0 && buf_put_u8(&b, 0) == 0);
	assert(link_offer_parse((const char *)b.p, &again, NULL) == 0);
	assert(memcmp(&o, &again, sizeof(o)) == 0);
	buf_clear(&b);
}

static void
channel(const uint8_t *data, size_t len)
{
	static const uint8_t mailbox[LINK_MAILBOX_LEN];
	char code[LINK_CODE_LEN + 1];
	struct link_offer o;
	struct link_channel l;
	struct buf b;

	buf_init(&b, 65536);
	assert(link_ask(&l, mailbox, &noise_rng_system, &o) == 0);
	assert(link_read(&l, data, len, &b) != 0 && b.len == 0);
	assert(link_code(&l, code) == ERR_STATE);
	link_clear(&l);
	buf_clear(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = malloc(len + 1);

	assert(text != NULL && sodium_init() >= 0);
	if (len > 0)
		memcpy(text, data, len);
	text[len] = '\0';
	offer(text);
	channel(data, len);
	free(text);
	return 0;
}
