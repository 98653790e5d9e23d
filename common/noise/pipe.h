/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pipe.h — one Noise Pipes connection between client and relay, without I/O:
 * bytes in, bytes out. Spec: docs/protocol.md §2.
 *
 *     client                                  relay
 *     'S' 'T' version mode, record   -->
 *                                    <--      mode, record
 *     record (modes 1 and 3)         -->
 *     records                        <->      records
 *
 * A record is a big-endian u16 length and one Noise message. Mode is 1 XX (the
 * client knows no key of the relay), 2 IK (it does), 3 XXfallback (only from
 * the relay: the key the client used is not ours). Open, the records carry one
 * stream of plaintext (frames: common/proto/frame.h).
 *
 * The client's first bytes ("early") ride in IK's first message, or in the
 * third message of XX and XXfallback, which leaves only after pipe_accept():
 * neither a request nor the client's identity reaches a relay whose key has
 * not been judged. An IK message can be replayed by whoever recorded it; so
 * early bytes may ask for nothing a replay could spend, and a relay must not
 * take the device for present before pipe_confirmed().
 */
#ifndef COMMON_NOISE_PIPE_H
#define COMMON_NOISE_PIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "common/buf.h"
#include "common/noise/noise.h"

#define PIPE_VERSION	1
#define PIPE_PROLOGUE	"Sotto/1" /* without its NUL */
#define PIPE_EARLY_MAX	512 /* bytes of early plaintext */
#define PIPE_PLAIN_MAX	NOISE_DATA_MAX /* 65519 bytes of plaintext a record */
#define PIPE_RECORD_MAX (2 + NOISE_MSG_MAX) /* bytes of the longest record */
#define PIPE_OVERHEAD	(2 + NOISE_TAG_LEN) /* bytes a record adds */

enum pipe_state {
	PIPE_FAILED, /* also: cleared */
	PIPE_HANDSHAKE,
	PIPE_JUDGE, /* client: pipe_accept() or pipe_clear(), as you trust */
	PIPE_OPEN,
};

struct pipe_handshake; /* heap, only until the pipe is open or fails */

/* The caller's storage: 120 bytes, and nothing else while the pipe is open.
 * Fields belong to pipe.c. */
struct pipe {
	union {
		struct {
			struct noise_cipher tx, rx;
		};
		struct pipe_handshake *hs;
	};
	struct noise_public peer;
	uint8_t state; /* enum pipe_state */
	uint8_t flags;
};

/*
 * Client: append the opening bytes to out.
 *   me     borrowed until the pipe is open or cleared
 *   relay  the key the relay is known by, copied; NULL when it is not: XX
 *   early  0..PIPE_EARLY_MAX bytes, copied
 *   rng    NULL: noise_rng_system
 * Returns 0; ERR_RANGE early too long; ERR_AUTH relay is no usable key;
 * ERR_NOMEM; ERR_FULL. On error p is as after pipe_clear().
 */
int pipe_init_client(struct pipe *p, const struct noise_keypair *me,
    const struct noise_public *relay, const void *early, size_t early_len,
    const struct noise_rng *rng, struct buf *out) MUST_USE;

/* Relay. 0 or ERR_NOMEM; me borrowed until the pipe is open or cleared. */
int pipe_init_server(struct pipe *p, const struct noise_keypair *me,
    const struct noise_rng *rng) MUST_USE;

/* Wipe and free; the state is PIPE_FAILED. Safe on zeroed memory, and twice. */
void pipe_clear(struct pipe *p);

/*
 * Take every whole record of in[0..len). *used tells how many bytes are done
 * with, on error too; the caller keeps the rest and calls again with more
 * behind it. No more than PIPE_RECORD_MAX + 4 bytes are ever needed at once,
 * and a record that is too long is refused by its length alone.
 *   plain  plaintext is appended
 *   out    what has to be sent is appended (handshake)
 * Returns 0 (the rest is incomplete, or the client must judge the key);
 * ERR_FULL or ERR_NOMEM when plain or out lacks room: the rest waits, call
 * again later. Anything else is final, the pipe has failed and wiped itself:
 * ERR_FORMAT, ERR_VERSION, ERR_RANGE, ERR_AUTH. ERR_STATE: it failed earlier.
 * A peer is told nothing; close the connection.
 */
int pipe_input(struct pipe *p, const uint8_t *in, size_t len, size_t *used,
    struct buf *plain, struct buf *out) MUST_USE;

/*
 * Client, in PIPE_JUDGE: the key pipe_remote_static() shows is the relay's.
 * Appends the last handshake record with the early bytes; the pipe is open.
 * Returns 0; ERR_STATE; ERR_FULL, ERR_NOMEM (call again); ERR_AUTH (failed).
 */
int pipe_accept(struct pipe *p, struct buf *out) MUST_USE;

/*
 * Seal len bytes into as many records as they need; len 0 makes one empty
 * record. All or nothing.
 * Returns 0; ERR_STATE not open; ERR_FULL, ERR_NOMEM. Unchanged on error.
 */
int pipe_seal(
    struct pipe *p, const void *data, size_t len, struct buf *out) MUST_USE;

/* Bytes pipe_seal() appends for len bytes of plaintext. */
size_t pipe_sealed_len(size_t len);

enum pipe_state pipe_state(const struct pipe *p);

/* The peer's static key, borrowed; NULL before it is authenticated. */
const struct noise_public *pipe_remote_static(const struct pipe *p);

/* The relay could not read our IK message: its key is not (or no longer) the
 * one given, or somebody bent the message. Compare pipe_remote_static(). */
bool pipe_used_fallback(const struct pipe *p);

/* Relay: the peer has proven its key in this very connection, by XX's third
 * message or by its first record after IK. Client: same as open. */
bool pipe_confirmed(const struct pipe *p);

#endif
