/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stun.h — STUN and TURN messages: read, checked, written. Spec: RFC 8489 and
 * RFC 8656; RFC 3489's messages without a cookie are read as far as a Binding
 * needs. Allocates nothing, keeps nothing, does no I/O.
 *
 * Reading walks a message once: lengths of all attributes that are known are
 * checked then (STUN_ATTRS), and a fingerprint where there is one, so that
 * whoever asks for an attribute later may rely on its length.
 *
 * Why not libnice's: docs/adr/0022-stun-codec-of-our-own.md.
 */
#ifndef COMMON_STUN_STUN_H
#define COMMON_STUN_STUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

#define STUN_HEADER	  20
#define STUN_COOKIE	  0x2112a442u
#define STUN_TID_LEN	  16 /* the cookie, or RFC 3489's first 4, and 12 */
#define STUN_MSG_MAX	  (STUN_HEADER + 65532)
#define STUN_KEY_MAX	  32
#define STUN_SHA1_LEN	  20
#define STUN_SHA256_LEN	  32
#define STUN_NAME_MAX	  508 /* bytes of a USERNAME: RFC 8489 §14.3 */
#define STUN_TEXT_MAX	  763 /* bytes of 127 characters: REALM, NONCE, ... */
#define STUN_CHANNEL_HEAD 4 /* RFC 8656 §12.4 */
#define STUN_CHANNEL_MIN  0x4000

enum stun_class {
	STUN_REQUEST = 0,
	STUN_INDICATION = 1,
	STUN_SUCCESS = 2,
	STUN_ERROR = 3,
};

/* name, number: RFC 8489 §18.2, RFC 8656 §17 */
#define STUN_METHODS(X)                                                        \
	X(BINDING, 0x001)                                                      \
	X(ALLOCATE, 0x003)                                                     \
	X(REFRESH, 0x004)                                                      \
	X(SEND, 0x006)                                                         \
	X(DATA, 0x007)                                                         \
	X(CREATE_PERMISSION, 0x008)                                            \
	X(CHANNEL_BIND, 0x009)

enum stun_method {
#define X(name, number) STUN_##name = (number),
	STUN_METHODS(X)
#undef X
};

/* name, type, least and most bytes of its value, which are a multiple of... */
#define STUN_ATTRS(X)                                                          \
	X(MAPPED_ADDRESS, 0x0001, 8, 20, 4)                                    \
	X(USERNAME, 0x0006, 0, STUN_NAME_MAX, 1)                               \
	X(MESSAGE_INTEGRITY, 0x0008, STUN_SHA1_LEN, STUN_SHA1_LEN, 1)          \
	X(ERROR_CODE, 0x0009, 4, 4 + STUN_TEXT_MAX, 1)                         \
	X(UNKNOWN_ATTRIBUTES, 0x000a, 0, 65532, 2)                             \
	X(CHANNEL_NUMBER, 0x000c, 4, 4, 1)                                     \
	X(LIFETIME, 0x000d, 4, 4, 1)                                           \
	X(XOR_PEER_ADDRESS, 0x0012, 8, 20, 4)                                  \
	X(DATA_BYTES, 0x0013, 0, 65532, 1)                                     \
	X(REALM, 0x0014, 0, STUN_TEXT_MAX, 1)                                  \
	X(NONCE, 0x0015, 0, STUN_TEXT_MAX, 1)                                  \
	X(XOR_RELAYED_ADDRESS, 0x0016, 8, 20, 4)                               \
	X(REQUESTED_FAMILY, 0x0017, 4, 4, 1)                                   \
	X(EVEN_PORT, 0x0018, 1, 4, 1)                                          \
	X(REQUESTED_TRANSPORT, 0x0019, 4, 4, 1)                                \
	X(DONT_FRAGMENT, 0x001a, 0, 0, 1)                                      \
	X(MESSAGE_INTEGRITY_SHA256, 0x001c, 16, STUN_SHA256_LEN, 4)            \
	X(PASSWORD_ALGORITHM, 0x001d, 4, 64, 1)                                \
	X(USERHASH, 0x001e, 32, 32, 1)                                         \
	X(XOR_MAPPED_ADDRESS, 0x0020, 8, 20, 4)                                \
	X(RESERVATION_TOKEN, 0x0022, 8, 8, 1)                                  \
	X(PRIORITY, 0x0024, 4, 4, 1)                                           \
	X(USE_CANDIDATE, 0x0025, 0, 0, 1)                                      \
	X(ADDITIONAL_FAMILY, 0x8000, 4, 4, 1)                                  \
	X(ADDRESS_ERROR_CODE, 0x8001, 4, 4 + STUN_TEXT_MAX, 1)                 \
	X(PASSWORD_ALGORITHMS, 0x8002, 4, 256, 1)                              \
	X(ICMP, 0x8004, 8, 8, 1)                                               \
	X(SOFTWARE, 0x8022, 0, STUN_TEXT_MAX, 1)                               \
	X(FINGERPRINT, 0x8028, 4, 4, 1)                                        \
	X(ICE_CONTROLLED, 0x8029, 8, 8, 1)                                     \
	X(ICE_CONTROLLING, 0x802a, 8, 8, 1)

enum stun_type {
#define X(name, type, min, max, of) STUN_ATTR_##name = (type),
	STUN_ATTRS(X)
#undef X
};

/* Below it an attribute that is not known makes a request fail (420). */
#define STUN_OPTIONAL 0x8000

/* Errors: RFC 8489 §14.8, RFC 8656 §19. */
#define STUN_ERRORS(X)                                                         \
	X(BAD_REQUEST, 400, "Bad Request")                                     \
	X(UNAUTHENTICATED, 401, "Unauthenticated")                             \
	X(FORBIDDEN, 403, "Forbidden")                                         \
	X(UNKNOWN_ATTRIBUTE, 420, "Unknown Attribute")                         \
	X(MISMATCH, 437, "Allocation Mismatch")                                \
	X(STALE_NONCE, 438, "Stale Nonce")                                     \
	X(FAMILY, 440, "Address Family not Supported")                         \
	X(CREDENTIALS, 441, "Wrong Credentials")                               \
	X(TRANSPORT, 442, "Unsupported Transport Protocol")                    \
	X(PEER_FAMILY, 443, "Peer Address Family Mismatch")                    \
	X(QUOTA, 486, "Allocation Quota Reached")                              \
	X(SERVER, 500, "Server Error")                                         \
	X(CAPACITY, 508, "Insufficient Capacity")

enum stun_code {
	STUN_CODE_NONE = 0,
#define X(name, code, text) STUN_CODE_##name = (code),
	STUN_ERRORS(X)
#undef X
};

/* ---- addresses --------------------------------------------------------------- */

enum stun_family { STUN_IPV4 = 1, STUN_IPV6 = 2 };

struct stun_addr {
	uint8_t family; /* enum stun_family */
	uint16_t port; /* host order */
	uint8_t ip[16]; /* 4 of them for IPv4, the rest 0 */
};

/* ---- reading ------------------------------------------------------------------ */

/* A message that was read; borrows its bytes. */
struct stun_msg {
	const uint8_t *p;
	size_t len;
	size_t end; /* attributes behind it are not looked at */
	uint16_t method; /* enum stun_method, or another */
	uint8_t class; /* enum stun_class */
	bool cookie; /* false: RFC 3489's */
	bool fingerprint; /* there is one, and it is right */
	size_t mac; /* where MESSAGE-INTEGRITY begins; 0 none */
	size_t mac256; /* the same of MESSAGE-INTEGRITY-SHA256 */
};

struct stun_attr {
	uint16_t type;
	uint16_t len;
	const uint8_t *v; /* borrowed from the message */
};

/*
 * Read one message that fills p. Whether it is a message at all is said by its
 * first byte, 0 to 3 (RFC 7983).
 * Returns 0; ERR_FORMAT lengths that do not fit, a fingerprint that is wrong or
 * not the last. On error *m is unchanged.
 */
int stun_read(struct stun_msg *m, const uint8_t *p, size_t len) MUST_USE;

/* How long the message or ChannelData is that begins with these 4 bytes, with
 * padding as on a stream; 0: neither. RFC 8656 §12.5. */
size_t stun_framed_len(const uint8_t p[static 4]);

/* The next attribute; *at is 0 at first. False: no more. */
bool stun_next(const struct stun_msg *m, size_t *at, struct stun_attr *a);

/* The first of a type (RFC 8489 §14: more of them are ignored). */
bool stun_find(const struct stun_msg *m, uint16_t type, struct stun_attr *a);

/* Transaction id: STUN_TID_LEN bytes, borrowed. */
const uint8_t *stun_tid(const struct stun_msg *m);

/* 4 bytes of an attribute as a number. */
uint32_t stun_u32(const struct stun_attr *a);

/* An XOR-...-ADDRESS. 0; ERR_FORMAT a family that does not go with the length.
 * Source: RFC 8489 §14.2. */
int stun_get_addr(const struct stun_msg *m, const struct stun_attr *a,
    struct stun_addr *out) MUST_USE;

/* The code of an ERROR-CODE, 300..699; 0: none, or nonsense. */
unsigned stun_error_code(const struct stun_msg *m);

/* Types below STUN_OPTIONAL that are in none of STUN_ATTRS; at most cap are
 * written. Returns their number. */
size_t stun_unknown(const struct stun_msg *m, uint16_t *out, size_t cap);

/* ---- credentials --------------------------------------------------------------- */

/* RFC 8489 §18.5 */
enum stun_algorithm { STUN_MD5 = 1, STUN_SHA256 = 2 };

struct stun_key {
	uint8_t b[STUN_KEY_MAX];
	uint8_t len; /* 16 or 32 */
};

/* The key of long-term credentials: a hash of "name:realm:password", which are
 * taken as they are (ours are ASCII). RFC 8489 §9.2.2, §18.5.1. */
void stun_key_long(struct stun_key *k, enum stun_algorithm a, const void *name,
    size_t name_len, const char *realm, const char *password);

/*
 * Compare the message's code with what the key makes; constant time. When both
 * are there the stronger one counts (RFC 8489 §9.2.4).
 *   key  of stun_key_long(), or a short-term password
 * Returns 0; ERR_AUTH; ERR_NOTFOUND no code in it.
 */
int stun_check(
    const struct stun_msg *m, const uint8_t *key, size_t len) MUST_USE;

/* ---- writing -------------------------------------------------------------------- */

/* Once something did not fit, nothing more is written. */
struct stun_out {
	uint8_t *p; /* the caller's */
	size_t cap, len;
	bool full;
};

/* tid: STUN_TID_LEN bytes, beginning with the cookie unless it answers RFC
 * 3489. */
void stun_begin(struct stun_out *o, void *p, size_t cap, enum stun_class c,
    uint16_t method, const uint8_t tid[static STUN_TID_LEN]);
/* The head of an answer to m. */
void stun_answer(struct stun_out *o, void *p, size_t cap, enum stun_class c,
    const struct stun_msg *m);

void stun_put(struct stun_out *o, uint16_t type, const void *v, size_t len);
void stun_put_text(struct stun_out *o, uint16_t type, const char *text);
void stun_put_u32(struct stun_out *o, uint16_t type, uint32_t v);
void stun_put_addr(struct stun_out *o, uint16_t type,
    const struct stun_addr *a); /* XORed unless MAPPED-ADDRESS */
void stun_put_error(struct stun_out *o, enum stun_code code);
void stun_put_unknown(struct stun_out *o, const uint16_t *types, size_t n);

/* MESSAGE-INTEGRITY, or -SHA256, over all that is there. */
void stun_put_mac(struct stun_out *o, const uint8_t *key, size_t len);
void stun_put_mac256(struct stun_out *o, const uint8_t *key, size_t len);
/* The last one. */
void stun_put_fingerprint(struct stun_out *o);

/* The length; 0 when it did not fit. */
size_t stun_end(const struct stun_out *o);

/*
 * What stands before `data` bytes in a Data indication, when they follow it in
 * the same buffer; the caller pads them to 4. head: STUN_DATA_HEAD_MAX bytes.
 * Returns its length: 36 for IPv4, 48 for IPv6.
 */
#define STUN_DATA_HEAD_MAX 48
size_t stun_data_head(uint8_t head[static STUN_DATA_HEAD_MAX],
    const uint8_t tid[static STUN_TID_LEN], const struct stun_addr *peer,
    size_t data);

/* The sentence of a code; "" when it has none. */
const char *stun_error_text(unsigned code);

#endif
