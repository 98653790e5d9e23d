/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * break_session.c — garble every ratchet record of a profile, as a damaged disk
 * might, for tests/e2e/test_repair.py: break_session FOLDER, with the passphrase
 * in SOTTO_PASSPHRASE. Prints how many there were.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tui/store/store_contact.h"
#include "tui/store/store_session.h"

#define DEVICES_MAX 127

static int
garble(struct store *s, const uint8_t account[static STORE_ID_LEN],
    unsigned *count)
{
	uint32_t devices[DEVICES_MAX];
	uint8_t noise[512];
	size_t i, n = 0;
	int r = store_session_devices(s, account, devices, DEVICES_MAX, &n);

	randombytes_buf(noise, sizeof(noise));
	for (i = 0; r == 0 && i < n && i < DEVICES_MAX; i++) {
		r = store_session_put(
		    s, account, devices[i], noise, sizeof(noise), 1);
		*count += r == 0;
	}
	return r;
}

int
main(int argc, char **argv)
{
	const struct store_key key = {.passphrase = getenv("SOTTO_PASSPHRASE")};
	const struct store_opts opts = {.no_create = true};
	struct store_contact *v = NULL;
	struct store *s = NULL;
	unsigned count = 0;
	size_t i, n = 0;
	int r;

	if (argc != 2 || key.passphrase == NULL || sodium_init() < 0)
		return 2;
	r = store_open(argv[1], &key, &opts, &s);
	if (r != 0) {
		fprintf(stderr, "%s\n", store_error(NULL));
		return 1;
	}
	r = store_contact_list(s, &v, &n);
	for (i = 0; r == 0 && i < n; i++)
		r = garble(s, v[i].account, &count);
	free(v);
	store_close(s);
	printf("%u\n", count);
	return r == 0 ? 0 : 1;
}
