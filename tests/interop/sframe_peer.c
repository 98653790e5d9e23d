/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sframe_peer.c — SFrame by lines, for sframe_vectors.py:
 *	header KID CTR                      the header in hex, and back again
 *	seal SUITE KID CTR BASE META TEXT   the packet in hex, opened again first
 * Numbers are decimal, bytes hex, "-" none. An answer is a line; "none" for a
 * suite that is not ours, "error ..." for what should not be.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "calls/sframe.h"

#define BYTES_MAX 1024
#define WORDS_MAX 7

static size_t
bytes(const char *hex, uint8_t out[static BYTES_MAX])
{
	size_t n = 0;

	if (strcmp(hex, "-") != 0 && sodium_hex2bin(out, BYTES_MAX, hex,
					 strlen(hex), NULL, &n, NULL) != 0) {
		puts("error: no hex");
		exit(2);
	}
	return n;
}

static uint64_t
number(const char *s)
{
	errno = 0;
	return strtoull(s, NULL, 10);
}

static void
print_hex(const uint8_t *p, size_t n)
{
	char hex[2 * (BYTES_MAX + SFRAME_OVERHEAD) + 1];

	puts(sodium_bin2hex(hex, sizeof(hex), p, n));
}

static void
do_header(char *const *w)
{
	uint8_t h[SFRAME_HEADER_MAX];
	uint64_t kid, ctr;
	size_t n = sframe_header_put(h, number(w[1]), number(w[2]));

	if (sframe_header_get(h, n, &kid, &ctr) != (int)n ||
	    kid != number(w[1]) || ctr != number(w[2]))
		puts("error: the header does not come back");
	else
		print_hex(h, n);
}

static void
do_seal(char *const *w)
{
	uint8_t base[BYTES_MAX], meta[BYTES_MAX], text[BYTES_MAX],
	    back[BYTES_MAX], out[BYTES_MAX + SFRAME_OVERHEAD];
	size_t blen = bytes(w[4], base), mlen = bytes(w[5], meta),
	       n = bytes(w[6], text), len = 0, again = 0;
	const uint64_t suite = number(w[1]);
	struct sframe_key *k = NULL;
	int r = sframe_key_new(
	    &k, (enum sframe_suite)suite, number(w[2]), base, blen);

	if (r == ERR_RANGE) {
		puts("none");
		return;
	}
	if (r == 0)
		r = sframe_seal_at(
		    k, number(w[3]), meta, mlen, text, n, out, &len);
	if (r == 0)
		r = sframe_open(k, meta, mlen, out, len, back, &again);
	if (r != 0 || again != n || memcmp(back, text, n) != 0)
		puts("error: the packet does not open");
	else
		print_hex(out, len);
	sframe_key_free(k);
}

int
main(void)
{
	char line[8 * BYTES_MAX], *w[WORDS_MAX], *rest, *word;

	if (sodium_init() < 0)
		return 2;
	while (fgets(line, sizeof(line), stdin) != NULL) {
		size_t n = 0;

		for (rest = line; n < WORDS_MAX && (word = strtok_r(rest, " \n",
							&rest)) != NULL;)
			w[n++] = word;
		if (n == 3 && strcmp(w[0], "header") == 0)
			do_header(w);
		else if (n == 7 && strcmp(w[0], "seal") == 0)
			do_seal(w);
		else
			return 2;
		fflush(stdout);
	}
	return 0;
}
