/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * method.h — every method of the relay protocol, one row each. The relay's
 * dispatch table, the client's stubs, the documentation and the fuzzer's
 * dictionary are expanded from it. Numbers are never reused.
 */
#ifndef COMMON_PROTO_METHOD_H
#define COMMON_PROTO_METHOD_H

#include <stddef.h>
#include <stdint.h>

/* What the connection must be for a method to be allowed. */
enum method_state {
	ST_GUEST = 1, /* Noise done; its key is no device of ours */
	ST_DEVICE = 2, /* its key is a registered device */
	ST_ANY = ST_GUEST | ST_DEVICE,
};

/* name, number, allowed in, largest body, request, response, what it does */
#define METHODS(X)                                                             \
	X(HELLO, 1, ST_ANY, 256, hello_request, hello_response,                \
	    "opens a connection: versions, who the relay thinks you are")      \
	X(PING, 2, ST_ANY, 64, ping_request, ping_response,                    \
	    "keeps a connection alive and measures it")                        \
	X(REGISTER, 10, ST_ANY, 512, register_request, register_response,      \
	    "asks for a one-time code for a phone number")                     \
	X(VERIFY_OTP, 11, ST_ANY, 512 * 1024, verify_otp_request,              \
	    verify_otp_response,                                               \
	    "proves the code; binds this connection's key to a device")        \
	X(LOOKUP, 20, ST_DEVICE, 4096, lookup_request, lookup_response,        \
	    "which of these phone numbers have an account")                    \
	X(GET_KEYS, 21, ST_DEVICE, 2048, get_keys_request, get_keys_response,  \
	    "device list and pre-key bundles; spends one-time keys")           \
	X(PUT_KEYS, 22, ST_DEVICE, 512 * 1024, put_keys_request,               \
	    put_keys_response, "uploads own pre-keys")                         \
	X(SET_DEVICE_LIST, 23, ST_DEVICE, 64 * 1024, set_device_list_request,  \
	    empty, "publishes the signed device list")                         \
	X(SEND, 30, ST_DEVICE, 1024 * 1024, send_request, send_response,       \
	    "hands over one message for every device concerned")               \
	X(SET_PRESENCE, 40, ST_DEVICE, 64 * 1024, set_presence_request, empty, \
	    "who may see whether you are here")                                \
	X(SUBSCRIBE_PRESENCE, 41, ST_DEVICE, 64 * 1024,                        \
	    subscribe_presence_request, empty,                                 \
	    "presence events of these accounts, from now on")

/* name, number, who sends it, largest body, message, what it says */
#define EVENTS(X)                                                              \
	X(DELIVER, 100, "relay", 1024 * 1024, deliver_event,                   \
	    "messages from the queue, in order")                               \
	X(ACK, 101, "device", 32, ack_event, "stored here up to this one")     \
	X(PRESENCE, 102, "relay", 64 * 1024, presence_event,                   \
	    "somebody came or went")                                           \
	X(GOODBYE, 103, "relay", 512, goodbye_event,                           \
	    "the relay closes this connection, and why")

enum method {
#define X(name, number, state, max, req, resp, doc) METHOD_##name = (number),
	METHODS(X)
#undef X
};

enum event {
#define X(name, number, from, max, msg, doc) EVENT_##name = (number),
	EVENTS(X)
#undef X
};

struct method_rule {
	const char *name;
	uint16_t number;
	uint8_t states; /* enum method_state */
	size_t body_max; /* bytes */
	const char *doc;
};

/* The row of a request method; NULL when unknown. */
const struct method_rule *method_find(uint16_t number);

/* "SEND", "DELIVER", ...; "?" when unknown. For logs and metrics. */
const char *method_name(uint16_t number);

#endif
