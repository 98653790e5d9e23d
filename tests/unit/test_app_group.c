/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Groups on the screen: made, joined, changed, talked in. */
#include "tests/unit/screen_rig.h"
#include "tui/screen/app_int.h"

static int
setup(void **state)
{
	static struct rig r;
	size_t i;

	rig_open(&r, 24, 80, NULL);
	rig_main(&r);
	for (i = 0; i < r.app->m.n; i++) /* people have accounts */
		r.app->m.v[i]->account[0] = (uint8_t)r.app->m.v[i]->id;
	*state = &r;
	return 0;
}

static int
setup_group(void **state)
{
	struct rig *r;

	setup(state);
	r = *state;
	rig_give_group(r);
	rig_log(r);
	return 0;
}

static int
teardown(void **state)
{
	rig_close(*state);
	return 0;
}

#define assert_log(r, text) assert_string_equal(rig_log(r), text)

static void
tell(struct rig *r, struct group_row g, uint64_t tag)
{
	rig_event(r, (struct engine_event){
			 .kind = EV_GROUP, .tag = tag, .groups = &g, .n = 1});
}

static void
open_details(struct rig *r, struct group_row g)
{
	rig_press(r, "Alt-I");
	assert_log(r, "group 7; ");
	tell(r, g, r->tag);
	rig_screen(r); /* how many lines there are is known now */
	rig_log(r);
}

/* ---- made, joined -------------------------------------------------------------------- */

static void
test_group__is_made_of_people_and_opened(void **state)
{
	struct rig *r = *state;
	struct group_row g = rig_group(true);

	rig_press(r, "F7 Enter");
	assert_true(rig_shows(r, "A group needs a name"));
	rig_press(r, "F7");
	rig_type(r, "Sailing");
	rig_press(r, "Enter");
	assert_true(rig_shows(r, "Who is in Sailing?"));
	rig_log(r);
	rig_press(r, "Space");
	rig_type(r, "emil");
	rig_press(r, "Space Enter");
	assert_log(r, "new group Sailing 0: 1 6; ");
	tell(r, g, r->tag);
	assert_int_equal(r->app->open_when_known, RIG_GROUP);
	assert_non_null(strstr(rig_log(r), "all chats; "));
}

static void
test_group__is_joined_by_a_link(void **state)
{
	struct rig *r = *state;

	rig_type(r, "/join sotto://x/?group=1");
	rig_log(r);
	rig_press(r, "Enter");
	assert_log(r, "join sotto://x/?group=1; ");
	rig_press(r, "Alt-J");
	rig_paste(r, "sotto://y/?group=2");
	rig_press(r, "Enter");
	assert_log(r, "join sotto://y/?group=2; ");
	rig_type(r, "/group Rowing");
	rig_press(r, "Enter");
	assert_true(rig_shows(r, "Who is in Rowing?"));
}

static void
test_group__has_people_not_groups_in_it(void **state)
{
	struct rig *r = *state;

	rig_press(r, "F7");
	rig_type(r, "Boats");
	rig_press(r, "Enter");
	rig_type(r, "sailing");
	assert_true(rig_shows(r, "Nobody is called so"));
	rig_log(r);
	rig_press(r, "Enter");
	assert_log(r, "");
}

/* ---- talked in ------------------------------------------------------------------------- */

static void
test_group_conversation__names_who_speaks_once(void **state)
{
	struct rig *r = *state;

	/* Ann wrote two in a row, Cara one, we one. */
	assert_true(rig_shows(r, "3 members"));
	assert_int_equal(hist_height(&r->app->hist, 1), 3); /* gap, name */
	assert_int_equal(hist_height(&r->app->hist, 2), 1);
	assert_true(rig_shows(r, "Cara"));
}

static void
test_group_mention__is_completed_by_tab(void **state)
{
	struct rig *r = *state;

	rig_type(r, "hi @ca");
	rig_press(r, "Tab");
	assert_string_equal(composer_text(&r->app->comp), "hi @Cara ");
	rig_press(r, "Ctrl-U");
	rig_type(r, "@");
	rig_press(r, "Tab"); /* who of them? */
	assert_string_equal(composer_text(&r->app->comp), "@");
	assert_true(rig_shows(r, "go on typing"));
	rig_press(r, "Ctrl-U");
	rig_type(r, "mail ann@ex");
	rig_press(r, "Tab"); /* an address: the list of chats */
	assert_string_equal(composer_text(&r->app->comp), "mail ann@ex");
	assert_true(r->app->focus_list);
}

static void
test_group_mention__is_marked_until_it_is_read(void **state)
{
	struct rig *r = *state;
	struct mention_row who = {.off = 4, .len = 4, .me = true};
	struct msg_row m = rig_msg(
	    50, RIG_GROUP, false, RIG_NOW, MSG_RECEIVED, "and @Mia drives");
	struct chat_row c =
	    rig_chat(RIG_GROUP, "Sailing", RIG_NOW, "and @Mia drives", 1);

	c.group = c.mentions_me = m.mentions_me = true;
	c.muted_until_ms = ENGINE_EVER;
	m.mentions = &who;
	m.n_mentions = 1;
	rig_press(r, "Alt-2");
	rig_event(
	    r, (struct engine_event){.kind = EV_CHAT, .chats = &c, .n = 1});
	rig_log(r);
	r->app->prefs.notify_mentions = false;
	rig_event(
	    r, (struct engine_event){
		   .kind = EV_MSG_NEW, .chat = RIG_GROUP, .msgs = &m, .n = 1});
	assert_null(strstr(rig_log(r), "bell"));
	r->app->prefs.notify_mentions = true;
	rig_event(
	    r, (struct engine_event){
		   .kind = EV_MSG_NEW, .chat = RIG_GROUP, .msgs = &m, .n = 1});
	assert_non_null(strstr(rig_log(r), "bell"));
	assert_true(rig_shows(r, " @1 "));
	c.mentions_me = false; /* something else is unread */
	rig_event(
	    r, (struct engine_event){.kind = EV_CHAT, .chats = &c, .n = 1});
	assert_false(rig_shows(r, " @1 "));
}

static void
test_group__says_why_nothing_can_be_sent(void **state)
{
	static const struct {
		enum group_standing standing;
		const char *says;
	} rows[] = {
	    {GROUP_IS_LEFT, "You have left this group"},
	    {GROUP_IS_REMOVED, "You were removed from this group"},
	    {GROUP_IS_ASKED, "An admin has to let you in"},
	};
	struct rig *r = *state;
	struct group_row g = rig_group(true);
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		g.standing = rows[i].standing;
		tell(r, g, 0);
		assert_true(rig_shows(r, rows[i].says));
		rig_type(r, "x");
		rig_log(r);
		rig_press(r, "Enter");
		assert_log(r, "");
		assert_string_equal(composer_text(&r->app->comp), "x");
		rig_press(r, "Ctrl-U");
	}
	g.standing = GROUP_IS_MEMBER;
	g.may_send = false;
	tell(r, g, 0);
	assert_true(rig_shows(r, "Only admins write here"));
	g.may_send = true;
	g.alarm = lit("a fork");
	tell(r, g, 0);
	assert_true(rig_shows(r, "! alarm"));
	assert_true(rig_shows(r, "tells two stories"));
	g.alarm_accepted = true;
	tell(r, g, 0);
	assert_false(rig_shows(r, "! alarm"));
	rig_type(r, "x");
	rig_log(r);
	rig_press(r, "Enter");
	assert_log(r, "send 7 x; ");
}

static void
test_group__members_are_asked_for_when_it_changes(void **state)
{
	struct rig *r = *state;
	struct group_row g = rig_group(false);

	g.n_members = 4;
	tell(r, g, 0);
	assert_log(r, "group 7; ");
	assert_int_equal(r->app->room.n_rows, 4); /* those of before */
	assert_true(rig_shows(r, "4 members"));
	tell(r, g, 0); /* once is enough */
	assert_null(strstr(rig_log(r), "group"));
}

/* ---- details ---------------------------------------------------------------------------- */

static void
test_group_details__set_what_they_say(void **state)
{
	struct rig *r = *state;

	open_details(r, rig_group(true));
	assert_true(rig_shows(r, "The blue boat, Saturdays"));
	assert_true(rig_shows(r, "an admin"));
	rig_log(r);
	rig_press(r, "n Ctrl-U");
	rig_type(r, "Boats");
	rig_press(r, "Enter e Ctrl-U");
	rig_type(r, "all of them");
	rig_press(r, "Enter t Down Enter");
	assert_log(r, "group 7 is Boats/-/-1; group 7 is -/all of them/-1; "
		      "group 7 is -/-/30; ");
	rig_press(r, "o Enter o Down Down Enter");
	assert_log(r, "group 7 permit 1 -1 -1; group 7 permit -1 -1 1; ");
	rig_press(r, "p b v");
	assert_log(r, "pin 7 1; "); /* nobody to block or to compare with */
	rig_press(r, "l n l y");
	assert_log(r, "group 7 leave:; ");
}

static void
test_group_details__links_are_shown_and_changed(void **state)
{
	struct rig *r = *state;
	struct group_row g = rig_group(true);

	open_details(r, g);
	rig_press(r, "i Enter i Down Enter i Down Down Enter");
	assert_log(r, "group 7 link 2; group 7 link 1; group 7 link 0; ");
	g.has_link = true;
	g.link = lit("sotto://relay.example/?group=ABC");
	tell(r, g, 0);
	rig_press(r, "i Enter");
	assert_true(rig_shows(r, "sotto://relay.example/?group=ABC"));
	rig_log(r);
	rig_press(r, "y Esc");
	assert_log(r, "copy sotto://relay.example/?group=ABC; ");
	rig_press(r, "i Down Down Down Enter");
	assert_log(r, "group 7 link 0; ");
}

/* Lines: 12 about the group, then Ann, Cara, us, Emil who asks. */
static void
test_group_details__members_are_promoted_removed_let_in(void **state)
{
	struct rig *r = *state;

	open_details(r, rig_group(true));
	rig_press(r, "PgDn PgDn Enter"); /* Emil asks */
	assert_true(rig_shows(r, "Let them in"));
	rig_log(r);
	rig_press(r, "Enter Enter Down Enter");
	assert_log(r, "group 7 approve: 6; group 7 decline: 6; ");
	rig_press(r, "Up Enter"); /* us */
	assert_log(r, "");
	assert_true(rig_shows(r, "That is you"));
	rig_log(r);
	rig_press(r, "Up Enter Down Enter"); /* Cara, an admin */
	assert_log(r, "group 7 demote: 3; ");
	rig_press(r, "Up Enter Down Enter Enter Down Down Enter y");
	assert_log(r, "group 7 promote: 1; group 7 remove: 1; ");
	rig_press(r, "+");
	rig_type(r, "emil");
	rig_press(r, "Enter");
	assert_log(r, "group 7 add: 6; ");
	rig_press(r, "Enter Enter"); /* write to Ann */
	assert_int_equal(r->app->open, 1);
	assert_int_equal(r->app->nviews, 1);
}

static void
test_group_details__alarms_and_what_waits_come_first(void **state)
{
	struct rig *r = *state;
	struct group_row g = rig_group(true);

	g.alarm = lit("others see a member that you do not");
	g.pending = 2;
	open_details(r, g);
	assert_true(rig_shows(r, "others see a member that you d"));
	assert_true(rig_shows(r, "2 of yours"));
	rig_log(r);
	rig_press(r, "Enter");
	assert_true(rig_shows(r, "do not. Sotto goes on"));
	rig_press(r, "n A y");
	assert_log(r, "group 7 accept; ");
	g.alarm = NULL;
	g.pending = 0;
	g.failed = lit("you are no admin");
	tell(r, g, 0);
	assert_true(rig_shows(r, "not made: you are no admin"));
	rig_press(r, "A");
	assert_true(rig_shows(r, "There is no alarm"));
}

static int
take_step(void *arg)
{
	struct group_row to = {0}, from = rig_group(true);
	bool ok = room_row_take(&to, &from);

	(void)arg;
	if (!ok) /* nothing has changed */
		assert_null(to.name);
	room_row_clear(&to);
	return ok ? 0 : ERR_NOMEM;
}

static void
test_group_row__copies_survive_short_memory(void **state)
{
	(void)state;
	assert_true(alloc_sweep(take_step, NULL) > 5);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define G(name) cmocka_unit_test_setup_teardown(name, setup_group, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_group__is_made_of_people_and_opened),
	    T(test_group__is_joined_by_a_link),
	    G(test_group__has_people_not_groups_in_it),
	    G(test_group_conversation__names_who_speaks_once),
	    G(test_group_mention__is_completed_by_tab),
	    G(test_group_mention__is_marked_until_it_is_read),
	    G(test_group__says_why_nothing_can_be_sent),
	    G(test_group__members_are_asked_for_when_it_changes),
	    G(test_group_details__set_what_they_say),
	    G(test_group_details__links_are_shown_and_changed),
	    G(test_group_details__members_are_promoted_removed_let_in),
	    G(test_group_details__alarms_and_what_waits_come_first),
	    cmocka_unit_test(test_group_row__copies_survive_short_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
