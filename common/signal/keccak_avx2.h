/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keccak_avx2.h — internal: four Keccak permutations at once, for processors
 * with AVX2 (kpoly_avx2.c asks for that). Constant time.
 */
#ifndef COMMON_SIGNAL_KECCAK_AVX2_H
#define COMMON_SIGNAL_KECCAK_AVX2_H

#include <stdint.h>

struct keccak4 {
	uint64_t lane[25][4]; /* each of the four states' */
};

void keccak4_permute(struct keccak4 *st);

#endif
