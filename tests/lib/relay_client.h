/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relay_client.h — a small blocking client of the relay, for tests and benches:
 * real TCP, Noise by common/noise/pipe.h, one request at a time or frames at
 * will. One thread per client.
 */
#ifndef TESTS_LIB_RELAY_CLIENT_H
#define TESTS_LIB_RELAY_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <protobuf-c/protobuf-c.h>

#include "common/base.h"
#include "common/noise/noise.h"
#include "common/proto/frame.h"
#include "common/proto/method.h"
#include "common/proto/relay.pb-c.h"

#define RC_ACCOUNT_LEN 16
#define RC_ID_LEN      16

struct rc; /* heap */

struct rc_opts {
	const char *host; /* an IPv4 address */
	uint16_t port;
	const char *from; /* our own address; NULL: any */
	const struct noise_keypair *me; /* borrowed until rc_close() */
	const struct noise_public *relay; /* NULL: XX, any key is fine */
	const void *before; /* bytes ahead of the handshake (PROXY) */
	size_t before_len;
	int timeout_ms; /* of every wait; 0: 20 s */
	bool no_hello; /* stop when the pipe is open */
	bool no_confirm; /* after IK's first message say no more by itself */
	int rcvbuf; /* bytes of the socket's buffer; 0: the system's */
};

/* A frame that was read; body is the client's until its next frame. */
struct rc_frame {
	enum frame_kind kind;
	uint16_t method;
	uint32_t id;
	const uint8_t *body;
	size_t len;
};

/*
 * Connect, shake hands, say HELLO.
 * Returns 0; ERR_SYS cannot connect; ERR_CLOSED the relay hung up; ERR_TIMEOUT;
 * the relay's error to HELLO. *out is set on success only.
 */
int rc_open(struct rc **out, const struct rc_opts *opts) MUST_USE;

/* Close the socket; NULL is fine. */
void rc_close(struct rc *c);

/* The socket, for poll(). */
int rc_fd(const struct rc *c);

/* The answer to HELLO; NULL before. Borrowed. */
const Sotto__Relay__HelloResponse *rc_hello(const struct rc *c);

/* The key the relay has shown. */
const struct noise_public *rc_relay_key(const struct rc *c);

/* Write a frame; msg NULL: an empty body. 0 or ERR_CLOSED. */
int rc_put(struct rc *c, enum frame_kind kind, uint16_t method, uint32_t id,
    const ProtobufCMessage *msg) MUST_USE;

/* Plaintext as it is, in a record of its own. 0 or ERR_CLOSED. */
int rc_put_bytes(struct rc *c, const void *p, size_t len) MUST_USE;

/* Bytes past Noise. 0 or ERR_CLOSED. */
int rc_put_raw(struct rc *c, const void *p, size_t len) MUST_USE;

/* The next frame of any kind. 0; ERR_CLOSED; ERR_TIMEOUT; ERR_FORMAT. */
int rc_next(struct rc *c, struct rc_frame *f) MUST_USE;

/*
 * A request and its answer; events met on the way are kept for rc_event().
 *   f  out, the answer's frame also when it is an error; may be NULL
 * Returns 0; the relay's own error; ERR_CLOSED, ERR_TIMEOUT.
 */
int rc_call(struct rc *c, uint16_t method, const ProtobufCMessage *msg,
    struct rc_frame *f) MUST_USE;

/* The next event of that number; others are dropped. 0; ERR_CLOSED, ... */
int rc_event(struct rc *c, uint16_t method, struct rc_frame *f) MUST_USE;

/* Read until the relay closes. 0 it has; ERR_TIMEOUT. reason (may be NULL): of
 * its GOODBYE, "" without one. */
int rc_wait_closed(struct rc *c, char *reason, size_t cap) MUST_USE;

/* ---- people ---------------------------------------------------------------------- */

struct rc_person {
	char phone[20];
	struct noise_keypair key;
	uint8_t identity[33];
	uint32_t registration_id;
	uint8_t account[RC_ACCOUNT_LEN];
	uint32_t device_id;
};

/* A new phone number and keys; n makes the number. */
void rc_person_make(struct rc_person *p, unsigned n);

/*
 * REGISTER and VERIFY_OTP over an open connection.
 *   code  called between the two: writes the 6 digits the relay has sent
 *   keys  one-time pre-keys to upload, of either kind
 * Returns as rc_call(); ERR_NOTFOUND code() has none.
 */
int rc_register(struct rc *c, struct rc_person *p, const char *invite,
    int (*code)(void *arg, char out[static 7]), void *arg,
    unsigned keys) MUST_USE;

/* Keys for PUT_KEYS: ids from first on. Freed with rc_keys_free(). */
Sotto__Relay__PreKeys *rc_keys_make(
    unsigned first, unsigned n, bool with_signed);
void rc_keys_free(Sotto__Relay__PreKeys *k);

/*
 * SEND one body to one device of somebody. id: 16 bytes; NULL: random.
 * resp (may be NULL): unpacked, to be freed by the caller, on success only.
 * Returns as rc_call().
 */
int rc_send(struct rc *c, const struct rc_person *to, const void *id,
    const void *body, size_t len, bool ephemeral,
    Sotto__Relay__SendResponse **resp) MUST_USE;

/* ACK up to seq. 0 or ERR_CLOSED. */
int rc_ack(struct rc *c, uint64_t seq) MUST_USE;

/* The next DELIVER, unpacked; free it. 0; ERR_CLOSED, ERR_TIMEOUT. */
int rc_deliver(struct rc *c, Sotto__Relay__DeliverEvent **ev) MUST_USE;

#endif
