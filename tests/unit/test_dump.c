/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test_dump.c — what a store holds, as records and back in another store. */
#include "common/proto/backup.pb-c.h"
#include "tests/unit/store_help.h"
#include "tui/backup/dump.h"
#include "tui/store/query.h"
#include "tui/store/store_account.h"
#include "tui/store/store_action.h"
#include "tui/store/store_contact.h"
#include "tui/store/store_group.h"
#include "tui/store/store_history.h"
#include "tui/store/store_mention.h"
#include "tui/store/store_message.h"
#include "tui/store/store_setting.h"
#include "tui/store/store_status.h"

#define RECORDS_MAX 64

struct side {
	char *dir;
	struct store *s;
};

struct fixture {
	struct side a, b;
	struct buf rec[RECORDS_MAX];
	size_t n;
};

static const uint8_t nobody[STORE_ID_LEN];

static struct side
side_new(unsigned account)
{
	struct store_account self = {
	    .registered = true, .device = 1, .phone = "+4915550000001"};
	struct side x;

	x.dir = dir_new();
	x.s = store_at(x.dir);
	memcpy(self.account, id_of(account).b, STORE_ID_LEN);
	assert_ok(store_account_put(x.s, &self));
	return x;
}

static void
side_free(struct side *x)
{
	if (store_check(x->s) != 0)
		fail_msg("store_check: %s", store_error(x->s));
	store_close(x->s);
	dir_free(x->dir);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	f->a = side_new(90);
	f->b = side_new(90);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	while (f->n > 0)
		buf_clear(&f->rec[--f->n]);
	side_free(&f->a);
	side_free(&f->b);
	free(f);
	return 0;
}

/* A contact, two chats, and messages of every sort. */
static void
fill(struct store *s)
{
	struct store_contact k = {.phone = "+4915550000002",
	    .name = "Ben",
	    .trust = STORE_TRUST_VERIFIED,
	    .has_identity = true,
	    .verified_ms = 77};
	struct store_quote quote = {.text = "the question"};
	struct store_mention named = {.start = 4, .len = 6};
	struct store_message m = {.dir = STORE_IN,
	    .state = STORE_MSG_RECEIVED,
	    .sent_ms = 2500,
	    .received_ms = 2600,
	    .text = (char *)(uintptr_t) "the answer",
	    .flags = STORE_MSG_QUOTES | STORE_MSG_FORWARDED,
	    .expire_s = 60};
	int64_t chat = chat_with(s, 1), other = chat_with(s, 2), id;

	memcpy(k.account, id_of(1).b, STORE_ID_LEN);
	k.identity[0] = 5;
	assert_ok(store_contact_put(s, &k));
	assert_ok(store_chat_set(s, other, STORE_CHAT_PINNED_MS, 9));
	assert_ok(store_chat_set_draft(s, other, "dear", 9));
	id = add_text(s, chat, STORE_IN, 10, 1000, "first");
	assert_ok(store_message_edit(s, id, "second", 1500, NULL));
	assert_ok(store_message_star(s, id, true));
	assert_ok(store_reaction_put(s, id, id_of(1).b, "x", 1600, NULL));
	add_text(s, other, STORE_OUT, 11, 2000, "not sent yet");
	m.chat = chat;
	memcpy(m.message_id, id_of(12).b, STORE_ID_LEN);
	memcpy(m.account, id_of(1).b, STORE_ID_LEN);
	assert_ok(store_message_add(s, &m, &id));
	assert_ok(store_quote_put(s, id, &quote));
	memcpy(named.account, id_of(1).b, STORE_ID_LEN);
	assert_ok(store_mention_set(s, id, &named, 1, true));
	assert_ok(store_message_start_timer(s, id, 100000));
	id = add_text(s, chat, STORE_IN, 13, 3000, "soon gone");
	assert_ok(store_message_retract(s, id));
}

static void
dump_all(struct fixture *f, const struct dump_opts *opts)
{
	struct dump *d = NULL;
	uint64_t done, total;
	int r;

	assert_ok(dump_new(&d, f->a.s, opts));
	do {
		assert_true(f->n < RECORDS_MAX);
		buf_init(&f->rec[f->n], BACKUP_RECORD_MAX);
		r = dump_next(d, &f->rec[f->n]);
		f->n += r == 0;
	} while (r == 0);
	assert_int_equal(r, ERR_NOTFOUND);
	dump_progress(d, &done, &total);
	assert_int_equal(done, total);
	dump_free(d);
}

static int
restore_all(struct fixture *f, const uint8_t *self, struct restore_count *c)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < f->n; i++)
		r = restore_record(f->b.s, self, f->rec[i].p, f->rec[i].len, c);
	return r;
}

static void
assert_restored(struct store *s)
{
	struct store_contact k;
	struct store_messages l;
	struct store_reaction *v = NULL;
	struct store_quote quote;
	struct store_mention named[STORE_MENTIONS_MAX];
	struct store_edit *e = NULL;
	struct store_chats c;
	size_t n;

	assert_ok(store_contact_get(s, id_of(1).b, &k));
	assert_string_equal(k.name, "Ben");
	assert_int_equal(k.trust, STORE_TRUST_VERIFIED);
	assert_int_equal(k.verified_ms, 77);
	assert_ok(store_chat_list(s, &c));
	assert_int_equal(c.n, 2);
	assert_int_equal(c.v[0].pinned_ms, 9);
	assert_string_equal(c.v[0].draft, "dear");
	assert_int_equal(c.v[0].last_state, STORE_MSG_FAILED);
	assert_int_equal(c.v[1].unread, 0);
	assert_int_equal(c.v[1].last_kind, STORE_MSG_DELETED);
	assert_ok(store_message_before(s, c.v[1].id, 0, 10, &l));
	assert_int_equal(l.n, 3);
	assert_string_equal(l.v[0].text, "second");
	assert_int_equal(l.v[0].edited_ms, 1500);
	assert_true(l.v[0].starred);
	assert_ok(store_edit_list(s, l.v[0].id, &e, &n));
	assert_int_equal(n, 1);
	assert_string_equal(e[0].text, "first");
	store_edits_free(e, n);
	assert_ok(store_reaction_list(s, l.v[0].id, &v, &n));
	assert_int_equal(n, 1);
	assert_string_equal(v[0].emoji, "x");
	free(v);
	assert_string_equal(l.v[1].text, "the answer");
	assert_int_equal(l.v[1].sent_ms, 2500);
	assert_int_equal(l.v[1].expires_ms, 160000);
	assert_int_equal(l.v[1].flags,
	    STORE_MSG_QUOTES | STORE_MSG_FORWARDED | STORE_MSG_HISTORY |
		STORE_MSG_MENTIONS | STORE_MSG_MENTIONS_ME);
	assert_ok(store_mention_get(s, l.v[1].id, named, &n));
	assert_int_equal(n, 1);
	assert_int_equal(named[0].start, 4);
	assert_int_equal(named[0].len, 6);
	assert_memory_equal(named[0].account, id_of(1).b, STORE_ID_LEN);
	assert_ok(store_quote_get(s, l.v[1].id, &quote));
	assert_string_equal(quote.text, "the question");
	assert_int_equal(l.v[2].kind, STORE_MSG_DELETED);
	store_messages_clear(&l);
	assert_ok(store_message_incoming(s, 0, 10, &l));
	assert_int_equal(l.n, 0); /* no news */
	store_messages_clear(&l);
	store_chats_clear(&c);
}

static void
test_restore__brings_everything_back(void **state)
{
	struct fixture *f = *state;
	struct restore_count c = {0};

	fill(f->a.s);
	dump_all(f, &(struct dump_opts){.now_ms = 5});
	assert_int_equal(f->n, 1 + 1 + 2 + 4 + 1);
	assert_ok(restore_all(f, id_of(90).b, &c));
	assert_true(c.begun && c.ended);
	assert_int_equal(c.total, 4);
	assert_int_equal(c.added, 4);
	assert_int_equal(c.created_ms, 5);
	assert_restored(f->b.s);
	/* Once more, as after a crash: nothing is there twice. */
	memset(&c, 0, sizeof(c));
	assert_ok(restore_all(f, nobody, &c));
	assert_int_equal(c.added, 0);
	assert_restored(f->b.s);
}

/* What came meanwhile stays the newest, and unread. */
static void
test_restore__goes_into_the_past_of_what_is_there(void **state)
{
	struct fixture *f = *state;
	struct restore_count c = {0};
	int64_t chat = chat_with(f->b.s, 1);
	struct store_messages l;
	struct store_chat row;

	fill(f->a.s);
	add_text(f->b.s, chat, STORE_IN, 50, 9000, "new here");
	dump_all(f, &(struct dump_opts){.now_ms = 5});
	assert_ok(restore_all(f, id_of(90).b, &c));
	assert_ok(store_message_before(f->b.s, chat, 0, 10, &l));
	assert_int_equal(l.n, 4);
	assert_string_equal(l.v[3].text, "new here");
	assert_string_equal(l.v[0].text, "second");
	store_messages_clear(&l);
	assert_ok(store_chat_get(f->b.s, chat, &row));
	assert_string_equal(row.last_text, "new here");
	assert_int_equal(row.unread, 1);
	store_chat_clear(&row);
}

static void
test_restore__refuses(void **state)
{
	struct fixture *f = *state;
	struct restore_count c = {0};
	struct store_chats l;
	size_t i, cut;

	fill(f->a.s);
	dump_all(f, &(struct dump_opts){.now_ms = 5});
	/* Another account's; then a message before its head. */
	assert_err(restore_all(f, id_of(91).b, &c), ERR_DENIED);
	assert_err(
	    restore_record(f->b.s, nobody, f->rec[4].p, f->rec[4].len, &c),
	    ERR_FORMAT);
	assert_false(c.begun);
	/* One that is missing is noticed at the end. */
	for (i = 0; i < f->n; i++)
		if (i != 5 && i + 1 < f->n)
			assert_ok(restore_record(
			    f->b.s, nobody, f->rec[i].p, f->rec[i].len, &c));
	assert_err(restore_record(f->b.s, nobody, f->rec[f->n - 1].p,
		       f->rec[f->n - 1].len, &c),
	    ERR_FORMAT);
	/* Any cut record is an error or says less, but does no harm. */
	for (cut = 0; cut < f->rec[4].len; cut++)
		(void)!restore_record(f->b.s, nobody, f->rec[4].p, cut, &c);
	assert_ok(store_chat_list(f->b.s, &l));
	assert_int_equal(l.n, 2);
	store_chats_clear(&l);
}

static void
test_dump__since_a_time(void **state)
{
	struct fixture *f = *state;
	struct restore_count c = {0};

	fill(f->a.s);
	dump_all(f, &(struct dump_opts){.since_ms = 2600, .partial = true});
	assert_ok(restore_all(f, nobody, &c));
	assert_int_equal(c.messages, 2);
	assert_int_equal(c.total, 2);
}

static uint32_t
unread_of(struct store *s, int64_t chat)
{
	struct store_chat row;
	uint32_t n;

	assert_ok(store_chat_get(s, chat, &row));
	n = row.unread;
	store_chat_clear(&row);
	return n;
}

/* What is here stays as it is; what was read there is read here. */
static void
test_history__for_a_device(void **state)
{
	struct fixture *f = *state;
	struct restore_count c = {0};
	struct store_contact k = {.trust = STORE_TRUST_FIRST_USE};
	struct store_message note = {.dir = STORE_NOTE,
	    .kind = STORE_MSG_NOTE,
	    .received_ms = 1100,
	    .text = (char *)(uintptr_t) "a line of ours"};
	int64_t chat, there = chat_with(f->b.s, 1), other, id;
	struct store_messages l;
	struct store_chat row;

	fill(f->a.s);
	chat = chat_with(f->a.s, 1);
	assert_ok(store_message_before(f->a.s, chat, 0, 10, &l));
	assert_ok(store_message_mark_read(f->a.s, chat, l.v[0].id, NULL));
	store_messages_clear(&l);
	note.chat = chat;
	assert_ok(store_message_add(f->a.s, &note, &id));
	memcpy(k.account, id_of(1).b, STORE_ID_LEN);
	assert_ok(store_contact_put(f->b.s, &k));
	dump_all(f, &(struct dump_opts){.partial = true});
	assert_ok(restore_all(f, id_of(90).b, &c));
	assert_true(c.ended && c.partial);
	assert_int_equal(c.added, 5);
	assert_int_equal(unread_of(f->a.s, chat), 2);
	assert_int_equal(unread_of(f->b.s, there), 2);
	assert_ok(store_contact_get(f->b.s, id_of(1).b, &k));
	assert_string_equal(k.name, "Ben");
	assert_int_equal(k.trust, STORE_TRUST_FIRST_USE);
	assert_false(k.has_identity);
	other = chat_with(f->b.s, 2);
	assert_ok(store_chat_get(f->b.s, other, &row));
	assert_int_equal(row.pinned_ms, 0); /* a sync tells that */
	assert_string_equal(row.draft, "");
	store_chat_clear(&row);
	/* Once more: nothing is there twice, notes neither. */
	memset(&c, 0, sizeof(c));
	assert_ok(restore_all(f, id_of(90).b, &c));
	assert_int_equal(c.added, 0);
	assert_int_equal(unread_of(f->b.s, there), 2);
}

/* A record at a time, each by a dump of its own. */
static void
test_dump_seek__goes_on_where_it_was(void **state)
{
	struct fixture *f = *state;
	const struct dump_opts opts = {.partial = true, .until_id = 4};
	struct restore_count c = {0};
	struct dump_at at = {.stage = 0};
	struct dump *d = NULL;
	struct buf rec;
	int r;

	fill(f->a.s);
	add_text(f->a.s, chat_with(f->a.s, 1), STORE_IN, 60, 9000, "too late");
	buf_init(&rec, BACKUP_RECORD_MAX);
	do {
		assert_ok(dump_new(&d, f->a.s, &opts));
		dump_seek(d, &at);
		r = dump_next(d, &rec);
		at = dump_tell(d);
		dump_free(d);
		if (r == 0)
			assert_ok(
			    restore_record(f->b.s, nobody, rec.p, rec.len, &c));
	} while (r == 0);
	assert_err(r, ERR_NOTFOUND);
	assert_true(c.ended);
	assert_int_equal(c.messages, 4);
	assert_int_equal(c.contacts, 1);
	buf_clear(&rec);
}

/* Texts of a device that lies reach no screen as they are. */
static void
test_history__is_sanitised(void **state)
{
	struct fixture *f = *state;
	struct restore_count c = {0};
	struct store_messages l;
	struct store_contact k = {.name = "B\x1b[2Jen"};
	int64_t chat = chat_with(f->a.s, 1);

	memcpy(k.account, id_of(1).b, STORE_ID_LEN);
	assert_ok(store_contact_put(f->a.s, &k));
	add_text(f->a.s, chat, STORE_IN, 10, 1000, "red\x1b[31m alert");
	dump_all(f, &(struct dump_opts){.partial = true});
	assert_ok(restore_all(f, nobody, &c));
	assert_ok(
	    store_message_before(f->b.s, chat_with(f->b.s, 1), 0, 10, &l));
	assert_int_equal(l.n, 1);
	assert_null(strchr(l.v[0].text, '\x1b'));
	assert_non_null(strstr(l.v[0].text, "alert"));
	store_messages_clear(&l);
	assert_ok(store_contact_get(f->b.s, id_of(1).b, &k));
	assert_null(strchr(k.name, '\x1b'));
}

static void
test_history_newest__is_a_time(void **state)
{
	struct fixture *f = *state;
	uint64_t since = 7;

	fill(f->a.s);
	assert_ok(store_history_newest(f->a.s, 2, &since));
	assert_int_equal(since, 2600);
	assert_ok(store_history_newest(f->a.s, 9, &since));
	assert_int_equal(since, 0);
}

/* ---- groups, people, settings --------------------------------------------------------- */

static void
make_group(struct store *s, unsigned n, enum store_standing standing)
{
	struct store_group g = {.standing = standing,
	    .wanted = 9,
	    .todo = STORE_GROUP_OWED,
	    .attempts = 3,
	    .next_ms = 77,
	    .alarm = 5,
	    .alarm_version = 6,
	    .alarm_ms = 7,
	    .alarm_accepted = true,
	    .asked = 4,
	    .has_token = true,
	    .token = {1, 2, 3},
	    .failed = "it did not work"};

	memcpy(g.id, id_of(n).b, STORE_ID_LEN);
	assert_ok(store_chat_open(s, STORE_CHAT_GROUP, g.id, 1000, &g.chat));
	assert_ok(store_group_put(s, &g));
	if (standing != STORE_GROUP_ADDED)
		assert_ok(store_group_put_record(s, g.id, 8, "a record", 8));
	assert_ok(store_chat_set_title(s, g.chat, "Rowers"));
}

static void
assert_group(struct store *s, unsigned n, enum store_standing standing)
{
	struct store_group g;
	struct store_chat c;

	assert_ok(store_group_get(s, id_of(n).b, &g));
	assert_int_equal(g.standing, standing);
	assert_int_equal(g.version, 8);
	assert_int_equal(g.wanted, 9);
	assert_int_equal(g.len, 8);
	assert_memory_equal(g.record, "a record", 8);
	assert_true(g.has_token && g.token[2] == 3);
	assert_int_equal(g.alarm, 5);
	assert_int_equal(g.alarm_version, 6);
	assert_int_equal(g.alarm_ms, 7);
	assert_true(g.alarm_accepted);
	/* what this device had to do, that one has not */
	assert_int_equal(
	    g.todo, standing == STORE_GROUP_MEMBER ? STORE_GROUP_ENTRIES : 0);
	assert_int_equal(g.attempts, 0);
	assert_int_equal(g.asked, 0);
	assert_int_equal(g.next_ms, 0);
	assert_string_equal(g.failed, "");
	assert_ok(store_chat_get(s, g.chat, &c));
	assert_string_equal(c.title, "Rowers");
	store_chat_clear(&c);
	store_group_clear(&g);
}

static void
test_restore__a_group_goes_on(void **state)
{
	struct fixture *f = *state;
	struct restore_count c = {0};
	struct store_group g = {.standing = STORE_GROUP_ADDED, .wanted = 8};
	struct store_group there;

	make_group(f->a.s, 21, STORE_GROUP_MEMBER);
	make_group(f->a.s, 22, STORE_GROUP_REMOVED);
	make_group(f->a.s, 23, STORE_GROUP_ADDED); /* nothing is known of it */
	/* the relay's list may have come first */
	memcpy(g.id, id_of(21).b, STORE_ID_LEN);
	assert_ok(
	    store_chat_open(f->b.s, STORE_CHAT_GROUP, g.id, 1000, &g.chat));
	assert_ok(store_group_put(f->b.s, &g));
	dump_all(f, &(struct dump_opts){.now_ms = 5});
	assert_ok(restore_all(f, id_of(90).b, &c));
	assert_group(f->b.s, 21, STORE_GROUP_MEMBER);
	assert_group(f->b.s, 22, STORE_GROUP_REMOVED);
	assert_err(store_group_peek(f->b.s, id_of(23).b, &there), ERR_NOTFOUND);
	/* and a record that is there is younger */
	assert_ok(store_group_put_record(f->b.s, id_of(21).b, 12, "new", 3));
	memset(&c, 0, sizeof(c));
	assert_ok(restore_all(f, id_of(90).b, &c));
	assert_ok(store_group_peek(f->b.s, id_of(21).b, &there));
	assert_int_equal(there.version, 12);
}

static void
test_restore__settings_people_and_receipts(void **state)
{
	struct fixture *f = *state;
	struct restore_count c = {0};
	struct store_status_person p;
	struct store_contact k = {.phone = "+4915550000003"};
	struct store_receipt *v = NULL;
	struct store_messages l;
	int64_t id, value = 0, chat = chat_with(f->a.s, 1);
	char *text = NULL;
	bool moved;
	size_t n;

	id = add_text(f->a.s, chat, STORE_OUT, 30, 1000, "got it?");
	assert_ok(store_receipt_put(
	    f->a.s, id, id_of(1).b, 2, STORE_MSG_DELIVERED, 1100, &moved));
	assert_ok(store_receipt_put(
	    f->a.s, id, id_of(1).b, 2, STORE_MSG_READ, 1200, &moved));
	assert_ok(store_chat_set(f->a.s, chat, STORE_CHAT_UNREAD_MARK, 1));
	assert_ok(store_setting_put_int(f->a.s, "read_receipts", 0));
	assert_ok(store_setting_put(f->a.s, "backup_to", "/tmp"));
	memcpy(k.account, id_of(3).b, STORE_ID_LEN);
	assert_ok(store_contact_put(f->a.s, &k));
	assert_ok(
	    store_status_mark(f->a.s, id_of(3).b, STORE_STATUS_BUT, true));
	assert_ok(
	    store_status_mark(f->a.s, id_of(3).b, STORE_STATUS_MUTED, true));
	dump_all(f, &(struct dump_opts){.now_ms = 5});
	assert_ok(restore_all(f, id_of(90).b, &c));
	assert_ok(store_setting_get_int(f->b.s, "read_receipts", 1, &value));
	assert_int_equal(value, 0);
	assert_err(store_setting_get(f->b.s, "backup_to", &text), ERR_NOTFOUND);
	assert_ok(store_status_person(f->b.s, id_of(3).b, &p));
	assert_true(p.but && p.muted && !p.only);
	chat = chat_with(f->b.s, 1);
	assert_ok(store_message_before(f->b.s, chat, 0, 10, &l));
	assert_int_equal(l.n, 1);
	assert_ok(store_receipt_list(f->b.s, l.v[0].id, &v, &n));
	assert_int_equal(n, 1);
	assert_int_equal(v[0].device, 2);
	assert_int_equal(v[0].delivered_ms, 1100);
	assert_int_equal(v[0].read_ms, 1200);
	free(v);
	store_messages_clear(&l);
}

/* A file of a lying device changes no settings, and no receipts. */
static void
test_history__takes_no_settings(void **state)
{
	struct fixture *f = *state;
	struct restore_count c = {.begun = true, .partial = true};
	Sotto__Backup__Record rec = SOTTO__BACKUP__RECORD__INIT;
	Sotto__Backup__Setting k = SOTTO__BACKUP__SETTING__INIT;
	uint8_t b[64];

	k.name = (char *)(uintptr_t) "read_receipts";
	k.value = (char *)(uintptr_t) "0";
	rec.body_case = SOTTO__BACKUP__RECORD__BODY_SETTING;
	rec.setting = &k;
	assert_err(restore_record(f->b.s, nobody, b,
		       sotto__backup__record__pack(&rec, b), &c),
	    ERR_FORMAT);
}

/*
 * Every table, and what becomes of it. Of those that are in a backup, the
 * columns too: a new one wants a decision.
 */
static const struct {
	const char *table, *columns; /* NULL: it is not in a backup, because: */
	const char *why;
} decided[] = {
    {"chat",
	"id kind peer title created_ms active_ms unread read_sort read_id "
	"last_id last_sort last_ms last_dir last_kind last_state last_text "
	"muted_until_ms pinned_ms archived expire_s unread_mark",
	"what repeats the messages is made of them; all is read"},
    {"clock", NULL, "a device that was restored is alone, or hears it anew"},
    {"contact",
	"account phone phone_known name profile_name identity trust "
	"key_changed_ms verified_ms list_version device_list seen_ms blocked "
	"created_ms",
	"device_list comes with the keys, seen_ms is of a moment"},
    {"device", NULL, "comes with the list of devices"},
    {"draft", "chat text updated_ms", "in its chat"},
    {"early", NULL, "its messages would come to the old device"},
    {"edit", "message written_ms text", ""},
    {"group_change", NULL, "signed by keys that are gone; the person repeats"},
    {"group_entry", NULL, "the relay has it"},
    {"group_held_content", NULL, "sent again to who asks"},
    {"group_owed", NULL, "members ask"},
    {"group_paper", NULL, "for sessions that are gone"},
    {"group_row",
	"id chat standing version wanted todo attempts next_ms alarm "
	"alarm_version alarm_ms alarm_accepted asked_ms asked token failed "
	"record",
	"without what this device had to do"},
    {"group_sent", NULL, "for those who could not open it then"},
    {"inbox", NULL, "a message has one row whatever comes twice"},
    {"last_resort_spent", NULL, "of keys that are gone"},
    {"media",
	"message kind state flags file locator key digest size sealed_size "
	"name mime width height duration_ms bars tiny album contact_name "
	"contact_phone lat_e7 lon_e7 why source",
	"what it is, not its bytes: state, flags, file, why and source are of "
	"this disk"},
    {"media_left", NULL, "of this disk"},
    {"mention", "message start len account", ""},
    {"message",
	"id chat sort message_id account device dir kind state sent_ms "
	"received_ms text flags expire_s edited_ms expires_ms reactions "
	"starred",
	""},
    {"meta", NULL, "of this file"},
    {"once", NULL, "can be seen once"},
    {"outbox", NULL, "sealed for sessions that are gone"},
    {"prekey", NULL, "private keys"},
    {"prekey_last", NULL, "of private keys"},
    {"quote", "message account message_id text status", ""},
    {"reaction", "message account emoji when_ms", ""},
    {"receipt", "message account device delivered_ms read_ms", ""},
    {"receipt_due", NULL, "for sessions that are gone"},
    {"repair", NULL, "of sessions that are gone"},
    {"resent", NULL, "of sessions that are gone"},
    {"self", NULL, "who restores has keys of their own"},
    {"sender_key_given", NULL, "ratchets never"},
    {"sender_key_own", NULL, "ratchets never"},
    {"sender_key_peer", NULL, "ratchets never"},
    {"sent", NULL, "for those who could not open it then"},
    {"sent_again", NULL, "of sessions that are gone"},
    {"session", NULL, "ratchets never"},
    {"setting", "name value", "those that a person has set"},
    {"status", NULL, "lives for a day"},
    {"status_owed", NULL, "lives for a day"},
    {"status_person", "account marks wrote", "wrote comes of the messages"},
    {"status_to", NULL, "lives for a day"},
    {"status_view", NULL, "lives for a day"},
    {"transfer", NULL, "history on its way between devices that are gone"},
    {"transfer_part", NULL, "the same"},
    {"unreadable", NULL, "its answer would come to the old device"},
};

static void
assert_columns(struct store *s, const char *table, const char *columns)
{
	char got[1024] = "";
	struct query q;
	size_t n = 0;

	q_begin(&q, s, "SELECT name FROM pragma_table_info(?) ORDER BY cid");
	q_text(&q, table);
	while (q_row(&q)) {
		if (n > 0)
			got[n++] = ' ';
		q_get_text(&q, 0, got + n, sizeof(got) - n);
		n += strlen(got + n);
	}
	assert_ok(q_end(&q));
	if (strcmp(got, columns) != 0)
		fail_msg("%s has the columns\n  %s\nand not\n  %s\nIs the new "
			 "one in a backup? Then dump.c and restore.c.",
		    table, got, columns);
}

static void
test_dump__every_table_has_its_decision(void **state)
{
	struct fixture *f = *state;
	char names[100][64];
	size_t i, n = 0;
	struct query q;

	q_begin(&q, f->a.s,
	    "SELECT name FROM sqlite_master WHERE type = 'table'"
	    " AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'message_fts%'"
	    " ORDER BY name");
	while (n < ARRAY_LEN(names) && q_row(&q))
		q_get_text(&q, 0, names[n++], sizeof(names[0]));
	assert_ok(q_end(&q));
	for (i = 0; i < n || i < ARRAY_LEN(decided); i++) {
		const char *is = i < n ? names[i] : "(none)";
		const char *want =
		    i < ARRAY_LEN(decided) ? decided[i].table : "(none)";

		if (strcmp(is, want) != 0)
			fail_msg("the table %s is in the store where the list "
				 "has %s: is it in a backup? Then dump.c and "
				 "restore.c; else say here why not",
			    is, want);
		if (decided[i].columns != NULL)
			assert_columns(f->a.s, is, decided[i].columns);
	}
}

static int
dump_step(void *arg)
{
	struct fixture *f = arg;
	struct restore_count c = {0};
	struct dump *d = NULL;
	struct buf rec;
	int r = dump_new(&d, f->a.s, &(struct dump_opts){.now_ms = 5});

	if (r != 0)
		return r;
	buf_init(&rec, BACKUP_RECORD_MAX);
	while (r == 0 && (r = dump_next(d, &rec)) == 0)
		r = restore_record(f->b.s, nobody, rec.p, rec.len, &c);
	buf_clear(&rec);
	dump_free(d);
	return r == ERR_NOTFOUND ? 0 : r;
}

static void
test_dump__short_of_memory(void **state)
{
	struct fixture *f = *state;
	struct restore_count c = {0};

	fill(f->a.s);
	make_group(f->a.s, 21, STORE_GROUP_MEMBER);
	assert_ok(store_setting_put_int(f->a.s, "read_receipts", 0));
	assert_true(alloc_sweep(dump_step, f) > 20);
	/* what was half restored, and again: all of it, once */
	dump_all(f, &(struct dump_opts){.now_ms = 5});
	assert_ok(restore_all(f, nobody, &c));
	assert_int_equal(c.added, 0);
	assert_ok(store_check(f->b.s));
}

static void
test_dump_new__needs_an_account(void **state)
{
	struct fixture *f = *state;
	struct store_account self = {0};
	struct dump *d = NULL;

	assert_ok(store_account_put(f->a.s, &self));
	assert_err(dump_new(&d, f->a.s, &(struct dump_opts){0}), ERR_STATE);
	assert_null(d);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_restore__brings_everything_back),
	    T(test_restore__goes_into_the_past_of_what_is_there),
	    T(test_restore__refuses),
	    T(test_dump__since_a_time),
	    T(test_history__for_a_device),
	    T(test_dump_seek__goes_on_where_it_was),
	    T(test_history__is_sanitised),
	    T(test_history_newest__is_a_time),
	    T(test_restore__a_group_goes_on),
	    T(test_restore__settings_people_and_receipts),
	    T(test_history__takes_no_settings),
	    T(test_dump__every_table_has_its_decision),
	    T(test_dump__short_of_memory),
	    T(test_dump_new__needs_an_account),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
