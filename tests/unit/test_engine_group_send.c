/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages to groups between engines: keys given, sealed once, opened by who
 * may; and by nobody else. docs/groups.md §10. */
#include <sodium.h>

#include "common/proto/method.h"
#include "common/signal/sender_key.h"
#include "tests/unit/engine_rig_groups.h"
#include "tui/engine/content.h"
#include "tui/engine/draft.h"
#include "tui/engine/group_room.h"
#include "tui/store/store_group.h"
#include "tui/store/store_sender_key.h"
#include "tui/store/store_setting.h"

static struct er_net net;
static struct er_person *ann, *ben, *cat, *pad; /* pad: Ann's other device */
static uint8_t gid[GROUP_ID_LEN];

/* ---- a group, made at the engines' back: its chain is not what is tried here --- */

static void
install(struct er_person *p, const struct buf *record, uint32_t version)
{
	struct store_group g = {.standing = STORE_GROUP_MEMBER};

	alloc_spare(1);
	memcpy(g.id, gid, sizeof(g.id));
	assert_ok(store_chat_open(
	    p->e->store, STORE_CHAT_GROUP, gid, engine_now_ms(), &g.chat));
	g.version = version;
	assert_ok(store_group_put(p->e->store, &g));
	assert_ok(store_group_put_record(
	    p->e->store, gid, version, record->p, record->len));
	alloc_spare(0);
	outbox_kick(p->e);
}

static void
learn(struct er_person *p, const struct er_person *from)
{
	struct store_group g;
	struct buf b;

	assert_ok(store_group_get(from->e->store, gid, &g));
	b = (struct buf){.p = g.record, .len = g.len};
	install(p, &b, g.version);
	store_group_clear(&g);
}

static void
on_changed(void *ctx, const struct link_reply *rep)
{
	(void)ctx;
	assert_int_equal(rep->err, 0);
}

/* p's change goes to the relay; p knows it, others have to learn it. */
static void
change(struct er_person *p, struct group_intent *in)
{
	Sotto__Relay__GroupChangeRequest req =
	    SOTTO__RELAY__GROUP_CHANGE_REQUEST__INIT;
	const struct group_actor me = {.account = p->account,
	    .device = p->device,
	    .list_version = 1,
	    .identity = &p->e->keys->identity,
	    .now_ms = engine_now_ms(),
	    .rng = &signal_rng_system};
	struct group_proposal prop;
	struct store_group g = {.len = 0};
	struct group_view v;
	enum group_why why;

	if (in->kind != GROUP_CREATE)
		assert_ok(store_group_get(p->e->store, gid, &g));
	assert_ok(group_propose(g.record, g.len, &me, in, &prop, &why));
	store_group_clear(&g);
	assert_ok(group_view_open(&v, prop.record.p, prop.record.len));
	memcpy(gid, v.pub.id, sizeof(gid));
	install(p, &prop.record, v.pub.version);
	group_view_clear(&v);
	req.entry = (ProtobufCBinaryData){prop.entry.len, prop.entry.p};
	assert_ok(
	    ask_relay(p->e, METHOD_GROUP_CHANGE, &req.base, on_changed, p->e));
	group_proposal_clear(&prop);
	while (net.first != NULL)
		er_turn(&net);
}

static void
change_who(struct er_person *p, enum group_kind kind, const struct er_person *a,
    const struct er_person *b)
{
	uint8_t who[2][GROUP_ACCOUNT_LEN];
	struct group_intent in = {.kind = kind, .accounts = who};

	if (a != NULL)
		memcpy(who[in.n_accounts++], a->account, GROUP_ACCOUNT_LEN);
	if (b != NULL)
		memcpy(who[in.n_accounts++], b->account, GROUP_ACCOUNT_LEN);
	if (kind == GROUP_CREATE)
		snprintf(in.meta.name, sizeof(in.meta.name), "Rowing");
	change(p, &in);
}

static int64_t
chat_of(struct er_person *p)
{
	int64_t chat;

	assert_ok(store_chat_find(p->e->store, STORE_CHAT_GROUP, gid, &chat));
	return chat;
}

static void
say(struct er_person *p, const char *text)
{
	er_cmd(p, CMD_SEND_TEXT, text, NULL, chat_of(p), 0);
}

/* The group's chat as one line, as er_shows() does it; people by number. */
static const char *
shows(struct er_person *p)
{
	static const char *const names[] = {
	    "pending", "sent", "delivered", "read", "failed", "", "waiting"};
	static char line[4][2000];
	static unsigned turn;
	char *out = line[turn++ % 4];
	struct store_messages page;
	size_t at = 0;

	out[0] = '\0';
	alloc_spare(1);
	assert_ok(store_message_before(p->e->store, chat_of(p), 0, 100, &page));
	for (size_t i = 0; i < page.n; i++) {
		const struct store_message *m = &page.v[i];
		const char *state = names[m->state];

		if (m->dir == STORE_NOTE)
			continue;
		at += (size_t)snprintf(out + at, 2000 - at, "%s%s%.0d",
		    at > 0 ? " " : "", state, 0);
		if (m->dir == STORE_IN)
			at += (size_t)snprintf(
			    out + at, 2000 - at, "%u", m->account[15]);
		at += (size_t)snprintf(out + at, 2000 - at, ":%s",
		    m->kind == STORE_MSG_DELETED ? "(deleted)"
		    : m->text != NULL		 ? m->text
						 : "");
	}
	store_messages_clear(&page);
	alloc_spare(0);
	return out;
}
#define assert_group(p, text) assert_string_equal(shows(p), text)

/* Three people, four devices, one group; everybody in it but who is NULL. */
static void
begin(void)
{
	er_init(&net);
	ann = er_add(&net, 1);
	ben = er_add(&net, 2);
	cat = er_add(&net, 3);
	pad = er_add_blank(&net, 4);
	er_link(&net, pad, ann, "pad");
	change_who(ann, GROUP_CREATE, ben, cat);
	learn(ben, ann);
	learn(cat, ann);
	learn(pad, ann);
	er_run(&net);
}

static void
end(void)
{
	er_clear(&net);
}

/* ---- both ways ----------------------------------------------------------------- */

static void
test_group_send__everybody_reads_what_was_sealed_once(void **state)
{
	(void)state;
	begin();
	say(ann, "hello");
	er_run(&net);
	assert_group(ann, "delivered:hello");
	assert_group(ben, "1:hello");
	assert_group(cat, "1:hello");
	assert_group(pad, "delivered:hello");
	say(ben, "hi");
	er_run(&net);
	say(pad, "from the pad");
	er_run(&net);
	assert_group(cat, "1:hello 2:hi 1:from the pad");
	assert_group(ann, "delivered:hello 2:hi delivered:from the pad");
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(
		test_group_send__everybody_reads_what_was_sealed_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
