/* SPDX-License-Identifier: GPL-3.0-or-later */
/* media_act.c — what can be done with the file of a message: a menu. */
#include <string.h>
#include <unistd.h>

#include "common/text.h"
#include "tui/base/paths.h"
#include "tui/screen/app_int.h"

/* ---- when ------------------------------------------------------------------------ */

static bool
is_file(const struct item *it)
{
	return it->media->kind != MEDIA_KIND_CONTACT &&
	       it->media->kind != MEDIA_KIND_LOCATION;
}

static bool
can_save(const struct item *it)
{
	return is_file(it) && it->media->state == MEDIA_IS_HERE;
}

static bool
can_fetch(const struct item *it)
{
	return is_file(it) &&
	       (it->media->state == MEDIA_IS_THERE ||
		   (!it->outgoing && it->media->state == MEDIA_IS_FAILED));
}

static bool
is_moving(const struct item *it)
{
	return it->media->state == MEDIA_IS_SENT ||
	       it->media->state == MEDIA_IS_FETCHED;
}

static bool
can_pause(const struct item *it)
{
	return is_moving(it) && !it->media->paused;
}

static bool
can_resume(const struct item *it)
{
	return is_moving(it) && it->media->paused;
}

static bool
can_retry(const struct item *it)
{
	return it->outgoing && it->state == MSG_FAILED;
}

static bool
can_jump(const struct item *it)
{
	return it->quote != NULL && it->quote_id != 0;
}

/* ---- what ------------------------------------------------------------------------- */

static void
fetch(struct app *a, int64_t id)
{
	app_asked(a, a->be->fetch(a->e, app_tag(a), id));
}

static uint64_t
save_as(struct app *a, int64_t id)
{
	char dir[PATHS_CAP];
	uint64_t tag = app_tag(a);

	if (paths_downloads(environ, dir) != 0) {
		app_notice(a, ST_WARN, "There is no folder for downloads.");
		return 0;
	}
	return app_asked(a, a->be->media_save(a->e, tag, id, dir)) ? tag : 0;
}

static void
save(struct app *a, int64_t id)
{
	save_as(a, id);
}

static void
save_and_open(struct app *a, int64_t id)
{
	a->media_open_tag = save_as(a, id);
}

static void
pause_it(struct app *a, int64_t id)
{
	app_asked(a, a->be->media_pause(a->e, app_tag(a), id));
}

static void
resume(struct app *a, int64_t id)
{
	app_asked(a, a->be->media_resume(a->e, app_tag(a), id));
}

static void
cancel(struct app *a, int64_t id)
{
	app_asked(a, a->be->media_cancel(a->e, app_tag(a), id));
}

static void
retry(struct app *a, int64_t id)
{
	app_asked(a, a->be->retry(a->e, app_tag(a), id));
}

static void
jump(struct app *a, int64_t id)
{
	const struct item *it = hist_find(&a->hist, id);

	if (it != NULL && it->quote_id != 0)
		app_jump(a, a->open, it->quote_id, 0, 0);
}

static const struct {
	const char *word;
	bool (*offered)(const struct item *it);
	void (*go)(struct app *a, int64_t id);
} acts[] = {
    {"Fetch it", can_fetch, fetch},
    {"Save it to the downloads", can_save, save},
    {"Save it and open it in the system's viewer", can_save, save_and_open},
    {"Pause", can_pause, pause_it},
    {"Go on", can_resume, resume},
    {"Stop it", is_moving, cancel},
    {"Send it again", can_retry, retry},
    {"Go to what it answers", can_jump, jump},
};

#define ACTS_BITS 8 /* of what the menu knows, behind the message's id */

/* What the i-th line was when the menu opened: the file may have moved since,
 * and the engine refuses what is not possible any more. */
static void
chosen(struct app *a, int i, int64_t arg)
{
	size_t k;

	for (k = 0; k < ARRAY_LEN(acts); k++) {
		if ((arg & (1 << k)) == 0)
			continue;
		if (i-- == 0) {
			acts[k].go(a, arg >> ACTS_BITS);
			return;
		}
	}
}

void
media_menu(struct app *a, const struct item *it)
{
	const char *words[ARRAY_LEN(acts)];
	int64_t arg = it->id * (1 << ACTS_BITS);
	size_t k;
	int n = 0;

	_Static_assert(ARRAY_LEN(acts) <= ACTS_BITS, "a bit each");
	for (k = 0; it->media != NULL && k < ARRAY_LEN(acts); k++) {
		if (!acts[k].offered(it))
			continue;
		arg |= 1 << k;
		words[n++] = acts[k].word;
	}
	if (n == 0)
		app_notice(a, ST_TEXT, "Nothing can be done with it now.");
	else
		menu_begin(a, "The file", words, n, 0, chosen, arg);
}

void
media_saved(struct app *a, const struct engine_event *ev)
{
	char clean[TEXT_SANITIZE_CAP(APP_NOTICE_CAP)];

	if (ev->text == NULL)
		return;
	text_sanitize(
	    clean, sizeof(clean), ev->text, strlen(ev->text), TEXT_LINE);
	app_notice(a, ST_GOOD, "Saved: %s", clean);
	if (ev->tag != 0 && ev->tag == a->media_open_tag) {
		a->media_open_tag = 0;
		a->host->open_file(a->host_ctx, ev->text);
	}
}
