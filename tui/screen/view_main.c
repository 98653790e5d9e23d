/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view_main.c — chats, conversation and composer: what is open most. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/text.h"
#include "tui/screen/app_int.h"

#define LIST_MIN 24
#define LIST_MAX 40

struct parts { /* h or w 0: not shown */
	struct box list, conv, comp;
	int head_y;
	int what_y; /* of the line that tells what is written; 0: none */
	bool narrow;
};

static int
comp_lines(const struct app *a, int w, int h)
{
	int max = h / 3;

	return composer_lines(&a->comp, w, max < 1 ? 1 : max);
}

static struct parts
parts_of(const struct app *a, struct box b)
{
	struct parts p = {.narrow = b.w < NARROW_COLS, .head_y = b.y};
	int list = b.w * 3 / 10, comp;

	list = list < LIST_MIN ? LIST_MIN : list > LIST_MAX ? LIST_MAX : list;
	if (p.narrow)
		list = a->show_list ? b.w : 0;
	p.list = (struct box){b.y + 1, b.x, b.h - 1, list};
	if (p.narrow && a->show_list)
		return p;
	p.conv = (struct box){b.y + 1, b.x + list, b.h - 1, b.w - list};
	if (list > 0) { /* the line between them */
		p.conv.x++;
		p.conv.w--;
	}
	comp = a->open != 0 ? comp_lines(a, p.conv.w, b.h) : 0;
	p.comp = (struct box){b.y + b.h - comp, p.conv.x, comp, p.conv.w};
	p.conv.h -= comp;
	if (writing_kind(a) != WRITE_NEW) {
		p.what_y = p.comp.y - 1;
		p.conv.h--;
	}
	if (comp > 0 && b.h >= 12) /* a line above the composer */
		p.conv.h--;
	return p;
}

static void
draw_list_header(struct app *a, int y, int w)
{
	uint32_t unread = model_unread(&a->m, a->wall);
	const char *name = a->m.has_self ? a->m.self.name : "";
	char text[32], own[128];
	int n = 0, x = 1;

	draw_fill(a->draw, (struct box){y, 0, 1, w}, ST_HEADER);
	if (unread > 0) {
		snprintf(text, sizeof(text), "%u new", unread);
		n = text_width(text, strlen(text));
		draw_str(a->draw, y, w - n - 1, n, text, ST_HEADER_GOOD);
	}
	n = w - n - 2; /* where it ends */
	x += draw_elide(
	    a->draw, y, x, n > x ? n - x : 0, "Chats", ST_HEADER_STRONG);
	/* Whose they are: of several profiles, which one. */
	if (name[0] != '\0' && n - x > 4) {
		snprintf(own, sizeof(own), " of %.120s", name);
		draw_elide(a->draw, y, x, n - x, own, ST_HEADER_DIM);
	}
}

/* The longest that fits whole. */
static const char *
composer_hint(const struct app *a, int w)
{
	static const char *const write[] = {
	    "Write a message; Enter sends, Alt-Enter: new line",
	    "Write a message; Enter sends", "Write a message"};
	static const char *const changed[] = {
	    "The safety number has changed: F3 before you write",
	    "Safety number changed: see F3", "F3 first"};
	const struct chat *c = app_chat(a);
	static const char *const blocked[] = {
	    "Blocked: nothing comes, nothing can be sent", "Blocked: see Alt-I",
	    "Blocked"};
	const char *const *v = c == NULL		   ? write
			       : c->blocked		   ? blocked
			       : c->trust == TRUST_CHANGED ? changed
							   : write;
	size_t i = 0;

	if (room_silent(a) != NULL)
		return room_silent(a);
	while (i + 1 < ARRAY_LEN(write) && (int)strlen(v[i]) > w)
		i++;
	return v[i];
}

/* A line that tells of drafts too long, of what is selected. */
static void
draw_rule(struct app *a, int y, int x, int w)
{
	size_t len = edit_len(&a->comp.edit);
	char text[48];

	draw_hline(a->draw, y, x, w, ST_FRAME);
	if (len < ENGINE_TEXT_MAX * 3 / 4)
		return;
	snprintf(text, sizeof(text), " %zu of %d KiB ", len / 1024,
	    ENGINE_TEXT_MAX / 1024);
	draw_right(a->draw, y, x, w - 1, text, ST_WARN);
}

/* Keys go to the list. */
static bool
in_list(const struct app *a)
{
	return a->focus_list || a->show_list || a->open == 0;
}

static void
main_draw(struct app *a, struct box b)
{
	struct parts p = parts_of(a, b);
	bool on_top = a->views[a->nviews - 1] == &view_main;
	bool list_focus = on_top && in_list(a);

	if (p.list.w > 0) {
		draw_list_header(a, p.head_y, p.list.w);
		chatlist_draw(a, p.list, list_focus);
	}
	if (p.conv.w == 0)
		return;
	if (p.list.w > 0) {
		draw_vline(a->draw, p.conv.y, p.conv.x - 1, b.h - 1, ST_FRAME);
		draw_fill(a->draw, (struct box){p.head_y, p.conv.x - 1, 1, 1},
		    ST_HEADER);
	}
	conv_header(a, p.head_y, p.conv.x, p.conv.w);
	conv_draw(a, p.conv);
	if (p.comp.h == 0)
		return;
	if (p.what_y > 0)
		writing_draw(a, p.what_y, p.comp.x, p.comp.w);
	if (p.conv.y + p.conv.h < p.comp.y - (p.what_y > 0))
		draw_rule(a, p.conv.y + p.conv.h, p.comp.x, p.comp.w);
	composer_draw(a->draw, &a->comp, p.comp,
	    composer_hint(a, p.comp.w - COMPOSER_PROMPT_W),
	    on_top && !list_focus && !a->selecting);
}

static void
main_contexts(struct app *a, enum key_ctx out[APP_CONTEXTS_MAX])
{
	int n = 0;

	if (a->selecting) {
		out[n++] = CTX_SELECT;
	} else if (in_list(a)) {
		out[n++] = CTX_CHATLIST;
	} else {
		out[n++] = CTX_COMPOSER;
		out[n++] = CTX_EDIT;
	}
	out[n++] = CTX_MAIN;
	out[n] = CTX_NONE;
}

/* ---- moving between chats ------------------------------------------------------ */

static void
step_chat(struct app *a, int by)
{
	size_t i = model_index(&a->m, a->open), n = model_shown(&a->m);

	if (n <= i && i < a->m.n)
		n = a->m.n; /* an archived one is open: go on there */
	if (n == 0)
		return;
	if (i >= n)
		i = by > 0 ? n - 1 : 0; /* none is open: the first, the last */
	i = (i + n + (size_t)(by > 0 ? 1 : n - 1)) % n;
	app_open_chat(a, a->m.v[i]->id);
}

static void
next_unread(struct app *a)
{
	struct chat *c = model_next_unread(&a->m, a->open, a->wall);

	if (c != NULL)
		app_open_chat(a, c->id);
	else
		app_notice(a, ST_TEXT, "No unread messages in other chats.");
}

static void
last_chat(struct app *a)
{
	struct chat *c = model_last_visited(&a->m, a->open);

	if (c != NULL)
		app_open_chat(a, c->id);
	else
		app_notice(a, ST_TEXT, "There is no chat before this one.");
}

static void
focus_list(struct app *a)
{
	int rows, cols;

	draw_size(a->draw, &rows, &cols);
	a->focus_list = true;
	a->show_list = cols < NARROW_COLS;
	a->selecting = false;
	if (a->open != 0)
		a->marked = a->open;
}

static void
leave_list(struct app *a)
{
	if (a->open == 0)
		return;
	a->focus_list = false;
	a->show_list = false;
}

/* ---- scrolling ------------------------------------------------------------------- */

static void
scroll(struct app *a, int lines)
{
	if (!hist_scroll(&a->hist, lines) && lines > 0 &&
	    !a->hist.more_before && a->hist.n > 0)
		app_notice(a, ST_TEXT, "This is the first message.");
	app_more(a);
}

static void
first_unread(struct app *a)
{
	if (a->hist.marker == 0)
		app_notice(a, ST_TEXT, "Nothing here was unread.");
	else
		hist_show_marker(&a->hist);
	app_more(a);
}

static bool
act_scroll(struct app *a, enum action act)
{
	int page = a->hist.view > 2 ? a->hist.view - 2 : 1;

	switch (act) {
	case ACT_PAGE_UP:
		scroll(a, page);
		return true;
	case ACT_PAGE_DOWN:
		scroll(a, -page);
		return true;
	case ACT_LINE_UP:
		scroll(a, 1);
		return true;
	case ACT_LINE_DOWN:
		scroll(a, -1);
		return true;
	case ACT_OLDEST:
		app_oldest(a);
		return true;
	case ACT_NEWEST:
		app_latest(a);
		return true;
	case ACT_FIRST_UNREAD:
		first_unread(a);
		return true;
	default:
		return false;
	}
}

/* ---- writing ---------------------------------------------------------------------- */

static void
clear_composer(struct app *a)
{
	if (composer_set(&a->comp, "", 0) != 0)
		app_asked(a, ERR_NOMEM);
}

static void
run_command(struct app *a, const struct command *cmd, const char *args)
{
	char *arg = strdup(args);

	if (arg == NULL) {
		app_asked(a, ERR_NOMEM);
		return;
	}
	clear_composer(a);
	app_text_changed(a);
	if (cmd->action == ACT_NEW_CHAT)
		new_chat_begin(a, arg);
	else if (cmd->action == ACT_SEARCH)
		search_begin(a, arg);
	else if (cmd->action == ACT_NEW_GROUP)
		room_new(a, arg);
	else if (cmd->action == ACT_JOIN_GROUP)
		room_join(a, arg);
	else if (!chat_command(a, cmd->action, arg))
		app_do(a, cmd->action, 0);
	sodium_memzero(arg, strlen(arg));
	free(arg);
}

static void
send(struct app *a)
{
	const char *text = composer_text(&a->comp), *args;
	const struct command *cmd;
	enum slash slash = slash_parse(text, &cmd, &args);

	if (text[strspn(text, " \n\t")] == '\0')
		return;
	if (writing_kind(a) == WRITE_EDIT)
		slash = SLASH_NONE;
	if (slash == SLASH_COMMAND) {
		run_command(a, cmd, args);
		return;
	}
	if (slash == SLASH_UNKNOWN && !a->comp.guarded) {
		a->comp.guarded = true;
		app_notice(a, ST_WARN,
		    "%.40s is no command. Enter again sends it as text.", text);
		return;
	}
	app_submit(a);
}

static void
send_once(struct app *a)
{
	const char *text = composer_text(&a->comp);

	if (writing_kind(a) != WRITE_NEW)
		app_notice(a, ST_TEXT, "Neither an answer nor an edit can be.");
	else if (text[strspn(text, " \n\t")] == '\0')
		app_notice(a, ST_TEXT, "Write it first.");
	else if (app_send_once(a, text)) {
		clear_composer(a);
		app_text_changed(a);
	}
}

static bool
act_write(struct app *a, enum action act)
{
	bool changed;

	switch (act) {
	case ACT_SEND:
		send(a);
		return true;
	case ACT_SEND_ONCE:
		send_once(a);
		return true;
	case ACT_WRITE_LEAVE: /* what a jump left is returned to first */
		return !a->back.valid && writing_leave(a);
	case ACT_COMPLETE:
		if (room_complete(a))
			return true;
		if (!slash_complete(&a->comp))
			return false; /* Tab: the list of chats */
		app_text_changed(a);
		return true;
	case ACT_EDITOR:
		if (a->open != 0)
			a->host->editor(a->host_ctx, composer_text(&a->comp));
		return true;
	default:
		break;
	}
	if (!composer_act(&a->comp, act, &changed))
		return false;
	if (a->comp.edit.err == ERR_FULL)
		app_notice(a, ST_WARN, "The message is as long as can be.");
	if (changed)
		app_text_changed(a);
	return true;
}

static bool
main_type(struct app *a, uint32_t cp)
{
	int r;

	if (a->selecting)
		select_end(a);
	if (in_list(a)) {
		palette_begin(a, cp);
		return true;
	}
	r = composer_type(&a->comp, cp);
	if (r == ERR_FULL)
		app_notice(a, ST_WARN, "The message is as long as can be.");
	else if (r == 0)
		app_text_changed(a);
	return true;
}

static bool
main_paste(struct app *a, const char *s, size_t n)
{
	if (a->open == 0)
		return false;
	leave_list(a);
	if (a->selecting)
		select_end(a);
	if (composer_paste(&a->comp, s, n) != 0)
		app_notice(a, ST_WARN, "Too long for one message.");
	else
		app_text_changed(a);
	return true;
}

/* ---- what a key means ---------------------------------------------------------------- */

static void
back(struct app *a)
{
	int rows, cols;

	draw_size(a->draw, &rows, &cols);
	if (app_jump_back(a))
		return;
	if (a->hist.selected != 0)
		select_end(a);
	else if (!hist_at_end(&a->hist))
		app_latest(a);
	else if (cols < NARROW_COLS)
		focus_list(a);
}

static bool
act_chats(struct app *a, enum action act, int digit)
{
	switch (act) {
	case ACT_NEXT_CHAT:
		step_chat(a, 1);
		return true;
	case ACT_PREV_CHAT:
		step_chat(a, -1);
		return true;
	case ACT_NEXT_UNREAD:
		next_unread(a);
		return true;
	case ACT_LAST_CHAT:
		last_chat(a);
		return true;
	case ACT_CHAT_N:
		if (digit > 0 && (size_t)digit <= model_shown(&a->m))
			app_open_chat(a, a->m.v[digit - 1]->id);
		return true;
	case ACT_FOCUS_LIST:
		focus_list(a);
		return true;
	case ACT_CL_OPEN:
		if (a->marked == LIST_ARCHIVE)
			a->unfolded = !a->unfolded;
		else if (a->marked != 0)
			app_open_chat(a, a->marked);
		return true;
	case ACT_CL_LEAVE:
		leave_list(a);
		return true;
	default:
		return chatlist_act(a, act);
	}
}

static bool
main_act(struct app *a, enum action act, int digit)
{
	if (act_chats(a, act, digit) || chat_act(a, act) ||
	    act_scroll(a, act) || message_act(a, act) || act_write(a, act))
		return true;
	switch (act) {
	case ACT_BACK:
		back(a);
		return true;
	case ACT_RETRY:
		message_retry_all(a);
		return true;
	case ACT_PALETTE:
	case ACT_SEARCH:
	case ACT_STARRED:
	case ACT_NEW_CHAT:
	case ACT_SAFETY:
	case ACT_SETTINGS:
	case ACT_RECONNECT:
	case ACT_LOOK:
	case ACT_BACKUPS:
	case ACT_DEVICES:
	case ACT_ACCOUNT:
	case ACT_NEW_GROUP:
	case ACT_JOIN_GROUP:
	case ACT_STATUS:
	case ACT_MOUSE:
		return app_do(a, act, digit);
	default:
		return false;
	}
}

static bool
main_mouse(struct app *a, const struct key *ev)
{
	struct box b = {0};
	struct parts p;
	int64_t chat;

	draw_size(a->draw, &b.h, &b.w);
	if (b.h >= 4)
		b.h--;
	p = parts_of(a, b);
	if (ev->mouse == MOUSE_WHEEL_UP || ev->mouse == MOUSE_WHEEL_DOWN) {
		if (ev->x < p.list.w)
			chatlist_act(a, ev->mouse == MOUSE_WHEEL_UP
					    ? ACT_CL_UP
					    : ACT_CL_DOWN);
		else
			scroll(a, ev->mouse == MOUSE_WHEEL_UP ? 3 : -3);
		return true;
	}
	if (ev->mouse != MOUSE_LEFT)
		return false;
	if (ev->x < p.list.w) {
		chat = chatlist_at(a, p.list, ev->y);
		if (chat == LIST_ARCHIVE)
			a->unfolded = !a->unfolded;
		else if (chat == LIST_STATUS)
			status_view_begin(a);
		else if (chat != 0)
			app_open_chat(a, chat);
		return true;
	}
	leave_list(a);
	if (p.comp.h > 0 && ev->y >= p.comp.y && ev->y < p.comp.y + p.comp.h)
		edit_point(&a->comp.edit, a->comp.width,
		    ev->y - p.comp.y + a->comp.top,
		    ev->x - p.comp.x - COMPOSER_PROMPT_W);
	return true;
}

static bool
main_offers(const struct app *a, enum action act)
{
	const struct chat *c = app_chat(a);

	switch (act) {
	case ACT_WRITE_LEAVE:
		return writing_kind(a) != WRITE_NEW;
	case ACT_NEXT_UNREAD:
		return model_next_unread(&a->m, a->open, a->wall) != NULL;
	case ACT_SAFETY:
		return c != NULL && c->trust != TRUST_VERIFIED && !c->to_self &&
		       !c->group;
	case ACT_SEARCH:
	case ACT_PALETTE:
	case ACT_FOCUS_LIST:
		return a->m.n > 0;
	default:
		return !a->selecting || message_offers(a, act);
	}
}

const struct view_ops view_main = {
    .name = "main",
    .offers = main_offers,
    .contexts = main_contexts,
    .draw = main_draw,
    .act = main_act,
    .type = main_type,
    .paste = main_paste,
    .mouse = main_mouse,
};
