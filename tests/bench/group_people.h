/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * group_people.h — the other members of a large group: 1,023 accounts with
 * 1,535 devices. All their keys are made from a device's number, so that the
 * program that puts them into a relay's store (group-fill) and the one that
 * plays them (bench_group) need not tell each other anything.
 */
#ifndef TESTS_BENCH_GROUP_PEOPLE_H
#define TESTS_BENCH_GROUP_PEOPLE_H

#include "common/noise/noise.h"
#include "common/signal/prekey.h"

#define PEOPLE		1023 /* accounts */
#define PEOPLE_TWO	512 /* of those, the first have two devices */
#define PEOPLE_DEVICES	(PEOPLE + PEOPLE_TWO)
#define PEOPLE_KEYS	2 /* one-time keys of a device, of each kind */
#define PEOPLE_ADDED_MS 1700000000000ull

#define PERSON_SIGNED_ID 1
#define PERSON_LAST_ID	 1 /* the last-resort Kyber key */
#define PERSON_ONE_ID	 10 /* the first one-time key of either kind */

/* One device, with its private halves. */
struct person_device {
	uint32_t account; /* 0..PEOPLE - 1 */
	uint32_t device; /* 1 or 2 */
	uint32_t registration_id;
	struct noise_keypair noise;
	struct identity_key_pair identity;
	struct signed_pre_key signed_key;
	struct one_time_pre_key one_time[PEOPLE_KEYS];
	struct kyber_pre_key last_resort, kyber[PEOPLE_KEYS];
};

/* Device i of 0..PEOPLE_DEVICES - 1: those of one account follow each other. */
void person_device_make(struct person_device *d, uint32_t i);
/* Which device of 0..PEOPLE_DEVICES - 1 an account's first one is, and how many
 * it has. */
uint32_t person_first(uint32_t account);
uint32_t person_devices(uint32_t account);
void person_account(uint8_t id[static 16], uint32_t account);

#endif
