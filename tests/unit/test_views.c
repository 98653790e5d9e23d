/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is drawn, at four sizes: tests/vectors/screen/. */
#include "tests/unit/screen_rig.h"

/* As long as they are: docs/linking.md §2. */
#define OFFER                                                                  \
	"SOTTO:LINK/1/"                                                        \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567ABCDEFGHIJKLMNOPQRSTUVWXYZ"           \
	"234567ABCDEFGHIJKLMNO"

typedef void scene_fn(struct rig *r);

static void
at_sizes(const char *name, scene_fn *go)
{
	static const struct {
		int rows, cols;
	} sizes[] = {{6, 20}, {10, 40}, {24, 80}, {60, 200}};
	char golden[64];
	struct rig r;
	size_t i;

	for (i = 0; i < ARRAY_LEN(sizes); i++) {
		rig_open(&r, sizes[i].rows, sizes[i].cols, NULL);
		go(&r);
		snprintf(golden, sizeof(golden), "%s-%dx%d", name,
		    sizes[i].cols, sizes[i].rows);
		rig_golden(&r, golden);
		rig_close(&r);
	}
}

/* ---- scenes ----------------------------------------------------------------- */

static void
conversation(struct rig *r)
{
	rig_main(r);
	rig_press(r, "Tab Esc"); /* narrow: from the list to the chat */
	rig_press(r, "Tab Enter");
}

static void
writing(struct rig *r)
{
	rig_main(r);
	if (r->app->show_list)
		rig_press(r, "Esc");
	rig_type(r, "A text that is long enough to take more than one line "
		    "where the window is not very wide \xf0\x9f\x98\x85");
	rig_press(r, "Alt-Enter");
	rig_type(r, "and one more");
}

static void
offline(struct rig *r)
{
	struct msg_row m = rig_msg(
	    9, 1, true, RIG_NOW, MSG_FAILED, "This one is not going anywhere");

	writing(r);
	rig_event(r, (struct engine_event){
			 .kind = EV_MSG_NEW, .chat = 1, .msgs = &m, .n = 1});
	rig_event(r, (struct engine_event){.kind = EV_CONN,
			 .conn = CONN_OFFLINE,
			 .retry_after_ms = 12000});
	rig_wait(r, 500);
	rig_press(r, "Esc");
}

static void
palette(struct rig *r)
{
	rig_main(r);
	rig_press(r, "Ctrl-G");
	rig_type(r, "an");
}

static void
search(struct rig *r)
{
	struct hit_row hits[] = {
	    {.msg = rig_msg(4, 1, false, RIG_NOW - 2 * HOUR, MSG_RECEIVED,
		 "Shall we go on Saturday?\nThe weather should hold."),
		.title = r->log, /* not shown: the chat's own is known */
		.mark_off = 15,
		.mark_len = 8},
	    {.msg = rig_msg(5, 1, true, RIG_NOW - 30 * MINUTE, MSG_DELIVERED,
		 "Saturday is good \xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd"),
		.title = r->log,
		.mark_off = 0,
		.mark_len = 8},
	};

	rig_main(r);
	rig_press(r, "Ctrl-S");
	rig_type(r, "saturday");
	rig_answer(r, (struct engine_event){
			  .kind = EV_HITS, .hits = hits, .n = ARRAY_LEN(hits)});
}

static void
starred(struct rig *r)
{
	struct hit_row hits[] = {
	    {.msg = rig_msg(5, 1, true, RIG_NOW - 30 * MINUTE, MSG_DELIVERED,
		 "Saturday is good \xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd")},
	    {.msg = rig_msg(4, 1, false, RIG_NOW - 2 * HOUR, MSG_RECEIVED,
		 "Shall we go on Saturday?\nThe weather should hold.")},
	};

	hits[0].msg.starred = hits[1].msg.starred = true;
	rig_main(r);
	rig_press(r, "Alt-T");
	rig_answer(r, (struct engine_event){
			  .kind = EV_HITS, .hits = hits, .n = ARRAY_LEN(hits)});
	rig_press(r, "s");
	hits[0].msg.starred = false;
	rig_event(r, (struct engine_event){.kind = EV_MSG_CHANGED,
			 .chat = 1,
			 .msgs = &hits[0].msg,
			 .n = 1});
}

static void
safety(struct rig *r)
{
	struct engine_event ev = {.kind = EV_SAFETY};

	memcpy(ev.safety,
	    "123451234567890678901111122222333334444455555666667777788888",
	    sizeof(ev.safety));
	rig_main(r);
	rig_press(r, "F3");
	rig_answer(r, ev);
}

static void
help(struct rig *r)
{
	rig_main(r);
	rig_press(r, "F1");
}

static void
first_run(struct rig *r)
{
	rig_first_run(r, "three quiet otter");
}

static void
first_run_code(struct rig *r)
{
	first_run(r);
	rig_type(r, "s");
	rig_press(r, "Enter");
	rig_answer(r, (struct engine_event){.kind = EV_UNLOCKED});
	rig_answer(r,
	    (struct engine_event){
		.kind = EV_CODE_SENT, .digits = 6, .resend_after_ms = 60000});
	rig_wait(r, 1500);
}

static void
unlock(struct rig *r)
{
	app_start(r->app, true, NULL);
	rig_type(r, "wrong");
	rig_press(r, "Enter");
	rig_answer(
	    r, (struct engine_event){.kind = EV_ERROR, .code = ERR_AUTH});
}

static void
settings(struct rig *r)
{
	rig_main(r);
	rig_press(r, "F4 Tab");
}

static void
new_chat(struct rig *r)
{
	rig_main(r);
	rig_press(r, "F2");
	rig_type(r, "+49 170 55");
	rig_press(r, "Enter");
	rig_answer(
	    r, (struct engine_event){.kind = EV_ERROR, .code = ERR_NOTFOUND});
}

static void
paste(struct rig *r)
{
	rig_main(r);
	rig_paste(r, "one\ntwo\nthree\n\tfour\nfive\nsix \xf0\x9f\x9a\xa2\n"
		     "seven \033[31m\n");
}

static void
relay_key(struct rig *r)
{
	char key[] = "SUbDJzGc4XjLbt8H0_5L3p4Ly5ftWmMcubgydOEBFT0";

	rig_main(r);
	rig_event(r, (struct engine_event){
			 .kind = EV_RELAY_KEY, .text = key, .changed = true});
}

static void
selected(struct rig *r)
{
	rig_main(r);
	if (r->app->show_list)
		rig_press(r, "Esc");
	rig_press(r, "Ctrl-Up Up Up Up");
}

static void
without_colour(struct rig *r)
{
	draw_set_theme(r->draw, DEPTH_MONO, false, true);
	offline(r);
}

/* Everything that can stand at a message. */
static void
actions(struct rig *r)
{
	struct msg_row m[] = {
	    rig_msg(9, 1, true, RIG_NOW, MSG_READ,
		"Nine it is then, and bring the blue jacket"),
	    rig_msg(10, 1, false, RIG_NOW, MSG_RECEIVED,
		"A view-once text: Enter shows it, once"),
	    rig_msg(11, 1, false, RIG_NOW, MSG_RECEIVED, "From the harbour"),
	    rig_msg(12, 1, true, RIG_NOW, MSG_DELIVERED, "Gone in an hour"),
	    rig_msg(13, 1, true, RIG_NOW, MSG_READ, "This was deleted"),
	};
	size_t i;

	m[0].quote = lit("See you at the harbour, at the end of the pier");
	m[0].quote_from = lit("Ann Example");
	m[0].quote_id = 6;
	m[0].edited = m[0].starred = true;
	m[0].reactions = lit("\xf0\x9f\x91\x8d\xf0\x9f\x8f\xbd 2  "
			     "\xe2\x9d\xa4\xef\xb8\x8f");
	m[1].kind = MSG_ONCE;
	m[2].forwarded = true;
	m[3].edited = m[3].starred = true;
	m[3].expire_s = 3600;
	m[3].expires_ms = RIG_NOW + 59 * MINUTE + 1;
	m[4].kind = MSG_DELETED;
	rig_main(r);
	if (r->app->show_list)
		rig_press(r, "Esc");
	for (i = 0; i < ARRAY_LEN(m); i++)
		rig_event(r,
		    (struct engine_event){
			.kind = EV_MSG_NEW, .chat = 1, .msgs = &m[i], .n = 1});
}

static void
picked(struct rig *r)
{
	actions(r);
	rig_press(r, "Ctrl-Up k Space k Space k k Space");
}

static void
reply(struct rig *r)
{
	actions(r);
	rig_press(r, "Ctrl-Up k k r");
	rig_type(r, "where?");
}

static void
react(struct rig *r)
{
	actions(r);
	rig_press(r, "Ctrl-Up k +");
	rig_press(r, "Right");
}

static void
delete_message(struct rig *r)
{
	actions(r);
	rig_press(r, "Ctrl-Up k d");
}

static void
forward(struct rig *r)
{
	actions(r);
	rig_press(r, "Ctrl-Up k f Down Space");
}

static void
message_info(struct rig *r)
{
	struct msg_row m = rig_msg(9, 1, true, RIG_NOW, MSG_READ, "Nine");
	struct receipt_row rc[] = {{.name = lit("Ann Example"),
				       .delivered_ms = RIG_NOW + 1000,
				       .read_ms = RIG_NOW + 2000},
	    {.name = lit("Bj\xc3\xb6rn")}};
	struct edit_row ed = {.written_ms = RIG_NOW, .text = lit("Eight")};
	struct msg_info info = {.receipts = rc,
	    .n_receipts = 2,
	    .edits = &ed,
	    .n_edits = 1,
	    .edited_ms = RIG_NOW + 500};

	actions(r);
	rig_press(r, "Ctrl-Up k i");
	rig_answer(
	    r, (struct engine_event){
		   .kind = EV_MSG_INFO, .msgs = &m, .n = 1, .info = &info});
}

static void
actions_ascii(struct rig *r)
{
	draw_set_theme(r->draw, DEPTH_MONO, false, true);
	picked(r);
}

/* Pinned, muted, archived, marked, own notes, a timer. */
static void
chats(struct rig *r)
{
	struct chat_row c[] = {
	    rig_chat(1, "Ann Example", RIG_NOW - 2 * MINUTE, "See you", 0),
	    rig_chat(2, "Bj\xc3\xb6rn", RIG_NOW - 3 * HOUR, "Tickets?", 3),
	    rig_chat(3, "+49 170 1234503", RIG_NOW - DAY, "ok", 0),
	    rig_chat(4, "Note to self", RIG_NOW - 3 * DAY, "milk", 0),
	    rig_chat(5, "Dora", RIG_NOW - 20 * DAY, "a last message", 0),
	    rig_chat(6, "Emil", RIG_NOW - 400 * DAY, "old", 12),
	};
	size_t i;

	c[0].expire_s = 7 * 86400;
	c[0].muted_until_ms = RIG_NOW + HOUR;
	c[1].muted_until_ms = ENGINE_EVER;
	c[2].marked_unread = true;
	c[3].to_self = true;
	c[3].pinned_ms = 1;
	c[4].archived = c[5].archived = true;
	rig_main(r);
	for (i = 0; i < ARRAY_LEN(c); i++)
		rig_event(r, (struct engine_event){
				 .kind = EV_CHAT, .chats = &c[i], .n = 1});
	if (!r->app->show_list)
		rig_press(r, "Tab");
	rig_press(r, "End");
}

static void
chats_unfolded(struct rig *r)
{
	chats(r);
	rig_press(r, "Enter Down");
}

static void
details(struct rig *r)
{
	chats(r);
	rig_press(r, "Esc Alt-I Down Down Down");
}

static void
timer_menu(struct rig *r)
{
	details(r);
	rig_press(r, "t");
}

static void
rename_prompt(struct rig *r)
{
	details(r);
	rig_press(r, "n");
}

static void
block_question(struct rig *r)
{
	details(r);
	rig_press(r, "b");
}

static void
give_devices(struct rig *r)
{
	struct device_row d[] = {
	    {.id = 1,
		.name = lit("laptop"),
		.added_ms = RIG_NOW - 90 * DAY,
		.seen_ms = RIG_NOW,
		.this_one = true,
		.listed = true},
	    {.id = 2,
		.name = lit("desk at home"),
		.added_ms = RIG_NOW - DAY,
		.seen_ms = RIG_NOW - HOUR,
		.listed = true},
	    {.id = 3,
		.name = lit(""),
		.added_ms = RIG_NOW - HOUR,
		.listed = false},
	};

	rig_answer(r, (struct engine_event){
			  .kind = EV_DEVICES, .devices = d, .n = ARRAY_LEN(d)});
}

static void
devices(struct rig *r)
{
	struct history_row h = {
	    .device = 2, .state = HISTORY_SENDING, .done = 1200, .total = 8000};

	rig_main(r);
	rig_press(r, "F6");
	give_devices(r);
	rig_event(r,
	    (struct engine_event){.kind = EV_HISTORY, .history = &h, .n = 1});
	rig_press(r, "Down");
}

static void
link_question(struct rig *r)
{
	devices(r);
	rig_press(r, "l");
	rig_paste(r, "SOTTO:LINK/1/ABC");
	rig_press(r, "Enter");
	rig_answer(r, (struct engine_event){.kind = EV_LINK_CODE,
			  .text = lit("123456"),
			  .name = lit("phone in the hall")});
}

static void
link_form(struct rig *r)
{
	app_start(r->app, false, NULL);
	rig_press(r, "F6");
	rig_paste(r, "sotto://relay.example/?invite=abc");
	rig_press(r, "Enter Ctrl-U");
	rig_type(r, "desk");
	rig_press(r, "Tab");
	rig_type(r, "three quiet otters");
}

static void
link_offer(struct rig *r)
{
	link_form(r);
	rig_press(r, "Tab");
	rig_type(r, "three quiet otters");
	rig_press(r, "Enter");
	rig_answer(r, (struct engine_event){.kind = EV_UNLOCKED});
	rig_answer(r,
	    (struct engine_event){.kind = EV_LINK_OFFER, .text = lit(OFFER)});
}

static void
link_code(struct rig *r)
{
	link_offer(r);
	rig_event(r,
	    (struct engine_event){.kind = EV_LINK_CODE, .text = lit("123456")});
}

static void
removed(struct rig *r)
{
	rig_main(r);
	rig_event(r, (struct engine_event){.kind = EV_REMOVED});
}

static void
group(struct rig *r)
{
	rig_main(r);
	rig_give_group(r);
}

static void
group_list(struct rig *r)
{
	group(r);
	if (!r->app->show_list)
		rig_press(r, "Tab");
}

static void
group_details(struct rig *r)
{
	struct group_row g = rig_group(true);

	group(r);
	rig_press(r, "Alt-I");
	g.timer_s = 86400;
	g.has_link = g.link_approval = true;
	g.link = lit("sotto://relay.example/?group=ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	rig_answer(
	    r, (struct engine_event){.kind = EV_GROUP, .groups = &g, .n = 1});
	rig_press(r, "Down Down");
}

static void
group_alarm(struct rig *r)
{
	struct group_row g = rig_group(true);

	group(r);
	g.alarm = lit("The relay shows others a member that you do not see");
	g.pending = 2;
	rig_event(
	    r, (struct engine_event){.kind = EV_GROUP, .groups = &g, .n = 1});
	rig_press(r, "Alt-I");
	rig_answer(
	    r, (struct engine_event){.kind = EV_GROUP, .groups = &g, .n = 1});
}

static void
group_member_menu(struct rig *r)
{
	int i;

	group_details(r);
	for (i = 0; i < 6; i++) {
		rig_screen(r);
		rig_press(r, "PgDn");
	}
	rig_press(r, "Up Up Up Enter");
}

static void
group_link(struct rig *r)
{
	group_details(r);
	rig_press(r, "i Enter");
}

static void
group_people(struct rig *r)
{
	rig_main(r);
	rig_press(r, "F7");
	rig_type(r, "Sailing");
	rig_press(r, "Enter Space Space");
}

#define SCENES(X)                                                              \
	X(conversation)                                                        \
	X(writing)                                                             \
	X(offline)                                                             \
	X(palette)                                                             \
	X(search)                                                              \
	X(starred)                                                             \
	X(safety)                                                              \
	X(help)                                                                \
	X(first_run)                                                           \
	X(first_run_code)                                                      \
	X(unlock)                                                              \
	X(settings)                                                            \
	X(new_chat)                                                            \
	X(paste)                                                               \
	X(relay_key)                                                           \
	X(selected)                                                            \
	X(without_colour)                                                      \
	X(actions)                                                             \
	X(actions_ascii)                                                       \
	X(picked)                                                              \
	X(reply)                                                               \
	X(react)                                                               \
	X(delete_message)                                                      \
	X(forward)                                                             \
	X(message_info)                                                        \
	X(chats)                                                               \
	X(chats_unfolded)                                                      \
	X(details)                                                             \
	X(timer_menu)                                                          \
	X(rename_prompt)                                                       \
	X(block_question)                                                      \
	X(devices)                                                             \
	X(link_question)                                                       \
	X(link_form)                                                           \
	X(link_offer)                                                          \
	X(link_code)                                                           \
	X(removed)                                                             \
	X(group)                                                               \
	X(group_list)                                                          \
	X(group_details)                                                       \
	X(group_alarm)                                                         \
	X(group_member_menu)                                                   \
	X(group_link)                                                          \
	X(group_people)

#define X(name)                                                                \
	static void test_views__##name##_as_drawn_before(void **state)         \
	{                                                                      \
		(void)state;                                                   \
		at_sizes(#name, name);                                         \
	}
SCENES(X)
#undef X

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define X(name) cmocka_unit_test(test_views__##name##_as_drawn_before),
		SCENES(X)
#undef X
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
