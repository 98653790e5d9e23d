/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * spqr_message.h — internal: what SPQR puts into a message, as bytes.
 *
 *     0x01 || epoch || number || type [|| chunk number || 32 bytes]
 *
 * The numbers are varints. docs/crypto.md §11.5.
 */
#ifndef COMMON_SIGNAL_SPQR_MESSAGE_H
#define COMMON_SIGNAL_SPQR_MESSAGE_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/signal/erasure.h"

#define SPQR_VERSION	 1
#define SPQR_MESSAGE_MAX 64 /* bytes of what we write */

enum spqr_type {
	SPQR_NONE = 0,
	SPQR_HDR = 1,
	SPQR_EK = 2,
	SPQR_EK_CT1_ACK = 3,
	SPQR_CT1_ACK = 4, /* no chunk, as SPQR_NONE */
	SPQR_CT1 = 5,
	SPQR_CT2 = 6,
};

struct spqr_message {
	uint64_t epoch; /* from 1 */
	uint32_t number; /* of the key, in the epoch before; 0: no key */
	enum spqr_type type;
	struct chunk chunk;
};

/* True when the type carries a chunk. */
bool spqr_has_chunk(enum spqr_type type);

/* The length written. */
size_t spqr_message_put(
    uint8_t out[static SPQR_MESSAGE_MAX], const struct spqr_message *m);

/*
 * What follows the message is ignored, so that it may grow. Returns 0;
 * ERR_VERSION; ERR_FORMAT. m is unchanged on error.
 */
int spqr_message_get(
    struct spqr_message *m, const uint8_t *p, size_t len) MUST_USE;

#endif
