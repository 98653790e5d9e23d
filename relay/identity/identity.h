/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * identity.h — registration: a one-time code proves a phone number, and binds
 * the connection's Noise key to a device. docs/protocol.md, registration.
 *
 * One struct identity per loop: every call is made on the loop's thread, every
 * callback comes on it, exactly once, and never from within the call except
 * with ERR_BUSY and ERR_NOMEM. What several loops share is in the store and in
 * the limiter. Codes exist in clear only between the random generator and the
 * driver; the store gets a keyed hash.
 *
 * Nothing tells whether a number has an account: without an invite (policy
 * invite) and under policy closed a code goes only to numbers that have one,
 * and the answer is the same, at the same time, for all others; their attempt
 * takes wrong codes like any other. With an invite, or under policy open, a
 * code goes to every number, and the answer waits for the driver.
 *
 * Counts the metrics otp, registrations and its own share of rate_limited.
 */
#ifndef RELAY_IDENTITY_IDENTITY_H
#define RELAY_IDENTITY_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "common/base.h"
#include "common/log.h"
#include "common/proto/relay.pb-c.h"
#include "relay/abuse/clock.h"
#include "relay/abuse/limit.h"
#include "relay/admin/conf.h"
#include "relay/store/store.h"

struct identity;

#define IDENTITY_SECRET_LEN  32
#define IDENTITY_CODE_DIGITS 6
#define IDENTITY_PROOF_LEN   32 /* of a PIN; docs/protocol.md §4.3 */
#define IDENTITY_NAME_MAX    64 /* bytes of a device name */
#define IDENTITY_PENDING_MAX 1024 /* requests in work on one loop */

struct identity_env {
	uv_loop_t *loop;
	struct store *store;
	struct store_sink *sink; /* the loop's */
	struct limit *limit;
	const struct log *log;
	const struct relay_clock *clock;
	/* Same in every loop and after a restart; made from the relay's key.
	 * Copied. */
	const uint8_t *secret; /* IDENTITY_SECRET_LEN */
	struct relay_conf *conf; /* a reference is taken */
};

/* Heap, owned by the caller. All of env is borrowed except what it says.
 * 0; ERR_NOMEM; ERR_CONFIG; ERR_SYS. */
int identity_new(
    struct identity **out, const struct identity_env *env) MUST_USE;

/* After a reload; requests in work end under the old settings. 0; ERR_NOMEM,
 * ERR_CONFIG, ERR_SYS: the old settings stay. */
int identity_set_conf(struct identity *id, struct relay_conf *conf) MUST_USE;

/*
 * Every request in work is answered ERR_CLOSED before this returns (store
 * operations that are under way come back through the sink later and report to
 * nobody). Memory is freed when the loop has closed the last handle and the
 * sink has brought the last operation: run the loop to its end. NULL is fine.
 */
void identity_close(struct identity *id);

/* How a request ended badly. */
struct identity_fail {
	const char *text; /* a sentence for the person; static storage */
	uint32_t retry_after_ms; /* with ERR_RATE */
	const struct store_lock *lock; /* the code is right, the PIN is not */
};

struct identity_attempt {
	uint8_t token[STORE_TOKEN_LEN];
	uint64_t expires_ms; /* wall clock */
	uint32_t code_digits;
	uint32_t resend_after_ms;
	bool withheld; /* no code was sent: never for the peer to know */
};

/* err 0: a is filled; else fail is. Both are borrowed for the call. */
typedef void identity_register_fn(void *arg, int err,
    const struct identity_attempt *a, const struct identity_fail *fail);

/*
 * Ask for a code.
 *   peer   the device's address (after PROXY), for the limits
 *   req    borrowed for the call only
 *   mover  the account that wants this number for its own, or NULL: then no
 *          invite is asked for, and the code registers nobody
 * Errors, all by the callback: ERR_FORMAT bad number, name or invite; ERR_RATE;
 * ERR_NOTFOUND, ERR_EXPIRED, ERR_FULL the invite is unknown, too old, used up;
 * ERR_IO, ERR_TIMEOUT the code could not be sent; ERR_STATE no driver;
 * ERR_BUSY, ERR_NOMEM; what the store reports.
 */
void identity_register(struct identity *id, const struct net_addr *peer,
    const Sotto__Relay__RegisterRequest *req, const struct account_id *mover,
    identity_register_fn *done, void *arg);

struct identity_device {
	struct account_id account;
	uint32_t device_id;
	store_dev dev;
	bool replaced; /* the number had an account: its devices are gone */
	const struct store_devs *gone; /* close their sessions */
};

typedef void identity_verify_fn(void *arg, int err,
    const struct identity_device *d, const struct identity_fail *fail);

/*
 * Try a code. noise_key is the static key the connection has proven.
 * Errors: ERR_FORMAT keys, code or proof malformed; ERR_RATE; ERR_AUTH wrong
 * code, or with fail->lock the PIN's proof is missing or wrong;
 * ERR_EXPIRED no such attempt, too old, used, or wrong too often; ERR_EXISTS
 * that Noise key is another device; ERR_DUP choose another registration id;
 * ERR_FULL the invite was used up meanwhile; ERR_DENIED banned; ERR_BUSY,
 * ERR_NOMEM; what the store reports.
 */
void identity_verify(struct identity *id, const struct net_addr *peer,
    const uint8_t noise_key[static STORE_NOISE_PK_LEN],
    const Sotto__Relay__VerifyOtpRequest *req, identity_verify_fn *done,
    void *arg);

/* What the store keeps of a PIN's proof. Keyed: the store's file alone is no
 * help to guess it. */
void identity_pin_hash(const struct identity *id,
    const uint8_t proof[static IDENTITY_PROOF_LEN],
    uint8_t out[static STORE_PIN_HASH_LEN]);

/* What the store keeps of a code. 0; ERR_FORMAT neither token nor code. */
int identity_code_hash(const struct identity *id,
    const ProtobufCBinaryData *token, const char *code,
    uint8_t out[static STORE_CODE_HASH_LEN]) MUST_USE;

/* Requests in work. */
size_t identity_pending(const struct identity *id);

#endif
