/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * metrics.h — what the relay counts, one row each, as Prometheus text.
 *
 * Process-wide. Counting takes no lock: every thread adds to a slot of its own
 * (relaxed atomics); reading sums the slots. Labels are bounded: each comes
 * from a table known when this is compiled, anything else is "other". No label
 * ever holds a number, address, account or name.
 */
#ifndef RELAY_ADMIN_METRICS_H
#define RELAY_ADMIN_METRICS_H

#include <stdint.h>

#include "common/base.h"
#include "common/buf.h"
#include "common/proto/method.h"
#include "relay/abuse/limit.h"

/* Why a connection was closed or a frame refused. */
#define CLOSE_REASONS(X)                                                       \
	X(PEER, "peer") /* the other side closed */                            \
	X(IDLE, "idle")                                                        \
	X(HANDSHAKE_TIMEOUT, "handshake_timeout")                              \
	X(HANDSHAKE_FAILED, "handshake_failed")                                \
	X(GUEST_TIMEOUT, "guest_timeout")                                      \
	X(BAD_PROXY, "bad_proxy") /* PROXY header missing or malformed */      \
	X(BAD_FRAME, "bad_frame") /* malformed or oversized */                 \
	X(BAD_RECORD, "bad_record") /* Noise authentication failed */          \
	X(BAD_STATE, "bad_state") /* out of order */                           \
	X(SLOW_READER, "slow_reader")                                          \
	X(REPLACED, "replaced") /* the device connected again */               \
	X(REVOKED, "revoked")                                                  \
	X(BANNED, "banned")                                                    \
	X(RATE, "rate")                                                        \
	X(FULL, "full") /* a maximum of connections */                         \
	X(DRAIN, "drain")                                                      \
	X(ERROR, "error") /* our own or the system's */

enum close_reason {
#define X(name, word) CLOSE_##name,
	CLOSE_REASONS(X)
#undef X
	    CLOSE_REASON_COUNT
};

#define OTP_RESULTS(X)                                                         \
	X(SENT, "sent")                                                        \
	X(FAILED, "failed")                                                    \
	X(WITHHELD, "withheld") /* no code: answered as if there were one */

enum otp_result {
#define X(name, word) OTP_##name,
	OTP_RESULTS(X)
#undef X
	    OTP_RESULT_COUNT
};

/* Label sets: name, label key, number of values. */
#define METRIC_LABELS(X)                                                       \
	X(NONE, "", 1)                                                         \
	X(METHOD, "method", METRIC_METHODS)                                    \
	X(CODE, "code", METRIC_CODES)                                          \
	X(REASON, "reason", CLOSE_REASON_COUNT)                                \
	X(CLASS, "class", LIMIT_CLASS_COUNT)                                   \
	X(OTP, "result", OTP_RESULT_COUNT)

enum metric_label {
#define X(name, key, n) METRIC_LABEL_##name,
	METRIC_LABELS(X)
#undef X
};

enum {
#define X(name, number, state, max, req, resp, doc) METRIC_METHOD_##name,
	METHODS(X)
#undef X
	    METRIC_METHOD_OTHER,
	METRIC_METHODS,

	METRIC_CODE_OK = 0, /* then -code */
	METRIC_CODE_OTHER = 32,
	METRIC_CODES,
};

/* type, name, label, second label, help. COUNTER gets _total; a SECONDS
 * histogram is observed in microseconds. */
#define METRICS(X)                                                             \
	X(GAUGE, connections, NONE, NONE, "Open connections.")                 \
	X(GAUGE, guests, NONE, NONE,                                           \
	    "Open connections that are no device (yet).")                      \
	X(GAUGE, devices_online, NONE, NONE, "Devices connected.")             \
	X(COUNTER, accepted, NONE, NONE, "Connections accepted.")              \
	X(COUNTER, closed, REASON, NONE, "Connections closed, by reason.")     \
	X(COUNTER, handshakes, CODE, NONE, "Noise handshakes, by result.")     \
	X(COUNTER, requests, METHOD, CODE, "Requests answered, by result.")    \
	X(SECONDS, request_duration, METHOD, NONE,                             \
	    "From a request read to its answer queued.")                       \
	X(COUNTER, frames_refused, CODE, NONE,                                 \
	    "Frames that were malformed, oversized, unknown or out of order.") \
	X(COUNTER, received_bytes, NONE, NONE, "Bytes read from sockets.")     \
	X(COUNTER, sent_bytes, NONE, NONE, "Bytes written to sockets.")        \
	X(COUNTER, messages_accepted, NONE, NONE,                              \
	    "Envelopes accepted, one a device.")                               \
	X(COUNTER, messages_delivered, NONE, NONE,                             \
	    "Envelopes pushed to connected devices.")                          \
	X(COUNTER, messages_acked, NONE, NONE,                                 \
	    "Envelopes acknowledged by devices.")                              \
	X(COUNTER, messages_expired, NONE, NONE,                               \
	    "Envelopes dropped undelivered.")                                  \
	X(COUNTER, ephemeral, NONE, NONE, "Ephemeral envelopes forwarded.")    \
	X(COUNTER, group_changes, NONE, NONE, "Signed changes of groups.")     \
	X(COUNTER, devices_linked, NONE, NONE, "Devices linked.")              \
	X(COUNTER, reports, NONE, NONE, "Reports taken for the operator.")     \
	X(GAUGE, link_mailboxes, NONE, NONE, "Open mailboxes of linkings.")    \
	X(COUNTER, rate_limited, CLASS, NONE, "Refused by a rate limit.")      \
	X(COUNTER, otp, OTP, NONE, "One-time codes, by what became of them.")  \
	X(COUNTER, registrations, CODE, NONE, "Codes tried, by result.")       \
	X(COUNTER, reloads, CODE, NONE, "Configuration reloads, by result.")   \
	X(GAUGE, store_failing, NONE, NONE, "1 while the store refuses.")      \
	X(GAUGE, draining, NONE, NONE, "1 while the relay drains.")            \
	X(COUNTER, store_operations, NONE, NONE, "Operations of the store.")   \
	X(COUNTER, store_commits, NONE, NONE, "Group commits, an fsync each.") \
	X(COUNTER, store_commits_failed, NONE, NONE,                           \
	    "Group commits the disk refused.")                                 \
	X(COUNTER, store_commit_microseconds, NONE, NONE,                      \
	    "Time spent in group commits.")                                    \
	X(COUNTER, store_rows_written, NONE, NONE,                             \
	    "Envelopes that reached the disk.")                                \
	X(COUNTER, blobs_received, NONE, NONE, "Blobs that came whole.")       \
	X(COUNTER, blobs_served, NONE, NONE, "Blobs or parts sent out.")       \
	X(COUNTER, blobs_removed, NONE, NONE, "Blobs expired or deleted.")     \
	X(COUNTER, blob_received_bytes, NONE, NONE, "Bytes of blobs taken.")   \
	X(COUNTER, blob_requests_refused, NONE, NONE,                          \
	    "HTTP requests for blobs that were refused.")                      \
	X(GAUGE, blob_connections, NONE, NONE, "Open HTTP connections.")       \
	X(GAUGE, turn_allocations, NONE, NONE, "Relay ports of calls in use.") \
	X(GAUGE, turn_streams, NONE, NONE, "Open TCP and TLS connections.")    \
	X(COUNTER, turn_requests, NONE, NONE, "STUN and TURN requests.")       \
	X(COUNTER, turn_refused, NONE, NONE,                                   \
	    "Those answered with an error but for missing credentials.")       \
	X(COUNTER, turn_malformed, NONE, NONE, "Packets that are no such.")    \
	X(COUNTER, turn_rate_limited, NONE, NONE,                              \
	    "Answers without credentials that were not given.")                \
	X(COUNTER, turn_dropped, NONE, NONE,                                   \
	    "Data without permission or above the bandwidth.")                 \
	X(COUNTER, turn_relayed_packets, NONE, NONE, "Data passed on.")        \
	X(COUNTER, turn_relayed_bytes, NONE, NONE, "Bytes of it.")             \
	X(GAUGE, accounts, NONE, NONE, "Accounts.")                            \
	X(GAUGE, devices, NONE, NONE, "Devices.")                              \
	X(GAUGE, queued_messages, NONE, NONE, "Envelopes waiting.")            \
	X(GAUGE, store_bytes, NONE, NONE, "Size of the store on disk.")

enum metric {
#define X(type, name, l1, l2, help) METRIC_##name,
	METRICS(X)
#undef X
	    METRIC_COUNT
};

/* Counters and gauges without labels. Any thread. */
void metrics_add(enum metric m, int64_t n);

/* With one label: an index from its enum (CLOSE_IDLE, LIMIT_SEND, OTP_SENT).
 * Out of range counts as the last one. */
void metrics_add1(enum metric m, unsigned label, int64_t n);

/* A CODE-labelled counter: 0 or an ERR_ code. */
void metrics_code(enum metric m, int err);

/* One request answered: its method number, the result, how long it took. */
void metrics_request(uint16_t method, int err, uint64_t micros);

/* What somebody else measures or counts; not to be mixed with metrics_add() on
 * the same one. */
void metrics_set(enum metric m, int64_t v);

/* The sum over all labels; histograms: the number of observations. */
int64_t metrics_get(enum metric m);
int64_t metrics_get1(enum metric m, unsigned label);

/* Everything as Prometheus text, format 0.0.4; 0, ERR_FULL or ERR_NOMEM.
 * Rows that never counted are left out where they have labels. */
int metrics_print(struct buf *b) MUST_USE;

/* For tests: everything 0. No other thread may count meanwhile. */
void metrics_reset(void);

#endif
