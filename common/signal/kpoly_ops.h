/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kpoly_ops.h — internal to kpoly: what there is an implementation of for
 * particular processors. All give the same numbers, bit for bit.
 */
#ifndef COMMON_SIGNAL_KPOLY_OPS_H
#define COMMON_SIGNAL_KPOLY_OPS_H

#include "common/signal/kpoly.h"

#define KPOLY_Q		 3329
#define KPOLY_QINV	 (-3327) /* Q * QINV = 1 mod 2^16 */
#define KPOLY_R2	 1353 /* 2^32 mod Q: into Montgomery form */
#define KPOLY_INVNTT_END 1441 /* 2^32 / 128 mod Q */
#define KPOLY_BARRETT	 20159 /* 2^26 / Q */
#define KPOLY_NOISE_LEN	 (KPOLY_N / 2) /* random bytes of a noise polynomial */

/* As the functions in kpoly.h. */
struct kpoly_ops {
	void (*ntt)(struct kpoly *p);
	void (*invntt)(struct kpoly *p);
	void (*inner)(struct kpoly *out, const struct kpoly *a,
	    const struct kpoly *b, unsigned k);
	void (*to_montgomery)(struct kpoly *p);
	void (*reduce)(struct kpoly *p);
	void (*uniform)(struct kpoly *p, unsigned n, const uint8_t *rho,
	    const struct kpoly_at *at);
	void (*noise)(
	    struct kpoly *p, unsigned n, const uint8_t *seed, uint8_t nonce);
};

extern const struct kpoly_ops kpoly_portable;

/* NULL where the processor or the compiler has none. */
const struct kpoly_ops *kpoly_avx2(void);

/* For tests: these from now on, or with NULL the best there are. */
void kpoly_use(const struct kpoly_ops *ops);

/* 17^bitrev(i) * 2^16 mod Q, between -Q/2 and Q/2. */
extern const int16_t kpoly_zeta[128];

/* Numbers below Q from 12 bits each, behind the n there are; how many now. */
unsigned kpoly_reject(
    struct kpoly *p, unsigned n, const uint8_t *b, size_t len);

#endif
