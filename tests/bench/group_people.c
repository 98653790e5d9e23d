/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tests/bench/group_people.h"

/* Randomness that is the same whenever a device is made. */
struct drawn {
	uint32_t device, calls;
};

static void
draw(void *ctx, void *out, size_t n)
{
	struct drawn *d = ctx;
	uint8_t seed[randombytes_SEEDBYTES];

	d->calls++;
	crypto_generichash(
	    seed, sizeof(seed), (const uint8_t *)d, sizeof(*d), NULL, 0);
	randombytes_buf_deterministic(out, n, seed);
}

uint32_t
person_first(uint32_t account)
{
	return account < PEOPLE_TWO ? 2 * account : account + PEOPLE_TWO;
}

uint32_t
person_devices(uint32_t account)
{
	return account < PEOPLE_TWO ? 2 : 1;
}

void
person_account(uint8_t id[static 16], uint32_t account)
{
	crypto_generichash(
	    id, 16, (const uint8_t *)&account, sizeof(account), NULL, 0);
}

void
person_device_make(struct person_device *d, uint32_t i)
{
	struct drawn drawn = {.device = i};
	const struct signal_rng rng = {draw, &drawn};
	struct noise_secret sk;
	uint32_t k;

	d->account = i < 2 * PEOPLE_TWO ? i / 2 : i - PEOPLE_TWO;
	d->device = i < 2 * PEOPLE_TWO ? 1 + i % 2 : 1;
	d->registration_id = 1 + i;
	draw(&drawn, sk.b, sizeof(sk.b));
	if (noise_keypair_of(&d->noise, &sk) != 0) {
		fprintf(stderr, "people: no key\n");
		exit(1);
	}
	identity_generate(&d->identity, &rng);
	signed_pre_key_generate(&d->signed_key, PERSON_SIGNED_ID, &d->identity,
	    PEOPLE_ADDED_MS, &rng);
	kyber_pre_key_generate(&d->last_resort, PERSON_LAST_ID, true,
	    &d->identity, PEOPLE_ADDED_MS, &rng);
	for (k = 0; k < PEOPLE_KEYS; k++) {
		one_time_pre_key_generate(
		    &d->one_time[k], PERSON_ONE_ID + k, &rng);
		kyber_pre_key_generate(&d->kyber[k], PERSON_ONE_ID + k, false,
		    &d->identity, PEOPLE_ADDED_MS, &rng);
	}
}
