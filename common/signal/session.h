/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * session.h — sessions between two devices: start, encrypt, decrypt.
 * docs/crypto.md §6-§8.
 *
 * A session record is one opaque byte string per peer device: the current
 * session and the archived ones. Nothing here keeps state or does I/O: every
 * call takes the record as it is stored and gives the new one together with
 * its result. The caller writes both in one transaction, and only then lets
 * the ciphertext leave or shows the plaintext. A call that fails gives nothing,
 * so the stored record stays as it was.
 */
#ifndef COMMON_SIGNAL_SESSION_H
#define COMMON_SIGNAL_SESSION_H

#include "common/buf.h"
#include "common/signal/keys.h"
#include "common/signal/prekey.h"

#define SESSION_JUMP_MAX       25000 /* messages ahead in one chain; SPQR: 24,999 */
#define SESSION_SKIPPED_MAX    2000 /* keys kept for late messages, a chain */
#define SESSION_CHAINS_MAX     5 /* receiving chains a session */
#define SESSION_ARCHIVED_MAX   40
#define SESSION_RECORD_MAX     (1024 * 1024) /* bytes; oldest archived go */
#define SESSION_PLAINTEXT_MAX  (512 * 1024) /* bytes in one message */
#define SESSION_CIPHERTEXT_MAX (SESSION_PLAINTEXT_MAX + 8192)
#define SESSION_UNACKED_MAX_MS (30ull * 24 * 3600 * 1000)

/* The type beside each ciphertext, not part of it. */
enum signal_type {
	SIGNAL_MESSAGE = 2,
	SIGNAL_PRE_KEY_MESSAGE = 3, /* until the peer's first reply */
	SIGNAL_SENDER_KEY_MESSAGE = 7, /* groups, sender_key.h */
	SIGNAL_PLAINTEXT = 8,
};

/* Who we are, and what is handed in. All borrowed. */
struct signal_local {
	const struct identity_key_pair *identity;
	uint32_t registration_id;
	const struct signal_rng *rng;
	uint64_t now_ms;
	/* Oldest session version to start or accept by handshake; 0: the
	 * default of this code. Established sessions always go on. */
	uint8_t min_version;
	/* Handshakes of version 4 always offer the post-quantum ratchet (SPQR).
	 * false: a peer without it is refused. true: it is let in, and until
	 * it has shown what it does, no post-quantum key is used. */
	bool spqr_optional;
};

/*
 * Read-only access to our private pre-keys, for handshakes that arrive.
 * Each fills *out and returns 0, or returns ERR_NOTFOUND or another error,
 * which session_decrypt() passes on. kyber may be NULL: none exist.
 */
struct signal_prekeys {
	int (*signed_get)(void *ctx, uint32_t id, struct signed_pre_key *out);
	int (*one_time_get)(
	    void *ctx, uint32_t id, struct one_time_pre_key *out);
	int (*kyber_get)(void *ctx, uint32_t id, struct kyber_pre_key *out);
	void *ctx;
};

/*
 * Start a session with the device that published a bundle; the record's
 * current session, if any, is archived.
 *   record, len  the stored record, or NULL and 0
 *   out          set to the new record (initialised by the call, caller clears)
 * Returns 0; ERR_AUTH a signature of the bundle is wrong; ERR_FORMAT a key of
 * the bundle is unsound, or the record is malformed; ERR_VERSION the bundle
 * allows only a version below min_version; ERR_NOMEM. out is untouched on
 * error.
 */
int session_start(const struct signal_local *local, const uint8_t *record,
    size_t len, const struct pre_key_bundle *peer, struct buf *out) MUST_USE;

/* One encrypted message and the record after it. */
struct session_sealed {
	enum signal_type type; /* SIGNAL_MESSAGE or SIGNAL_PRE_KEY_MESSAGE */
	struct buf ciphertext;
	struct buf record;
	uint32_t registration_id; /* whom it is for */
};

/*
 * Encrypt ptlen (0..SESSION_PLAINTEXT_MAX) bytes.
 * Returns 0; ERR_NOTFOUND the record has no current session; ERR_EXPIRED the
 * peer never answered in SESSION_UNACKED_MAX_MS: fetch a bundle and start
 * anew; ERR_RANGE plaintext too long; ERR_FORMAT malformed record; ERR_FULL
 * the sending chain is at its end; ERR_NOMEM. out is untouched on error; on
 * success the caller clears it.
 */
int session_encrypt(const struct signal_local *local, const uint8_t *record,
    size_t len, const uint8_t *pt, size_t ptlen,
    struct session_sealed *out) MUST_USE;
void session_sealed_clear(struct session_sealed *s);

/* One decrypted message, the record after it, and what the caller must do. */
struct session_opened {
	struct buf plaintext;
	struct buf record;
	/* Who wrote, proven by the MAC. The caller decides whether it trusts
	 * this key before it stores anything; if not, it drops all of this. */
	struct identity_pk identity;
	uint32_t registration_id; /* the peer's */
	uint8_t version; /* 3 or 4 */
	bool new_session; /* a handshake arrived with this message */
	/* With new_session: our pre-keys it used. The one-time keys are to be
	 * deleted in the same transaction; (kyber_id, signed_id, base_key) is
	 * to be remembered when the Kyber key was the last-resort one. */
	uint32_t signed_id;
	bool used_one_time;
	uint32_t one_time_id;
	bool used_kyber;
	uint32_t kyber_id;
	struct ec_pk base_key;
};

/*
 * Decrypt one message of type SIGNAL_MESSAGE or SIGNAL_PRE_KEY_MESSAGE.
 *   record, len  the stored record, or NULL and 0 when there is none
 *   keys         needed for SIGNAL_PRE_KEY_MESSAGE, else may be NULL
 * Tries the current session, then the archived ones; the one that fits becomes
 * current. Returns 0; ERR_NOTFOUND no session, or a pre-key is gone; ERR_AUTH
 * forged, corrupt, or for a session we no longer have; ERR_DUP decrypted
 * before (or so late that its key is gone): nothing to show; ERR_RANGE too far
 * ahead, or too long; ERR_FORMAT malformed message, unsound key, or malformed
 * record; ERR_VERSION unknown or refused version, or no post-quantum ratchet
 * where there must be one; ERR_NOMEM; a callback's error. out is untouched on
 * error; on success the caller clears it.
 */
int session_decrypt(const struct signal_local *local, const uint8_t *record,
    size_t len, const struct signal_prekeys *keys, enum signal_type type,
    const uint8_t *ct, size_t ctlen, struct session_opened *out) MUST_USE;
void session_opened_clear(struct session_opened *o);

struct session_info {
	bool has_current; /* false: the fields up to archived are zero */
	uint8_t version;
	bool initiator; /* we started it */
	bool unacknowledged; /* still sends pre-key messages */
	bool post_quantum; /* SPQR renews its keys, or is being offered */
	struct identity_pk remote_identity;
	uint32_t remote_registration_id;
	uint64_t created_ms;
	uint32_t archived;
};

/* Returns 0; ERR_FORMAT, ERR_RANGE, ERR_VERSION malformed or unknown record;
 * ERR_NOMEM. out is unchanged on error. */
int session_info(
    const uint8_t *record, size_t len, struct session_info *out) MUST_USE;

/*
 * True when sending needs a new bundle first: no current session, one the
 * peer never answered for SESSION_UNACKED_MAX_MS, or one older than the
 * version this code prefers.
 */
bool session_needs_renewal(const struct session_info *i, uint64_t now_ms);

/*
 * Archive the current session: late messages still decrypt, sending needs a
 * new one. Without a current session the record comes back as it is. out is
 * initialised by the call, the caller clears it; untouched on error.
 * Returns 0; ERR_FORMAT, ERR_RANGE, ERR_VERSION; ERR_NOMEM.
 */
int session_archive(
    const uint8_t *record, size_t len, struct buf *out) MUST_USE;

#endif
