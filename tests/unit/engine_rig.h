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

#define ER_PEOPLE 4

struct er_net;

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
	uint32_t registration_id;
	uint8_t identity[STORE_PUB_LEN];
	Sotto__Relay__PutKeysRequest *keys; /* as uploaded; one-time ones go */
	size_t one_time_used, kyber_used;
	uint8_t *list;
	size_t list_len;
	struct er_item *queue;
	uint64_t seq;
	uint8_t (*ids)[STORE_ID_LEN]; /* what was queued before: not again */
	size_t n_ids;
	/* what was seen */
	unsigned sends, fetches; /* requests to the relay */
	unsigned fatal, errors, gone, fresh; /* events */
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

struct er_net {
	struct er_person p[ER_PEOPLE];
	struct er_request *first, **last;
	uint64_t clock;
	const struct er_person
	    *slow; /* the relay does not get at what they send */
	bool deaf; /* nothing is delivered */
	/* Bend an item before it is queued; NULL: nothing. */
	void (*bend)(struct er_net *net, struct er_person *from,
	    struct er_person *to, Sotto__Relay__DeliverEvent__Item *it);
};

void er_init(struct er_net *net);
void er_clear(struct er_net *net);

/* Somebody with the number n, registered and online. */
struct er_person *er_add(struct er_net *net, unsigned n);
/* End the process, and begin it again, online. */
void er_stop(struct er_person *p);
void er_start(struct er_person *p);
/* Register again on a new machine: other keys, nothing in the store. */
void er_anew(struct er_person *p);
void er_online(struct er_person *p, bool online);

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
