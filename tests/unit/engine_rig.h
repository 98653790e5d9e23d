/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine_rig.h — engines on one thread, with real stores and keys, and between
 * them a relay that is a few functions of this rig: it stands where
 * tui/net/link.h is, so that a test can look at, lose or bend what passes.
 * Real relays and sockets are in tests/e2e.
 */
#ifndef TESTS_UNIT_ENGINE_RIG_H
#define TESTS_UNIT_ENGINE_RIG_H

#include "common/proto/relay.pb-c.h"
#include "tests/unit/store_help.h"
#include "tui/engine/impl.h"
#include "tui/store/store_message.h"

#define ER_PEOPLE 6

struct er_net;

struct er_blob { /* on its way through a mailbox */
	struct er_blob *next;
	uint32_t number;
	size_t len;
	uint8_t b[];
};

struct er_item { /* in a queue of the relay */
	struct er_item *next;
	Sotto__Relay__DeliverEvent__Item msg; /* owns its bytes */
};

struct er_person {
	struct er_net *net;
	unsigned n;
	char *dir;
	struct engine *e; /* NULL: not running */
	bool online;
	/* what the relay knows */
	uint8_t account[STORE_ID_LEN];
	uint32_t device; /* 0: none (yet, or any more) */
	bool blank; /* not registered by the rig: it will be linked */
	bool listed; /* the account's list names it */
	bool removed;
	unsigned world; /* engine_rig_groups.h: which story of groups it gets */
	uint32_t registration_id;
	uint8_t identity[STORE_PUB_LEN];
	ProtobufCMessage *keys_owner;
	Sotto__Relay__PreKeys *keys; /* as uploaded; one-time ones go */
	size_t one_time_used, kyber_used;
	uint8_t *list; /* the first device's */
	size_t list_len;
	struct er_blob *mail, **mail_tail; /* LINK events for it */
	uint32_t mail_number;
	struct er_item *queue;
	uint64_t seq;
	uint8_t (*ids)[STORE_ID_LEN]; /* what was queued before: not again */
	size_t n_ids;
	/* what was seen */
	unsigned sends, fetches; /* requests to the relay */
	unsigned fatal, errors, gone, fresh; /* events */
	unsigned registered, ended, was_removed, done, locked;
	unsigned posts, posts_changed, posts_gone; /* events of status posts */
	char offer[256], code[8], new_name[80], why[256];
	char title[80]; /* of a person's chat, in the last EV_CHAT */
	struct engine_event *devices; /* the last EV_DEVICES */
};

struct er_request {
	struct er_request *next;
	struct er_person *from;
	uint16_t method;
	uint8_t *body;
	size_t len;
	link_reply_fn *cb;
	void *ctx;
};

struct er_group; /* engine_rig_groups.c */

struct er_net {
	struct er_person p[ER_PEOPLE];
	struct er_group *groups;
	struct er_request *first, **last;
	uint64_t clock;
	const struct er_person
	    *slow; /* the relay does not get at what they send */
	bool deaf; /* nothing is delivered */
	const uint8_t *gone; /* this account has been deleted */
	bool lose_answers; /* of GROUP_CHANGE and SEND_GROUP: done, not told */
	/* SEND_STATUS: refused so; whom the relay adds to every audience */
	int status_err;
	const struct er_person *ghost;
	struct { /* one mailbox at a time */
		uint8_t id[16];
		bool open;
		struct er_person *fresh, *trusted;
		uint32_t device; /* given by LINK_AUTHORIZE */
	} box;
	uint32_t last_device; /* numbers of linked devices: 2 and up */
	/* A GET_KEYS answer before it leaves; NULL: nothing is bent. */
	void (*bend_keys)(struct er_net *net, struct er_person *asks,
	    Sotto__Relay__GetKeysResponse *res);
	/* REGISTER, VERIFY_OTP, SET_PIN, CHANGE_NUMBER, DELETE_ACCOUNT and
	 * LOOKUP; NULL: done, with an empty answer. */
	void (*account)(struct er_net *net, struct er_request *rq,
	    struct link_reply *rep, struct buf *out);
	/* Bend an item before it is queued; NULL: nothing. */
	void (*bend)(struct er_net *net, struct er_person *from,
	    struct er_person *to, Sotto__Relay__DeliverEvent__Item *it);
};

void er_init(struct er_net *net);
void er_clear(struct er_net *net);

/* Somebody with the number n, registered and online. */
struct er_person *er_add(struct er_net *net, unsigned n);
/* Somebody with a new profile that is no device of anybody. */
struct er_person *er_add_blank(struct er_net *net, unsigned n);
/* They are no more; their place is free. */
void er_drop(struct er_person *p);
/* Link a blank one to the account of `first`, by the commands of the engine. */
void er_link(struct er_net *net, struct er_person *fresh,
    struct er_person *first, const char *name);
/* A command as a front gives it; the numbers as in struct cmd. */
void er_cmd(struct er_person *p, enum cmd_kind kind, const char *s0,
    const char *s1, int64_t chat, uint32_t n);
/* End the process, and begin it again, online. */
void er_stop(struct er_person *p);
void er_start(struct er_person *p);
/* Register again on a new machine: other keys, nothing in the store. */
void er_anew(struct er_person *p);
void er_online(struct er_person *p, bool online);

/* For engine_rig_groups.c: the device of an account, NULL; and something into
 * a queue, unless an item of that id was there before. */
struct er_person *er_device(
    struct er_net *net, const ProtobufCBinaryData *account, uint32_t device);
void er_queue(struct er_net *net, struct er_person *from, struct er_person *to,
    const Sotto__Relay__DeliverEvent__Item *it);
/* The methods about groups; false: none of these. */
struct link_reply;
bool er_group_answer(struct er_net *net, struct er_request *rq,
    struct link_reply *rep, struct buf *out);
void er_groups_clear(struct er_net *net);
/* The same for status posts, engine_rig_status.c. */
bool er_status_answer(struct er_net *net, struct er_request *rq,
    struct link_reply *rep, struct buf *out);

/* Until nothing is under way. */
void er_run(struct er_net *net);
/* One turn of everything; false: nothing happened. */
bool er_turn(struct er_net *net);

int64_t er_chat(struct er_person *p, const struct er_person *with);
/* As the front does it; false: refused. */
bool er_say(struct er_person *p, const struct er_person *to, const char *text);
void er_read(struct er_person *p, const struct er_person *with);
/* Write a ratchet record of p anew: f changes its bytes. */
void er_break(struct er_person *p, const struct er_person *with,
    void (*f)(struct buf *rec));

/*
 * The chat as one line, "state:text" each: "delivered:hello received:well".
 * Static storage of four turns.
 */
const char *er_shows(struct er_person *p, const struct er_person *with);
#define assert_shows(p, with, text)                                            \
	assert_string_equal(er_shows((p), (with)), (text))

#endif
