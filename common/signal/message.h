/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * message.h — the two pairwise message formats as bytes. docs/crypto.md §7.
 *
 *     Signal message    version || SignalMessage || mac(8)
 *     pre-key message   version || PreKeySignalMessage
 *
 * The version byte's high half is the session version, 3 or 4; the low half is
 * the sender's newest and means nothing, but is authenticated as received.
 */
#ifndef COMMON_SIGNAL_MESSAGE_H
#define COMMON_SIGNAL_MESSAGE_H

#include "common/proto/signal.pb-c.h"
#include "common/signal/kdf.h"
#include "common/signal/keys.h"
#include "common/signal/pb.h"

#define SIGNAL_VERSION_MIN 3
#define SIGNAL_VERSION_MAX 4
#define SIGNAL_MAC_LEN	   8
#define SIGNAL_MESSAGE_MAX (520 * 1024) /* bytes of a whole message, any type */

/* Decoded; the pointers borrow from pb and from the bytes that were read. */
struct signal_message {
	uint8_t version;
	struct ec_pk ratchet_key;
	uint32_t counter;
	uint32_t previous_counter;
	const uint8_t *ciphertext;
	size_t ciphertext_len;
	const uint8_t *pq_ratchet; /* NULL: none */
	size_t pq_ratchet_len;
	const uint8_t *signed_part; /* what the MAC covers of these bytes */
	size_t signed_len;
	const uint8_t *mac; /* SIGNAL_MAC_LEN bytes */
	Sotto__Signal__SignalMessage *pb;
	struct pb_mem mem; /* last: not initialised */
};

struct pre_key_message {
	uint8_t version;
	bool has_one_time;
	uint32_t one_time_id;
	struct ec_pk base_key;
	struct identity_pk identity;
	const uint8_t *message; /* a Signal message */
	size_t message_len;
	uint32_t registration_id;
	uint32_t signed_id;
	bool has_kyber; /* exactly in version 4 */
	uint32_t kyber_id;
	const uint8_t *kyber_ct; /* KEM_CT_LEN bytes */
	Sotto__Signal__PreKeySignalMessage *pb;
	struct pb_mem mem; /* last: not initialised */
};

/*
 * Decode; on success the caller clears. The struct must not be copied or
 * moved meanwhile, but for the members before pb. Returns 0; ERR_RANGE length; ERR_VERSION; ERR_FORMAT;
 * ERR_NOMEM. m needs no clearing after an error.
 */
int signal_message_parse(
    struct signal_message *m, const uint8_t *p, size_t len) MUST_USE;
void signal_message_clear(struct signal_message *m);
int pre_key_message_parse(
    struct pre_key_message *m, const uint8_t *p, size_t len) MUST_USE;
void pre_key_message_clear(struct pre_key_message *m);

/* Who wrote and who reads: the MAC binds both, in this order. */
struct mac_parties {
	struct identity_pk sender;
	struct identity_pk receiver;
};

/* Constant time. 0 or ERR_AUTH. */
int signal_message_check(const struct signal_message *m,
    const uint8_t mac_key[static 32], const struct mac_parties *who) MUST_USE;

/* Nothing in it; to be filled for signal_message_put(). */
void signal_message_init(struct signal_message *m);

/*
 * Append a whole Signal message made of version, ratchet_key, counter,
 * previous_counter, ciphertext and pq_ratchet. Returns 0, ERR_FULL, ERR_NOMEM;
 * out is unchanged on error.
 */
int signal_message_put(struct buf *out, const struct signal_message *m,
    const uint8_t mac_key[static 32], const struct mac_parties *who) MUST_USE;

/* Append a whole pre-key message; as above. */
int pre_key_message_put(
    struct buf *out, const struct pre_key_message *m) MUST_USE;

#endif
