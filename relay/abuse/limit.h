/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * limit.h — rate limits: token buckets per class and account, number or
 * address, in a table of fixed size.
 *
 * A bucket holds up to `burst` tokens and gets them back over `per_ms`. It is
 * kept as one time stamp (GCRA), 16 bytes with its tag. A bucket is forgotten
 * only when it is full again, which loses nothing; when a part of the table
 * holds none such, newcomers to it share one bucket. So nobody can get rid of
 * his own debt by making up other keys, and nobody can aim at a part: places
 * come from a hash with a secret key.
 *
 * Thread-safe: every call may be made from any thread; locks are striped and
 * held for some 50 ns. No I/O, no clock: now_ms is monotonic and handed in.
 */
#ifndef RELAY_ABUSE_LIMIT_H
#define RELAY_ABUSE_LIMIT_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"
#include "relay/abuse/net_addr.h"

#define LIMIT_ACCOUNT_LEN   16
#define LIMIT_ENTRIES_MIN   1024
#define LIMIT_RATE_TEXT_CAP 32
#define LIMIT_BURST_MAX	    1000000
#define LIMIT_PER_MAX_MS    (366ULL * 24 * 3600 * 1000)

/* What is counted: name, word in conf and metrics, what costs a token. */
#define LIMIT_CLASSES(X)                                                       \
	X(CONNECT, "connect", "an accepted connection")                        \
	X(HANDSHAKE, "handshake", "a Noise handshake, begun or failed")        \
	X(REGISTER, "register", "a one-time code asked for")                   \
	X(RESEND, "resend", "one more code for the same number")               \
	X(VERIFY, "verify", "a one-time code tried")                           \
	X(LOOKUP, "lookup", "a phone number looked up")                        \
	X(GET_KEYS, "get-keys", "a device whose keys are fetched")             \
	X(KEYS_OF, "keys-of", "the same, of one other account")                \
	X(PUT_KEYS, "put-keys", "an upload of keys or of a device list")       \
	X(SEND, "send", "a message sent, each recipient account")              \
	X(PRESENCE, "presence", "a presence change or subscription")           \
	X(GROUP_CHANGE, "group-change", "a signed change of a group")          \
	X(GROUP_READ, "group-read", "entries, state or devices of a group")    \
	X(GROUP_SEND, "group-send", "a message to a group")                    \
	X(STATUS, "status", "a status post")                                   \
	X(LINK, "link", "a mailbox for linking, or a message in one")          \
	X(ACCOUNT, "account", "a change of the account or its devices")        \
	X(REPORT, "report", "a report to the operator")                        \
	X(MEDIA, "media", "a blob to be uploaded, fetched or dropped")         \
	X(CALLS, "calls", "credentials for calls")                             \
	X(ANY, "any", "any request")

enum limit_class {
#define X(name, word, doc) LIMIT_##name,
	LIMIT_CLASSES(X)
#undef X
	    LIMIT_CLASS_COUNT
};

/* Whose bucket. */
enum limit_kind {
	LIMIT_BY_ACCOUNT,
	LIMIT_BY_NUMBER,
	LIMIT_BY_ADDRESS, /* IPv4; IPv6 by /64 */
	LIMIT_KIND_COUNT
};

/* Which pairs are limited, and the default: each is the configuration row
 * limit-<class>-<kind>. A pair without a row is never limited. */
#define LIMIT_ROWS(X) /* class, kind, row, default "tokens/time", what */      \
	X(CONNECT, ADDRESS, "limit-connect-address", "120/1m",                 \
	    "Connections from one address (IPv6: from one /64).")              \
	X(HANDSHAKE, ADDRESS, "limit-handshake-address", "60/1m",              \
	    "Noise handshakes from one address.")                              \
	X(REGISTER, ADDRESS, "limit-register-address", "10/1h",                \
	    "One-time codes asked for from one address.")                      \
	X(REGISTER, NUMBER, "limit-register-number", "4/1h",                   \
	    "One-time codes asked for one number.")                            \
	X(RESEND, NUMBER, "limit-resend-number", "1/1m",                       \
	    "How soon one more code may be asked for the same number.")        \
	X(VERIFY, ADDRESS, "limit-verify-address", "30/1h",                    \
	    "Codes tried from one address.")                                   \
	X(LOOKUP, ACCOUNT, "limit-lookup-account", "500/1d",                   \
	    "Phone numbers looked up by one account.")                         \
	X(LOOKUP, ADDRESS, "limit-lookup-address", "2000/1d",                  \
	    "Phone numbers looked up from one address.")                       \
	X(GET_KEYS, ACCOUNT, "limit-get-keys-account", "3000/10m",             \
	    "Devices whose keys one account fetches; a group of 1,024 "        \
	    "members needs all of theirs at once.")                            \
	X(KEYS_OF, ACCOUNT, "limit-keys-of-account", "60/1h",                  \
	    "Devices of one account whose keys one other account fetches: "    \
	    "each fetch spends a one-time key.")                               \
	X(PUT_KEYS, ACCOUNT, "limit-put-keys-account", "60/1h",                \
	    "Uploads of keys and device lists by one account.")                \
	X(SEND, ACCOUNT, "limit-send-account", "6000/10m",                     \
	    "Messages sent by one account, each recipient counts. To make a "  \
	    "group of 1,024, write to it and remove somebody takes 4,100.")    \
	X(PRESENCE, ACCOUNT, "limit-presence-account", "60/1m",                \
	    "Presence changes and subscriptions by one account.")              \
	X(GROUP_CHANGE, ACCOUNT, "limit-group-change-account", "300/10m",      \
	    "Changes of groups by one account.")                               \
	X(GROUP_READ, ACCOUNT, "limit-group-read-account", "600/1m",           \
	    "Questions about groups by one account.")                          \
	X(GROUP_SEND, ACCOUNT, "limit-group-send-account", "240/1m",           \
	    "Messages to groups by one account.")                              \
	X(STATUS, ACCOUNT, "limit-status-account", "60/1h",                    \
	    "Status posts by one account.")                                    \
	X(LINK, ADDRESS, "limit-link-address", "120/10m",                      \
	    "Mailboxes and messages in them from one address.")                \
	X(ACCOUNT, ACCOUNT, "limit-account-account", "60/1h",                  \
	    "Changes of one account and its devices.")                         \
	X(REPORT, ACCOUNT, "limit-report-account", "20/1d",                    \
	    "Reports by one account.")                                         \
	X(MEDIA, ACCOUNT, "limit-media-account", "600/10m",                    \
	    "Blobs one account uploads, fetches or drops.")                    \
	X(CALLS, ACCOUNT, "limit-calls-account", "120/10m",                    \
	    "Credentials for calls that one account asks for.")                \
	X(ANY, ACCOUNT, "limit-any-account", "9000/3m",                        \
	    "Requests of any kind by one account.")                            \
	X(ANY, ADDRESS, "limit-any-address", "12000/1m",                       \
	    "Requests of any kind from one address.")

struct limit_rate {
	uint32_t burst; /* tokens; 0: no limit */
	uint64_t per_ms; /* time in which burst tokens come back, >= 1 */
};

struct limit_rates {
	struct limit_rate r[LIMIT_CLASS_COUNT][LIMIT_KIND_COUNT];
};

/* "60/1m", "10/1h", "4/24h", "off". 0; ERR_FORMAT; ERR_RANGE. */
int limit_rate_parse(const char *text, struct limit_rate *out) MUST_USE;

/* "7d", "12h", "5m", "30s", "500ms", "h" (one); not 0. 0; ERR_FORMAT;
 * ERR_RANGE over LIMIT_PER_MAX_MS. */
int limit_time_parse(const char *text, uint64_t *ms) MUST_USE;

/* The defaults of LIMIT_ROWS. */
void limit_rates_default(struct limit_rates *out);

/* Who is limited: made by one of the three functions. */
struct limit_key {
	enum limit_kind kind;
	uint8_t len;
	uint8_t b[23];
};

struct limit_key limit_key_account(const uint8_t id[static LIMIT_ACCOUNT_LEN]);
struct limit_key limit_key_number(const char *e164); /* canonical */
struct limit_key limit_key_address(const struct net_addr *a); /* its site */

struct limit;

/*
 * A table for about `entries` buckets (rounded up; 16 bytes each). Heap, owned
 * by the caller. sodium_init() has been called.
 * Returns 0; ERR_NOMEM; ERR_RANGE entries below LIMIT_ENTRIES_MIN.
 */
int limit_new(struct limit **out, size_t entries) MUST_USE;
void limit_free(struct limit *l);

/* New rates; debts stay. Any thread. */
void limit_set_rates(struct limit *l, const struct limit_rates *rates);

/*
 * Take `cost` tokens, all or none. A cost over the burst counts as the burst.
 *   retry_after_ms  out on ERR_RATE: when as many will be there; may be NULL
 * Returns 0 or ERR_RATE.
 */
int limit_take(struct limit *l, enum limit_class c, const struct limit_key *key,
    uint32_t cost, uint64_t now_ms, uint32_t *retry_after_ms) MUST_USE;

/* The same from n buckets of one class, all or none. */
int limit_take_all(struct limit *l, enum limit_class c,
    const struct limit_key *keys, size_t n, uint32_t cost, uint64_t now_ms,
    uint32_t *retry_after_ms) MUST_USE;

/* Give tokens back (a request that was refused for another reason). */
void limit_refund(struct limit *l, enum limit_class c,
    const struct limit_key *key, uint32_t cost, uint64_t now_ms);

/* "register"; never NULL. */
const char *limit_class_str(enum limit_class c);

struct limit_stats {
	uint64_t refused; /* takes answered ERR_RATE */
	uint64_t shared; /* takes that found no place of their own */
	size_t entries; /* places in the table */
};
void limit_stats(struct limit *l, struct limit_stats *out);

#endif
