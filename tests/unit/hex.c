/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hex.c — bytes for tests, from literals and files. */
#include <sodium.h>

#include "tests/unit/test.h"

size_t
hex_bytes(const char *hex, uint8_t *out, size_t cap)
{
	const char *end = NULL;
	size_t len = 0;

	if (sodium_hex2bin(out, cap, hex, strlen(hex), " \n\t", &len, &end) !=
		0 ||
	    *end != '\0')
		fail_msg("bad hex: %s", hex);
	return len;
}

char *
read_text_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *text = NULL;
	long n = -1;

	if (f != NULL && fseek(f, 0, SEEK_END) == 0)
		n = ftell(f);
	if (n < 0)
		fail_msg("cannot read %s", path);
	rewind(f);
	text = malloc((size_t)n + 1);
	if (text == NULL || fread(text, 1, (size_t)n, f) != (size_t)n)
		fail_msg("cannot read %s", path);
	fclose(f);
	text[n] = '\0';
	if (len != NULL)
		*len = (size_t)n;
	return text;
}
