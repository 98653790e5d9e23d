/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * noise_case.h — one Noise vector: both sides run with fixed keys, every byte
 * is compared. Used by test_noise (our vectors) and noise-vectors (public ones).
 */
#ifndef TESTS_INTEROP_NOISE_CASE_H
#define TESTS_INTEROP_NOISE_CASE_H

#include <stdint.h>

#include "common/noise/noise.h"

#define CASE_MSGS 16

struct case_bytes {
	uint8_t p[4096];
	size_t len;
};

struct noise_case {
	enum noise_pattern pattern; /* XXFALLBACK: the first message is IK's */
	struct case_bytes prologue;
	uint8_t alice_static[NOISE_KEY_LEN], alice_ephemeral[NOISE_KEY_LEN];
	uint8_t bob_static[NOISE_KEY_LEN], bob_ephemeral[NOISE_KEY_LEN];
	uint8_t alice_knows[NOISE_KEY_LEN]; /* IK, XXFALLBACK: Bob's key */
	uint8_t hash[NOISE_HASH_LEN];
	struct {
		struct case_bytes payload, wire;
	} msgs[CASE_MSGS]; /* Alice writes the even ones */
	size_t n_msgs;
};

/* 0, or -1 with a sentence about the first difference in why[0..cap). */
int noise_case_run(const struct noise_case *nc, char *why, size_t cap);

#endif
