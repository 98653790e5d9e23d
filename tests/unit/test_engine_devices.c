/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Several devices of one account: linking, copies, syncs, removal, and a relay
 * that lies about them. */
#include <unistd.h>

#include "tests/unit/engine_rig.h"
#include "tui/engine/draft.h"
#include "tui/engine/linking.h"
#include "tui/engine/sync.h"

struct home {
	struct er_net net;
	struct er_person *anna, *ben; /* first devices */
	struct er_person *laptop; /* Anna's second */
};

static void
begin(struct home *h)
{
	memset(h, 0, sizeof(*h));
	er_init(&h->net);
	h->anna = er_add(&h->net, 1);
	h->ben = er_add(&h->net, 2);
	h->laptop = er_add_blank(&h->net, 3);
	er_link(&h->net, h->laptop, h->anna, "laptop");
}

static void
end(struct home *h)
{
	for (size_t i = 0; i < ER_PEOPLE; i++)
		if (h->net.p[i].e != NULL) {
			assert_int_equal(h->net.p[i].fatal, 0);
			assert_ok(store_check(h->net.p[i].e->store));
		}
	er_clear(&h->net);
}

static void
say(struct home *h, struct er_person *from, struct er_person *to,
    const char *text)
{
	assert_true(er_say(from, to, text));
	er_run(&h->net);
}

static void
test_link__makes_a_device_of_the_account(void **state)
{
	char host[DEVICE_NAME_MAX + 1] = "";
	struct device_row *v;
	struct home h;

	(void)state;
	begin(&h);
	assert_true(h.laptop->e->self.registered);
	assert_int_equal(h.laptop->e->self.device, 2);
	assert_memory_equal(
	    h.laptop->e->self.account, h.anna->account, STORE_ID_LEN);
	assert_string_equal(h.laptop->e->self.phone, h.anna->e->self.phone);
	assert_string_equal(h.laptop->e->self.name, h.anna->e->self.name);
	assert_string_equal(h.anna->new_name, "laptop");
	assert_null(h.anna->e->linking);
	assert_null(h.laptop->e->linking);
	er_cmd(h.laptop, CMD_DEVICES, NULL, NULL, 0, 0);
	er_run(&h.net);
	assert_non_null(h.laptop->devices);
	assert_int_equal(h.laptop->devices->n, 2);
	v = h.laptop->devices->devices;
	assert_int_equal(v[0].id, 1);
	assert_true(v[0].listed && !v[0].this_one && !v[0].gone);
	assert_int_equal(v[0].seen_ms, 3600000);
	assert_int_equal(v[1].id, 2);
	assert_true(v[1].listed && v[1].this_one);
	assert_string_equal(v[1].name, "laptop");
	/* the first one was never asked for a name: it has the machine's */
	assert_int_equal(gethostname(host, sizeof(host) - 1), 0);
	assert_string_equal(v[0].name, host);
	end(&h);
}

static void
test_sync__what_one_sends_is_on_the_other_with_its_ticks(void **state)
{
	struct home h;

	(void)state;
	begin(&h);
	say(&h, h.anna, h.ben, "from the first");
	assert_shows(h.anna, h.ben, "delivered:from the first");
	assert_shows(h.laptop, h.ben, "delivered:from the first");
	say(&h, h.laptop, h.ben, "from the second");
	assert_shows(
	    h.ben, h.anna, "received:from the first received:from the second");
	assert_shows(h.anna, h.ben,
	    "delivered:from the first delivered:from the second");
	say(&h, h.ben, h.anna, "hello both");
	assert_shows(h.laptop, h.ben,
	    "delivered:from the first delivered:from the second "
	    "received:hello both");
	er_read(h.ben, h.anna);
	er_run(&h.net);
	assert_shows(h.anna, h.ben,
	    "read:from the first read:from the second received:hello both");
	assert_shows(h.laptop, h.ben,
	    "read:from the first read:from the second received:hello both");
	end(&h);
}

/* While Ben asks for keys he writes on. */
static void
say_two(struct er_net *net, struct er_person *asks,
    Sotto__Relay__GetKeysResponse *res)
{
	(void)res;
	net->bend_keys = NULL;
	assert_true(er_say(asks, &net->p[0], "two"));
}

/* Sealed before a device was known, between and after: still in order. */
static void
test_send__keeps_its_order_when_a_device_comes(void **state)
{
	struct er_person *tablet;
	struct home h;
	unsigned before;

	(void)state;
	begin(&h);
	say(&h, h.anna, h.ben, "hello");
	say(&h, h.ben, h.anna, "hello both");
	tablet = er_add_blank(&h.net, 4);
	er_link(&h.net, tablet, h.anna, "tablet");
	before = h.ben->fetches;
	h.net.bend_keys = say_two;
	assert_true(er_say(h.ben, h.anna, "one"));
	while (h.ben->fetches == before ||
	       keys_fetching(h.ben->e, h.anna->account))
		assert_true(er_turn(&h.net));
	assert_true(er_say(h.ben, h.anna, "three"));
	er_run(&h.net);
	assert_shows(tablet, h.ben, "received:one received:two received:three");
	assert_int_equal(h.ben->fetches, before + 1);
	end(&h);
}

static uint32_t
unread(struct er_person *p, const struct er_person *with)
{
	struct store_chat c;
	uint32_t n;

	assert_ok(store_chat_get(p->e->store, er_chat(p, with), &c));
	n = c.unread;
	store_chat_clear(&c);
	return n;
}

static void
test_sync__read_on_one_is_read_on_the_other(void **state)
{
	struct home h;

	(void)state;
	begin(&h);
	say(&h, h.ben, h.anna, "one");
	say(&h, h.ben, h.anna, "two");
	assert_int_equal(unread(h.anna, h.ben), 2);
	assert_int_equal(unread(h.laptop, h.ben), 2);
	er_read(h.laptop, h.ben);
	er_run(&h.net);
	assert_int_equal(unread(h.anna, h.ben), 0);
	assert_shows(h.ben, h.anna, "read:one read:two");
	end(&h);
}

static void
test_link__a_third_device_and_removal(void **state)
{
	struct er_person *tablet;
	struct home h;

	(void)state;
	begin(&h);
	say(&h, h.ben, h.anna, "before");
	tablet = er_add_blank(&h.net, 4);
	er_link(&h.net, tablet, h.anna, "tablet");
	assert_int_equal(tablet->e->self.device, 3);
	say(&h, h.laptop, h.ben, "to all");
	assert_shows(tablet, h.ben, "delivered:to all"); /* nothing older */
	say(&h, tablet, h.ben, "me too");
	assert_shows(h.ben, h.anna,
	    "delivered:before received:to all note: received:me too");
	assert_shows(h.laptop, h.ben,
	    "received:before delivered:to all delivered:me too");

	er_cmd(h.anna, CMD_DEVICE_REMOVE, NULL, NULL, 0, 2);
	er_run(&h.net);
	assert_int_equal(h.laptop->was_removed, 1);
	assert_false(h.laptop->online);
	say(&h, h.ben, h.anna, "after");
	say(&h, h.anna, h.ben, "indeed");
	assert_shows(h.ben, h.anna,
	    "delivered:before received:to all note: received:me too "
	    "delivered:after received:indeed");
	assert_shows(tablet, h.ben,
	    "delivered:to all delivered:me too received:after "
	    "delivered:indeed");
	assert_shows(h.laptop, h.ben,
	    "received:before delivered:to all delivered:me too");
	/* the secret is another one, and the names are still there */
	er_cmd(tablet, CMD_DEVICES, NULL, NULL, 0, 0);
	er_run(&h.net);
	assert_int_equal(tablet->devices->n, 2);
	assert_string_equal(tablet->devices->devices[1].name, "tablet");
	end(&h);
}

/* ---- linking that does not work ---------------------------------------------- */

/* Up to the two codes. */
static struct er_person *
begin_linking(struct home *h, const char *name)
{
	struct er_person *p = er_add_blank(&h->net, 5);

	er_cmd(p, CMD_LINK_BEGIN, "sotto://127.0.0.1:1/", name, 0, 0);
	er_online(p, true);
	er_run(&h->net);
	assert_int_equal(
	    strncmp(p->offer, LINK_OFFER_PREFIX, strlen(LINK_OFFER_PREFIX)), 0);
	er_cmd(h->anna, CMD_LINK_ANSWER, p->offer, NULL, 0, 0);
	er_run(&h->net);
	assert_string_equal(p->code, h->anna->code);
	return p;
}

/* Nothing of it is left, on either side. */
static void
check_nothing(struct home *h, struct er_person *p, const char *why)
{
	assert_non_null(strstr(p->why, why));
	assert_int_equal(p->ended, 1);
	assert_int_equal(p->registered, 0);
	assert_false(p->e->self.registered);
	assert_null(p->e->linking);
	assert_null(p->e->link);
	assert_null(h->anna->e->linking);
	er_cmd(h->anna, CMD_DEVICES, NULL, NULL, 0, 0);
	er_run(&h->net);
	assert_int_equal(h->anna->devices->n, 2);
	/* and then it works after all */
	er_link(&h->net, p, h->anna, "at last");
	assert_true(p->e->self.registered);
}

static void
test_link__refused_leaves_nothing(void **state)
{
	struct er_person *p;
	struct home h;

	(void)state;
	begin(&h);
	p = begin_linking(&h, "a stranger's");
	assert_string_equal(h.anna->new_name, "a stranger's");
	er_cmd(h.anna, CMD_LINK_CONFIRM, NULL, NULL, 0, 0);
	er_run(&h.net);
	check_nothing(&h, p, "refused");
	end(&h);
}

static void
test_link__called_off_by_the_trusted_device(void **state)
{
	struct er_person *p;
	struct home h;

	(void)state;
	begin(&h);
	p = begin_linking(&h, "x");
	er_cmd(h.anna, CMD_LINK_CANCEL, NULL, NULL, 0, 0);
	er_run(&h.net);
	check_nothing(&h, p, "called off");
	end(&h);
}

static void
test_link__ends_by_itself(void **state)
{
	struct er_person *p;
	struct home h;

	(void)state;
	begin(&h);
	p = begin_linking(&h, "x");
	p->e->linking->until_ms = 1; /* ten minutes later */
	h.anna->e->linking->until_ms = 1;
	uv_timer_start(&p->e->link_timer, p->e->link_timer.timer_cb, 0, 0);
	uv_timer_start(
	    &h.anna->e->link_timer, h.anna->e->link_timer.timer_cb, 0, 0);
	er_run(&h.net);
	assert_int_equal(h.anna->ended, 1);
	check_nothing(&h, p, "ten minutes");
	end(&h);
}

static void
test_link__an_end_in_the_middle_begins_anew(void **state)
{
	struct er_person *p;
	struct home h;

	(void)state;
	begin(&h);
	p = begin_linking(&h, "x");
	er_stop(p); /* the process, that is */
	er_cmd(h.anna, CMD_LINK_CONFIRM, NULL, NULL, 0, 1);
	er_run(&h.net); /* it waits for a countersignature */
	er_start(p);
	assert_false(p->e->self.registered);
	assert_null(p->e->linking);
	er_link(&h.net, p, h.anna, "again");
	assert_int_equal(p->e->self.device, 4); /* 3 was given, to nobody */
	say(&h, p, h.ben, "here");
	assert_shows(h.anna, h.ben, "delivered:here");
	end(&h);
}

/* Somebody who reads the offer first, and gets no further. */
static void
test_link__an_offer_is_answered_once_and_only_by_the_first_device(void **state)
{
	struct er_person *p;
	struct home h;

	(void)state;
	begin(&h);
	er_cmd(h.laptop, CMD_LINK_ANSWER, "SOTTO:LINK/1/AAAA", NULL, 0, 0);
	assert_non_null(strstr(h.laptop->why, "registered the number"));
	er_cmd(h.anna, CMD_LINK_ANSWER, "SOTTO:LINK/1/AAAA", NULL, 0, 0);
	assert_true(h.anna->errors > 0);
	p = begin_linking(&h, "x");
	er_cmd(h.ben, CMD_LINK_ANSWER, p->offer, NULL, 0, 0);
	er_run(&h.net);
	assert_non_null(strstr(h.ben->why, "not valid any more"));
	er_cmd(h.anna, CMD_LINK_CONFIRM, NULL, NULL, 0, 1);
	er_run(&h.net);
	assert_int_equal(p->registered, 1);
	end(&h);
}

/* ---- a relay that lies ------------------------------------------------------------- */

/* The list of somebody else's account, with her device added. */
static struct buf forged;

static void
serve_forged(struct er_net *net, struct er_person *asks,
    Sotto__Relay__GetKeysResponse *res)
{
	(void)net;
	(void)asks;
	if (res->device_list.len > 0)
		res->device_list = (ProtobufCBinaryData){forged.len, forged.p};
}

/* And no device but the first. */
static void
serve_forged_alone(struct er_net *net, struct er_person *asks,
    Sotto__Relay__GetKeysResponse *res)
{
	serve_forged(net, asks, res);
	res->n_device_ids = 1;
}

static void
list_of(const struct er_person *first, struct devicelist *l)
{
	assert_ok(
	    devicelist_open(l, first->account, first->list, first->list_len));
}

static void
sign(const struct devicelist *l, const struct identity_key_pair *key)
{
	buf_init(&forged, DEVICELIST_MAX);
	assert_ok(devicelist_sign(&forged, l, key, &signal_rng_system));
}

/* An added device, with everything but a signature of the first one's. */
static void
test_relay__cannot_add_a_device(void **state)
{
	struct identity_key_pair key;
	struct link_bond bond;
	struct devicelist l;
	struct home h;

	(void)state;
	begin(&h);
	say(&h, h.ben, h.anna, "before");
	list_of(h.anna, &l);
	identity_generate(&key, &signal_rng_system);
	l.version++;
	l.v[l.n] = (struct devicelist_entry){
	    .device = 3, .identity = key.pk, .added_ms = 1};
	memcpy(bond.account, l.account, sizeof(bond.account));
	bond.device = 3;
	bond.primary = l.v[0].identity;
	bond.companion = key.pk;
	link_bond_sign(
	    l.v[l.n].countersignature, &bond, &key, &signal_rng_system);
	l.n++;
	sign(&l, &key); /* not Anna's */
	h.net.bend_keys = serve_forged;
	for (size_t i = 0; i < 2; i++) {
		struct er_person *p = i == 0 ? h.ben : h.laptop;

		assert_ok(keys_fetch_list(p->e, h.anna->account, NULL));
		er_run(&h.net);
		assert_err(store_device_get(p->e->store, h.anna->account, 3,
			       &(struct store_device){0}),
		    ERR_NOTFOUND);
	}
	/* signed by Anna, but the device never agreed to it */
	buf_clear(&forged);
	l.v[l.n - 1].countersignature[5] ^= 1;
	sign(&l, &h.anna->e->keys->identity);
	assert_ok(keys_fetch_list(h.ben->e, h.anna->account, NULL));
	er_run(&h.net);
	assert_err(store_device_get(h.ben->e->store, h.anna->account, 3,
		       &(struct store_device){0}),
	    ERR_NOTFOUND);
	h.net.bend_keys = NULL;
	say(&h, h.ben, h.anna, "after");
	assert_shows(h.laptop, h.ben, "received:before received:after");
	buf_clear(&forged);
	end(&h);
}

/* A list from before a removal. */
static void
test_relay__cannot_roll_a_list_back(void **state)
{
	struct devicelist l;
	struct home h;

	(void)state;
	begin(&h);
	say(&h, h.ben, h.anna, "before");
	list_of(h.anna, &l);
	sign(&l, &h.anna->e->keys->identity);
	er_cmd(h.anna, CMD_DEVICE_REMOVE, NULL, NULL, 0, 2);
	er_run(&h.net);
	assert_ok(keys_fetch_list(h.ben->e, h.anna->account, NULL));
	er_run(&h.net);
	h.net.bend_keys = serve_forged;
	assert_ok(keys_fetch_list(h.ben->e, h.anna->account, NULL));
	er_run(&h.net);
	h.net.bend_keys = NULL;
	{
		struct store_device d;

		assert_ok(
		    store_device_get(h.ben->e->store, h.anna->account, 2, &d));
		assert_false(d.active);
	}
	buf_clear(&forged);
	end(&h);
}

/* The relay says that what Carl sends comes from a device of Anna's. */
static void
as_a_device_of_annas(struct er_net *net, struct er_person *from,
    struct er_person *to, Sotto__Relay__DeliverEvent__Item *it)
{
	(void)to;
	if (from->n != 7)
		return;
	memcpy(it->sender_account.data, net->p[0].account, STORE_ID_LEN);
	it->sender_device = 3;
}

static void
test_relay__cannot_speak_for_an_account(void **state)
{
	struct er_person *carl;
	struct home h;
	unsigned fresh;

	(void)state;
	begin(&h);
	carl = er_add(&h.net, 7);
	say(&h, h.ben, h.anna, "before");
	h.net.bend = as_a_device_of_annas;
	fresh = h.ben->fresh;
	assert_true(er_say(carl, h.ben, "I am Anna"));
	er_run(&h.net);
	h.net.bend = NULL;
	assert_int_equal(h.ben->fresh, fresh);
	assert_null(h.ben->e->held);
	say(&h, h.laptop, h.ben, "I am Anna indeed");
	assert_shows(
	    h.ben, h.anna, "delivered:before received:I am Anna indeed");
	end(&h);
}

/* What a removed device has left with the relay, or a thief sends from it, is
 * nothing once the removal is known. */
static void
test_relay__cannot_keep_a_removed_device(void **state)
{
	struct home h;

	(void)state;
	begin(&h);
	say(&h, h.laptop, h.ben, "while it was hers");
	h.net.deaf = true;
	assert_true(er_say(h.laptop, h.ben, "and no more"));
	er_run(&h.net);
	er_cmd(h.anna, CMD_DEVICE_REMOVE, NULL, NULL, 0, 2);
	er_run(&h.net);
	assert_ok(keys_fetch_list(h.ben->e, h.anna->account, NULL));
	er_run(&h.net);
	h.net.deaf = false;
	er_run(&h.net);
	assert_shows(h.ben, h.anna, "received:while it was hers");
	end(&h);
}

/* To contacts another first device is a new safety number; to a device of the
 * account it is a lie. */
static void
test_relay__cannot_replace_the_first_device(void **state)
{
	struct identity_key_pair key;
	struct devicelist l;
	struct identity_pk pk;
	struct home h;
	unsigned errors;

	(void)state;
	begin(&h);
	list_of(h.anna, &l);
	identity_generate(&key, &signal_rng_system);
	l.version++;
	l.n = 1;
	l.v[0].identity = key.pk;
	sign(&l, &key);
	h.net.bend_keys = serve_forged_alone;
	errors = h.laptop->errors;
	assert_ok(keys_fetch_list(h.laptop->e, h.anna->account, NULL));
	er_run(&h.net);
	h.net.bend_keys = NULL;
	assert_int_equal(h.laptop->errors, errors + 1);
	assert_non_null(strstr(h.laptop->why, "has not signed"));
	assert_ok(devices_primary(h.laptop->e, &pk));
	assert_true(identity_pk_equal(&pk, &h.anna->e->keys->identity.pk));
	say(&h, h.anna, h.ben, "still here");
	assert_shows(h.laptop, h.ben, "delivered:still here");
	buf_clear(&forged);
	end(&h);
}

/* A device that the recipient has not heard of is asked for, and what came
 * behind it keeps its place. */
static void
test_keys__a_new_device_is_vouched_for_by_the_list(void **state)
{
	struct home h;

	(void)state;
	begin(&h);
	h.net.deaf = true;
	assert_true(er_say(h.laptop, h.ben, "first from the second"));
	er_run(&h.net);
	assert_true(er_say(h.anna, h.ben, "then from the first"));
	er_run(&h.net);
	h.net.deaf = false;
	er_run(&h.net);
	assert_shows(h.ben, h.anna,
	    "received:first from the second received:then from the first");
	end(&h);
}

/* ---- syncs ------------------------------------------------------------------------------ */

static void
write_draft(struct er_person *p, const struct er_person *to, const char *text)
{
	struct cmd cmd = {.chat = er_chat(p, to)};

	cmd.s[0] = (char *)(uintptr_t)text;
	cmd_set_draft(p->e, &cmd);
	p->e->drafting[0].due_ms = 1;
}

/* Two write at once: the later one stands on both, whatever came last. */
static void
test_sync__the_later_draft_and_name_stand(void **state)
{
	struct home h;
	struct store_chat chat;
	struct cmd cmd = {.flag = {1, 0}};

	(void)state;
	begin(&h);
	say(&h, h.ben, h.anna, "hello");
	er_online(h.anna, false);
	er_online(h.laptop, false);
	write_draft(h.anna, h.ben, "first");
	cmd.s[0] = lit("Anna One");
	cmd_set_profile(h.anna->e, &cmd);
	er_run(&h.net);
	write_draft(h.laptop, h.ben, "second");
	cmd.s[0] = lit("Anna Two");
	cmd_set_profile(h.laptop->e, &cmd);
	er_online(h.laptop, true); /* the later one arrives first */
	er_run(&h.net);
	er_online(h.anna, true);
	er_run(&h.net);
	assert_ok(
	    store_chat_get(h.anna->e->store, er_chat(h.anna, h.ben), &chat));
	assert_string_equal(chat.draft, "second");
	store_chat_clear(&chat);
	assert_ok(store_chat_get(
	    h.laptop->e->store, er_chat(h.laptop, h.ben), &chat));
	assert_string_equal(chat.draft, "second");
	store_chat_clear(&chat);
	assert_string_equal(h.anna->e->self.name, "Anna Two");
	assert_string_equal(h.laptop->e->self.name, "Anna Two");
	end(&h);
}

/* Whoever waits for what is to leave (or ends) does not leave a draft behind. */
static void
test_sync__a_draft_does_not_rest_on_a_device_that_goes(void **state)
{
	struct cmd cmd = {.kind = CMD_SET_DRAFT};
	struct store_chat chat;
	struct home h;

	(void)state;
	begin(&h);
	say(&h, h.ben, h.anna, "hello");
	cmd.chat = er_chat(h.laptop, h.ben);
	cmd.s[0] = (char[]){"and then"};
	cmd_set_draft(h.laptop->e, &cmd);
	er_cmd(h.laptop, CMD_FLUSH, NULL, NULL, 0, 0);
	er_run(&h.net);
	assert_int_equal(h.laptop->e->drafting[0].chat, 0);
	assert_ok(
	    store_chat_get(h.anna->e->store, er_chat(h.anna, h.ben), &chat));
	assert_string_equal(chat.draft, "and then");
	store_chat_clear(&chat);
	end(&h);
}

/* What was sent is no draft, also when the device dies behind it. */
static void
test_sync__a_draft_that_was_sent_is_gone_at_once(void **state)
{
	struct store_chat chat;
	struct home h;

	(void)state;
	begin(&h);
	say(&h, h.ben, h.anna, "hello");
	write_draft(h.laptop, h.ben, "and then");
	er_run(&h.net);
	assert_true(er_say(h.laptop, h.ben, "and then"));
	memset(h.laptop->e->drafting, 0, sizeof(h.laptop->e->drafting));
	er_run(&h.net);
	assert_ok(
	    store_chat_get(h.anna->e->store, er_chat(h.anna, h.ben), &chat));
	assert_string_equal(chat.draft, "");
	store_chat_clear(&chat);
	end(&h);
}

static void
test_sync__names_drafts_profile(void **state)
{
	struct store_contact c;
	struct store_chat chat;
	struct home h;
	struct cmd cmd = {.kind = CMD_SET_DRAFT};
	int64_t at;

	(void)state;
	begin(&h);
	say(&h, h.ben, h.anna, "hello");
	/* named on one */
	at = er_chat(h.anna, h.ben);
	er_cmd(h.anna, CMD_RENAME_CONTACT, "Benjamin", NULL, at, 0);
	er_cmd(h.anna, CMD_BLOCK, NULL, NULL, at, 1);
	er_cmd(h.anna, CMD_PIN, NULL, NULL, at, 1);
	er_run(&h.net);
	assert_ok(store_contact_get(h.laptop->e->store, h.ben->account, &c));
	assert_string_equal(c.name, "Benjamin");
	assert_true(c.blocked);
	/* begun on the other, told when it rests */
	cmd.chat = er_chat(h.laptop, h.ben);
	cmd.s[0] = (char[]){"half a sen"};
	cmd_set_draft(h.laptop->e, &cmd);
	assert_int_not_equal(h.laptop->e->drafting[0].chat, 0);
	h.laptop->e->drafting[0].due_ms = 1;
	outbox_kick(h.laptop->e);
	er_run(&h.net);
	assert_ok(
	    store_chat_get(h.anna->e->store, er_chat(h.anna, h.ben), &chat));
	assert_string_equal(chat.draft, "half a sen");
	store_chat_clear(&chat);
	assert_ok(store_chat_get(
	    h.laptop->e->store, er_chat(h.laptop, h.ben), &chat));
	assert_int_not_equal(chat.pinned_ms, 0);
	store_chat_clear(&chat);
	er_cmd(h.laptop, CMD_SET_PROFILE, "Anna Two", NULL, 0, 0);
	er_run(&h.net);
	assert_string_equal(h.anna->e->self.name, "Anna Two");
	end(&h);
}

/* What others say of our devices is not ours to believe. */
static void
test_sync__from_others_is_nothing(void **state)
{
	Sotto__Content__SyncProfile profile =
	    SOTTO__CONTENT__SYNC_PROFILE__INIT;
	Sotto__Content__Sync s = SOTTO__CONTENT__SYNC__INIT;
	struct draft d = {0};
	struct home h;
	char name[] = "Fool";

	(void)state;
	begin(&h);
	say(&h, h.ben, h.anna, "hello");
	profile.name = name;
	s.what_case = SOTTO__CONTENT__SYNC__WHAT_PROFILE;
	s.profile = &profile;
	draft_init(&d);
	d.c.sync = &s;
	assert_ok(txn_begin(h.ben->e));
	assert_ok(draft_send(
	    h.ben->e, &d, &(struct outbox_for){.account = h.anna->account}));
	assert_ok(txn_end(h.ben->e, 0));
	outbox_kick(h.ben->e);
	er_run(&h.net);
	assert_string_not_equal(h.anna->e->self.name, "Fool");
	assert_shows(h.anna, h.ben, "received:hello");
	end(&h);
}

static void
test_devices__are_named_by_the_first(void **state)
{
	struct home h;

	(void)state;
	begin(&h);
	er_cmd(h.laptop, CMD_DEVICE_RENAME, "mine", NULL, 0, 2);
	assert_non_null(strstr(h.laptop->why, "registered the number"));
	er_cmd(h.anna, CMD_DEVICE_RENAME, "work", NULL, 0, 2);
	er_cmd(h.anna, CMD_DEVICE_RENAME, "desk", NULL, 0, 1);
	er_run(&h.net);
	er_online(h.laptop, false);
	er_online(h.laptop, true);
	er_run(&h.net);
	er_cmd(h.laptop, CMD_DEVICES, NULL, NULL, 0, 0);
	er_run(&h.net);
	assert_string_equal(h.laptop->devices->devices[0].name, "desk");
	assert_string_equal(h.laptop->devices->devices[1].name, "work");
	er_cmd(h.anna, CMD_DEVICE_REMOVE, NULL, NULL, 0, 1);
	assert_non_null(strstr(h.anna->why, "stays"));
	er_cmd(h.laptop, CMD_DEVICE_REMOVE, NULL, NULL, 0, 1);
	assert_int_equal(h.anna->was_removed, 0);
	end(&h);
}

static void
test_device_name__is_bound_to_its_device(void **state)
{
	struct devicelist_entry v = {.device = 5};
	struct device_secret s, other;
	uint8_t account[STORE_ID_LEN] = {9};
	char name[DEVICE_NAME_MAX + 1], longer[200];

	(void)state;
	randombytes_buf(&s, sizeof(s));
	randombytes_buf(&other, sizeof(other));
	device_name_seal(&v, account, &s, "l\xc3\xa4ptop");
	device_name_open(name, &v, account, &s);
	assert_string_equal(name, "l\xc3\xa4ptop");
	device_name_open(name, &v, account, &other);
	assert_string_equal(name, "");
	v.device = 6;
	device_name_open(name, &v, account, &s);
	assert_string_equal(name, "");
	v.device = 5;
	account[0]++;
	device_name_open(name, &v, account, &s);
	assert_string_equal(name, "");
	account[0]--;
	v.name[v.name_len - 1] ^= 1;
	device_name_open(name, &v, account, &s);
	assert_string_equal(name, "");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	device_name_seal(&v, account, &s, longer);
	device_name_open(name, &v, account, &s);
	assert_int_equal(strlen(name), DEVICE_NAME_MAX);
}

static void
test_wipe__leaves_no_store(void **state)
{
	struct engine_opts o = {.dir = NULL};
	struct home h;

	(void)state;
	begin(&h);
	o.dir = h.laptop->dir;
	assert_true(engine_exists(&o));
	er_cmd(h.laptop, CMD_WIPE, NULL, NULL, 0, 0);
	assert_false(engine_exists(&o));
	assert_null(h.laptop->e->store);
	er_stop(h.laptop);
	end(&h);
}

/* ---- every allocation fails once --------------------------------------------------------- */

/* One linking with the n-th allocation failing; true if it was reached. */
static bool
link_failing(struct home *h, long n)
{
	struct er_person *p = er_add_blank(&h->net, 5);
	bool failed;

	alloc_fail_at(n);
	er_cmd(p, CMD_LINK_BEGIN, "sotto://127.0.0.1:1/", "x", 0, 0);
	if (p->e->link != NULL && !p->e->failed)
		er_online(p, true);
	er_run(&h->net);
	if (p->offer[0] != '\0' && !h->anna->e->failed)
		er_cmd(h->anna, CMD_LINK_ANSWER, p->offer, NULL, 0, 0);
	er_run(&h->net);
	if (h->anna->e->linking != NULL && !h->anna->e->failed)
		er_cmd(h->anna, CMD_LINK_CONFIRM, NULL, NULL, 0, 1);
	er_run(&h->net);
	failed = alloc_failed();
	alloc_fail_at(-1);
	/* it has worked, or it can be called off and tried again */
	if (p->registered == 0) {
		if (p->e->failed) {
			p->fatal = 0;
			er_stop(p);
			er_start(p);
		}
		if (h->anna->e->failed) {
			h->anna->fatal = 0;
			er_stop(h->anna);
			er_start(h->anna);
		}
		er_cmd(h->anna, CMD_LINK_CANCEL, NULL, NULL, 0, 0);
		er_cmd(p, CMD_LINK_CANCEL, NULL, NULL, 0, 0);
		assert_false(p->e->self.registered);
		er_link(&h->net, p, h->anna, "x");
	}
	assert_true(p->e->self.registered);
	return failed;
}

static void
test_link__without_memory_works_later(void **state)
{
	bool failed = true;
	struct home h;
	long n;

	(void)state;
	memset(&h, 0, sizeof(h));
	er_init(&h.net);
	h.anna = er_add(&h.net, 1);
	for (n = 0; failed; n += 13) {
		failed = link_failing(&h, n);
		er_cmd(h.anna, CMD_DEVICE_REMOVE, NULL, NULL, 0,
		    h.net.p[1].device);
		er_run(&h.net);
		er_drop(&h.net.p[1]);
		h.net.last_device = 0;
	}
	assert_true(n > 100);
	end(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_link__makes_a_device_of_the_account),
	    cmocka_unit_test(
		test_sync__what_one_sends_is_on_the_other_with_its_ticks),
	    cmocka_unit_test(test_send__keeps_its_order_when_a_device_comes),
	    cmocka_unit_test(test_sync__read_on_one_is_read_on_the_other),
	    cmocka_unit_test(test_link__a_third_device_and_removal),
	    cmocka_unit_test(test_link__refused_leaves_nothing),
	    cmocka_unit_test(test_link__called_off_by_the_trusted_device),
	    cmocka_unit_test(test_link__ends_by_itself),
	    cmocka_unit_test(test_link__an_end_in_the_middle_begins_anew),
	    cmocka_unit_test(
		test_link__an_offer_is_answered_once_and_only_by_the_first_device),
	    cmocka_unit_test(test_relay__cannot_add_a_device),
	    cmocka_unit_test(test_relay__cannot_roll_a_list_back),
	    cmocka_unit_test(test_relay__cannot_speak_for_an_account),
	    cmocka_unit_test(test_relay__cannot_keep_a_removed_device),
	    cmocka_unit_test(test_relay__cannot_replace_the_first_device),
	    cmocka_unit_test(
		test_keys__a_new_device_is_vouched_for_by_the_list),
	    cmocka_unit_test(test_sync__names_drafts_profile),
	    cmocka_unit_test(test_sync__a_draft_that_was_sent_is_gone_at_once),
	    cmocka_unit_test(
		test_sync__a_draft_does_not_rest_on_a_device_that_goes),
	    cmocka_unit_test(test_sync__the_later_draft_and_name_stand),
	    cmocka_unit_test(test_sync__from_others_is_nothing),
	    cmocka_unit_test(test_devices__are_named_by_the_first),
	    cmocka_unit_test(test_device_name__is_bound_to_its_device),
	    cmocka_unit_test(test_wipe__leaves_no_store),
	    cmocka_unit_test(test_link__without_memory_works_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
