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
	X(LINK_OPEN, 12, ST_ANY, 64, link_open_request, link_open_response,    \
	    "a mailbox between a new device and a trusted one")                \
	X(LINK_SEND, 13, ST_ANY, 65 * 1024, link_send_request, empty,          \
	    "one sealed message into that mailbox")                            \
	X(LINK_AUTHORIZE, 14, ST_DEVICE, 64, link_authorize_request,           \
	    link_authorize_response,                                           \
	    "lets the new device in; gives its number")                        \
	X(LINK_FINISH, 15, ST_ANY, 512 * 1024, link_finish_request,            \
	    link_finish_response, "the new device becomes one, with its keys") \
	X(OWN_DEVICES, 16, ST_DEVICE, 16, own_devices_request,                 \
	    own_devices_response,                                              \
	    "every device of the own account, listed or not")                  \
	X(REMOVE_DEVICE, 17, ST_DEVICE, 16, remove_device_request, empty,      \
	    "closes, forgets and revokes a device")                            \
	X(SET_PIN, 18, ST_DEVICE, 64, set_pin_request, empty,                  \
	    "sets or lifts the registration lock")                             \
	X(CHANGE_NUMBER, 19, ST_DEVICE, 64, change_number_request, empty,      \
	    "moves the account to a number that was proven")                   \
	X(LOOKUP, 20, ST_DEVICE, 4096, lookup_request, lookup_response,        \
	    "which of these phone numbers have an account")                    \
	X(GET_KEYS, 21, ST_DEVICE, 2048, get_keys_request, get_keys_response,  \
	    "device list and pre-key bundles; spends one-time keys")           \
	X(PUT_KEYS, 22, ST_DEVICE, 512 * 1024, put_keys_request,               \
	    put_keys_response, "uploads own pre-keys")                         \
	X(SET_DEVICE_LIST, 23, ST_DEVICE, 64 * 1024, set_device_list_request,  \
	    empty, "publishes the signed device list")                         \
	X(DELETE_ACCOUNT, 24, ST_DEVICE, 64, delete_account_request, empty,    \
	    "erases the account and all its rows")                             \
	X(SEND, 30, ST_DEVICE, 1024 * 1024, send_request, send_response,       \
	    "hands over one message for every device concerned")               \
	X(SEND_GROUP, 31, ST_DEVICE, 1024 * 1024, send_group_request,          \
	    send_group_response, "one message for every device of a group")    \
	X(SEND_STATUS, 32, ST_DEVICE, 1024 * 1024, send_status_request,        \
	    send_group_response, "one post for accounts of choice, for a day") \
	X(REPORT, 33, ST_DEVICE, 257 * 1024, report_request, empty,            \
	    "a sealed report for the operator")                                \
	X(SET_PRESENCE, 40, ST_DEVICE, 64 * 1024, set_presence_request, empty, \
	    "who may see whether you are here")                                \
	X(SUBSCRIBE_PRESENCE, 41, ST_DEVICE, 64 * 1024,                        \
	    subscribe_presence_request, empty,                                 \
	    "presence events of these accounts, from now on")                  \
	X(GROUP_CHANGE, 50, ST_DEVICE, 33 * 1024, group_change_request,        \
	    group_change_response,                                             \
	    "a signed change of a group; the first makes it")                  \
	X(GROUP_ENTRIES, 51, ST_DEVICE, 64, group_entries_request,             \
	    group_entries_response, "the signed changes of a group, a page")   \
	X(GROUP_STATE, 52, ST_DEVICE, 128, group_state_request,                \
	    group_state_response, "the public record of a group")              \
	X(GROUP_LIST, 53, ST_DEVICE, 16, group_list_request,                   \
	    group_list_response, "the groups one is a member of")              \
	X(GROUP_DEVICES, 54, ST_DEVICE, 64, group_devices_request,             \
	    group_devices_response,                                            \
	    "every device of a group, and their digest")                       \
	X(AUDIENCE_DEVICES, 55, ST_DEVICE, 32 * 1024,                          \
	    audience_devices_request, group_devices_response,                  \
	    "the same for accounts of choice")                                 \
	X(UPLOAD_MEDIA, 60, ST_DEVICE, 64, upload_media_request,               \
	    upload_media_response, "a place for a sealed blob, and the way")   \
	X(MEDIA_STORED, 61, ST_DEVICE, 64, media_stored_request,               \
	    media_stored_response, "a blob has been uploaded: keep it")        \
	X(GET_MEDIA, 62, ST_DEVICE, 64, get_media_request, get_media_response, \
	    "the way to a blob")                                               \
	X(MEDIA_DELIVERED, 63, ST_DEVICE, 64, media_delivered_request, empty,  \
	    "everybody a blob is for has it")                                  \
	X(DELETE_MEDIA, 64, ST_DEVICE, 64, delete_media_request, empty,        \
	    "erases a blob of one's own")                                      \
	X(TURN_CREDENTIALS, 70, ST_DEVICE, 16, turn_credentials_request,       \
	    turn_credentials_response, "what the TURN server wants to see")

/* name, number, who sends it, largest body, message, what it says */
#define EVENTS(X)                                                              \
	X(DELIVER, 100, "relay", 1024 * 1024, deliver_event,                   \
	    "messages from the queue, in order")                               \
	X(ACK, 101, "device", 32, ack_event, "stored here up to this one")     \
	X(PRESENCE, 102, "relay", 64 * 1024, presence_event,                   \
	    "somebody came or went")                                           \
	X(GOODBYE, 103, "relay", 512, goodbye_event,                           \
	    "the relay closes this connection, and why")                       \
	X(LINK, 104, "relay", 66 * 1024, link_event,                           \
	    "what the other side of a mailbox has sent")

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
