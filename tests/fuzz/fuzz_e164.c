/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fuzz_e164.c — what is typed as a phone number. First byte: home country. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/e164.h"
#include "common/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const unsigned homes[] = {0, 1, 7, 36, 39, 44, 49, 999};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char out[E164_CAP] = "kept", again[E164_CAP], typed[512];
	char shown[E164_FORMAT_CAP], mask[E164_MASK_CAP];
	enum e164_reason why;

	if (len < 1 || len > sizeof(typed))
		return 0;
	memcpy(typed, data + 1, len - 1);
	typed[len - 1] = '\0';
	if (e164_parse(out, typed, homes[data[0] % ARRAY_LEN(homes)], &why) !=
	    0) {
		assert(why != E164_OK && strcmp(out, "kept") == 0);
		assert(!e164_valid(typed));
		e164_format(shown, typed);
		assert(text_is_clean(shown, strlen(shown), TEXT_LINE));
		return 0;
	}
	/* canonical, and stays so whatever way it comes back in */
	assert(why == E164_OK && e164_valid(out));
	assert(e164_parse(again, out, 0, NULL) == 0);
	assert(strcmp(out, again) == 0);
	e164_format(shown, out);
	assert(e164_parse(again, shown, 0, NULL) == 0);
	assert(strcmp(out, again) == 0);
	e164_mask(mask, out);
	assert(e164_country(out, NULL) != 0 && mask[0] == '+');
	return 0;
}
