/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * store-fill DIR CHATS MESSAGES [PASSPHRASE] — make a profile folder with that
 * many chats and messages, for benches and end-to-end tests. The passphrase is
 * "test" unless given; its derivation is the quick one of tests.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "tests/bench/fill.h"

static uint64_t
wall_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

int
main(int argc, char **argv)
{
	const struct store_opts o = {.fast_kdf = true, .sync_normal = true};
	struct store_key key = {.passphrase = argc > 4 ? argv[4] : "test"};
	struct store *s = NULL;
	uint64_t start = wall_ms();
	int r;

	if (argc < 4 || argc > 5) {
		fprintf(stderr, "usage: %s DIR CHATS MESSAGES [PASSPHRASE]\n",
		    argv[0]);
		return 2;
	}
	if (mkdir(argv[1], 0700) != 0 && errno != EEXIST) {
		perror(argv[1]);
		return 1;
	}
	if (store_exists(argv[1])) {
		fprintf(stderr, "%s: there is a profile already\n", argv[1]);
		return 1;
	}
	r = store_open(argv[1], &key, &o, &s);
	if (r != 0) {
		fprintf(stderr, "%s: %s\n", argv[1], store_error(NULL));
		return 1;
	}
	r = fill_store(s, (unsigned)strtoul(argv[2], NULL, 10),
	    (unsigned)strtoul(argv[3], NULL, 10), start);
	if (r != 0)
		fprintf(stderr, "%s: %s\n", argv[1], store_error(s));
	store_close(s);
	if (r == 0)
		printf("%s: filled in %.1f s\n", argv[1],
		    (double)(wall_ms() - start) / 1000);
	return r != 0;
}
