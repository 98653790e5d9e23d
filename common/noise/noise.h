/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * noise.h — the Noise Protocol Framework, revision 34, without I/O: patterns
 * XX, IK and XXfallback with 25519, ChaChaPoly and SHA256.
 * Spec: https://noiseprotocol.org/noise.html (sections named below).
 *
 * Choices the spec leaves open:
 *   - a DH whose result is all zero (a key of small order) is refused (§12.1);
 *   - a handshake that failed once can do nothing but the fallback of §10.2;
 *   - the highest nonce is never used (§5.1), there is no rekey (§11.3).
 */
#ifndef COMMON_NOISE_NOISE_H
#define COMMON_NOISE_NOISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/buf.h"

#define NOISE_KEY_LEN  32
#define NOISE_HASH_LEN 32
#define NOISE_TAG_LEN  16
#define NOISE_MSG_MAX  65535 /* bytes in any message (§3) */
#define NOISE_DATA_MAX (NOISE_MSG_MAX - NOISE_TAG_LEN)

enum noise_pattern { NOISE_XX, NOISE_IK, NOISE_XXFALLBACK };

/* Who writes the pattern's first message. After noise_fallback() the two have
 * changed places. */
enum noise_role { NOISE_INITIATOR, NOISE_RESPONDER };

struct noise_public {
	uint8_t b[NOISE_KEY_LEN];
};

struct noise_secret {
	uint8_t b[NOISE_KEY_LEN];
};

struct noise_keypair {
	struct noise_secret sk;
	struct noise_public pk;
};

/* Where ephemeral keys come from. fill writes n random bytes to out. */
struct noise_rng {
	void (*fill)(void *ctx, void *out, size_t n);
	void *ctx;
};

/* libsodium's randombytes_buf; sodium_init() has been called by the program. */
extern const struct noise_rng noise_rng_system;

/* A new key pair. Wipe it after use with sodium_memzero. */
void noise_keypair_make(struct noise_keypair *kp, const struct noise_rng *rng);

/* The key pair of a stored secret key. 0, or ERR_FORMAT: no such key. */
int noise_keypair_of(
    struct noise_keypair *kp, const struct noise_secret *sk) MUST_USE;

/* ---- transport (§5.1) ------------------------------------------------------ */

/* One direction of an open connection: 40 bytes, the caller's storage. Wiped
 * with noise_cipher_clear(), after which it refuses with ERR_STATE. */
struct noise_cipher {
	uint8_t key[NOISE_KEY_LEN];
	uint64_t n; /* next nonce; NOISE_NONCE_END: nothing more */
};

#define NOISE_NONCE_END UINT64_MAX

/*
 * Seal pt into ct, len + NOISE_TAG_LEN bytes; ct may be pt (in place), other
 * overlaps are not allowed. ad may be NULL when adlen is 0.
 * Returns 0; ERR_RANGE len over NOISE_DATA_MAX; ERR_STATE the nonces are used
 * up or the cipher is cleared. On error nothing is written, nothing changed.
 */
int noise_encrypt(struct noise_cipher *c, const void *ad, size_t adlen,
    const uint8_t *pt, size_t len, uint8_t *ct) MUST_USE;

/*
 * Open ct into pt, len - NOISE_TAG_LEN bytes; pt may be ct.
 * Returns 0; ERR_AUTH forged, corrupt or out of order; ERR_RANGE bad length;
 * ERR_STATE as above. On error the cipher is unchanged and pt holds nothing
 * secret.
 */
int noise_decrypt(struct noise_cipher *c, const void *ad, size_t adlen,
    const uint8_t *ct, size_t len, uint8_t *pt) MUST_USE;

void noise_cipher_clear(struct noise_cipher *c);

/* ---- handshake (§5.3) ------------------------------------------------------ */

/* The caller's storage; fields belong to noise.c. */
struct noise_handshake {
	const struct noise_keypair *s; /* borrowed */
	struct noise_rng rng;
	struct noise_keypair e;
	struct noise_public rs, re;
	struct noise_cipher cs;
	uint8_t ck[NOISE_HASH_LEN];
	uint8_t h[NOISE_HASH_LEN];
	uint8_t pattern, role, step, status;
	bool keyed, have_e, have_re, have_rs;
};

struct noise_params {
	enum noise_pattern pattern; /* XX or IK */
	enum noise_role role;
	const void *prologue; /* borrowed during the call */
	size_t prologue_len;
	const struct noise_keypair *s; /* borrowed until noise_clear() */
	const struct noise_public *rs; /* copied; IK's initiator must have it */
	const struct noise_rng *rng; /* copied; NULL: noise_rng_system */
};

/*
 * Start a handshake. Returns 0, or ERR_STATE when the parameters do not fit
 * the pattern (XXfallback is only reached by noise_fallback; rs without use).
 */
int noise_init(
    struct noise_handshake *hs, const struct noise_params *params) MUST_USE;

/* Wipe everything. Safe on zeroed memory, and twice. */
void noise_clear(struct noise_handshake *hs);

/*
 * Append the next message, carrying a payload, to out. Payloads are in clear
 * while noise_payload_secret() is false.
 * Returns 0; ERR_STATE not our turn, finished or failed; ERR_RANGE the message
 * would exceed NOISE_MSG_MAX; ERR_FULL, ERR_NOMEM out has no room: nothing
 * changed in these cases. ERR_AUTH the peer's key is of small order: the
 * handshake has failed. Nothing is appended on error.
 */
int noise_write(struct noise_handshake *hs, const void *payload, size_t len,
    struct buf *out) MUST_USE;

/*
 * Read the peer's next message and append its payload.
 * Returns 0; ERR_STATE, ERR_FULL, ERR_NOMEM as in noise_write(): nothing
 * changed. ERR_RANGE too short or long, ERR_AUTH does not authenticate: the
 * handshake has failed; only noise_fallback() and noise_clear() are of use
 * then. Nothing is appended on error.
 */
int noise_read(struct noise_handshake *hs, const uint8_t *msg, size_t len,
    struct buf *payload) MUST_USE;

/*
 * Noise Pipes (§10.2, §10.4): go on as XXfallback with the ephemeral key of
 * the failed IK message. Allowed to IK's responder after noise_read() of the
 * first message returned ERR_AUTH (it writes next, as XXfallback's initiator),
 * and to IK's initiator after it wrote the first message (it reads next).
 * Returns 0, or ERR_STATE.
 */
int noise_fallback(struct noise_handshake *hs, const void *prologue,
    size_t prologue_len) MUST_USE;

/* Bytes the next message has besides its payload; 0 when none is left. */
size_t noise_overhead(const struct noise_handshake *hs);

/* True when it is our turn to write. */
bool noise_my_turn(const struct noise_handshake *hs);

/* True when every message has been written and read. */
bool noise_done(const struct noise_handshake *hs);

/* The peer's static key; NULL before it is known. Borrowed. */
const struct noise_public *noise_remote_static(
    const struct noise_handshake *hs);

/* The handshake hash, for channel binding (§11.2). 0; ERR_STATE not done. */
int noise_hash(
    const struct noise_handshake *hs, uint8_t h[NOISE_HASH_LEN]) MUST_USE;

/*
 * The two ciphers of the open connection: tx seals what we send, rx opens what
 * we receive. Wipes the handshake as noise_clear() does.
 * Returns 0; ERR_STATE not done, nothing changed.
 */
int noise_split(struct noise_handshake *hs, struct noise_cipher *tx,
    struct noise_cipher *rx) MUST_USE;

#endif
