/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes become one clean component, the same one again when they are given
 * once more. The first byte chooses a type. */
#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "media/safe_name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const mimes[] = {
	    NULL, "image/jpeg", "text/plain", "no/such"};
	char name[SAFE_NAME_CAP], again[SAFE_NAME_CAP];
	const char *mime;
	size_t n;

	if (size < 1)
		return 0;
	mime = mimes[data[0] % 4];
	memset(name, 'x', sizeof(name));
	safe_name(name, (const char *)data + 1, size - 1, mime);
	n = strnlen(name, sizeof(name));
	if (n < 1 || n > SAFE_NAME_MAX || name[0] == '.' || name[0] == '-' ||
	    name[0] == ' ' || name[n - 1] == '.' || name[n - 1] == ' ' ||
	    strpbrk(name, "/\\<>:\"|?*`$&;!'{}") != NULL ||
	    !text_is_clean(name, n, TEXT_LINE))
		abort();
	safe_name(again, name, n, mime);
	if (strcmp(name, again) != 0)
		abort();
	return 0;
}
