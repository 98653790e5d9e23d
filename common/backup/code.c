/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include <sodium.h>

#include "common/backup/code.h"

#define DRAWN (BACKUP_CODE_DIGITS - 2)

static void
fill_system(void *ctx, void *out, size_t n)
{
	(void)ctx;
	randombytes_buf(out, n);
}

const struct backup_rng backup_rng_system = {fill_system, NULL};

/* The number that the digits are, modulo 97. */
static unsigned
mod_97(const char *digits, size_t n)
{
	unsigned m = 0;
	size_t i;

	for (i = 0; i < n; i++)
		m = (m * 10 + (unsigned)(digits[i] - '0')) % 97;
	return m;
}

/* 0..9, each as likely as another. */
static char
draw_digit(const struct backup_rng *rng)
{
	uint8_t b;

	do {
		rng->fill(rng->ctx, &b, 1);
	} while (b >= 250);
	return (char)('0' + b % 10);
}

void
backup_code_make(struct backup_code *c, const struct backup_rng *rng)
{
	unsigned check;
	size_t i;

	for (i = 0; i < DRAWN; i++)
		c->digits[i] = draw_digit(rng);
	memcpy(c->digits + DRAWN, "00", 3);
	/* ISO/IEC 7064: the whole is 1 modulo 97. */
	check = 98 - mod_97(c->digits, BACKUP_CODE_DIGITS);
	c->digits[DRAWN] = (char)('0' + check / 10);
	c->digits[DRAWN + 1] = (char)('0' + check % 10);
}

void
backup_code_show(
    const struct backup_code *c, char out[static BACKUP_CODE_SHOWN + 1])
{
	size_t i;

	for (i = 0; i < BACKUP_CODE_DIGITS; i++) {
		if (i > 0 && i % 4 == 0)
			*out++ = ' ';
		*out++ = c->digits[i];
	}
	*out = '\0';
}

int
backup_code_read(struct backup_code *c, const char *text, size_t *n)
{
	struct backup_code got;
	size_t len = 0;
	int r = 0;

	for (; *text != '\0' && r == 0; text++) {
		if (strchr(" \t\r\n-", *text) != NULL)
			continue;
		if (*text < '0' || *text > '9')
			r = ERR_FORMAT;
		else if (len++ < BACKUP_CODE_DIGITS)
			got.digits[len - 1] = *text;
	}
	if (r == 0 && len != BACKUP_CODE_DIGITS)
		r = ERR_RANGE;
	if (r == 0 && mod_97(got.digits, BACKUP_CODE_DIGITS) != 1)
		r = ERR_AUTH;
	if (r == 0) {
		got.digits[BACKUP_CODE_DIGITS] = '\0';
		*c = got;
	}
	if (n != NULL)
		*n = len;
	sodium_memzero(&got, sizeof(got));
	return r;
}
