/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_uri.c — what uri_parse() takes, uri_format() writes and parses again. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/uri.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct uri u, again;
	const char *why = NULL;
	char *text = malloc(len + 1);
	struct buf b;

	assert(text != NULL);
	if (len > 0)
		memcpy(text, data, len);
	text[len] = '\0';
	memset(&u, 0, sizeof(u));
	buf_init(&b, 1024);
	if (uri_parse(text, &u, &why) != 0) {
		assert(why != NULL && u.port == 0);
	} else {
		assert(uri_format(&u, &b) == 0);
		assert(buf_put_u8(&b, 0) == 0);
		assert(uri_parse((const char *)b.p, &again, NULL) == 0);
		assert(memcmp(&u, &again, sizeof(u)) == 0);
	}
	buf_clear(&b);
	free(text);
	return 0;
}
