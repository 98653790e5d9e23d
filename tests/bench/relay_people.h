/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relay_people.h — many registered devices, written straight into a relay's
 * store before the relay starts: keys are made from the device's number.
 */
#ifndef TESTS_BENCH_RELAY_PEOPLE_H
#define TESTS_BENCH_RELAY_PEOPLE_H

#include <stdint.h>

#include "common/base.h"
#include "common/noise/noise.h"
#include "relay/store/store.h"

#define PEOPLE_REGISTRATION_ID 77

struct people {
	uint32_t n;
	struct account_id *account; /* by number */
};

/* Make n accounts with one device each in a new store in dir; ends the program
 * when that fails. */
void people_make(struct people *p, const char *dir, uint32_t n);
void people_free(struct people *p);

/* The Noise key of device i. */
void people_key(struct noise_keypair *kp, uint32_t i);

#endif
