/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_blob_url.c — a path that is taken for genuine is one we make ourselves,
 * letter for letter; a range that is taken lies within the blob. */
#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "relay/blobs/http_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
check_path(const char *text)
{
	static const uint8_t secret[BLOB_SECRET_LEN];
	char again[BLOB_PATH_CAP];
	struct blob_grant g;

	if (blob_path_read(secret, text, 0, &g) != 0)
		return;
	blob_path(secret, &g, again);
	assert(strcmp(again, text) == 0);
}

static void
check_ranges(const char *text)
{
	uint64_t from, len, size;

	if (http_range_read(text, 1000, &from, &len) == 0)
		assert(len > 0 && from < 1000 && from + len <= 1000);
	if (http_content_range_read(text, &from, &len, &size) == 0)
		assert(from + len <= size && (len > 0 || from == size));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char text[512];

	if (len >= sizeof(text) || sodium_init() < 0)
		return 0;
	memcpy(text, data, len);
	text[len] = '\0';
	check_path(text);
	check_ranges(text);
	return 0;
}
