/* SPDX-License-Identifier: GPL-3.0-or-later */
/* forget.c — messages deleted for oneself: they go out of sight at once, and
 * from the store when there was time to think better of it. */
#include <string.h>

#include "tui/screen/app_int.h"

#define THINK_MS 6000

void
forgetting_now(struct app *a)
{
	struct forgetting *f = &a->forgetting;
	size_t i;

	for (i = 0; i < f->n; i++)
		app_asked(a, a->be->forget(a->e, app_tag(a), f->ids[i]));
	f->n = 0;
	f->at = 0;
}

void
forgetting_begin(struct app *a, const int64_t *ids, size_t n)
{
	struct forgetting *f = &a->forgetting;
	char key[KEYS_NAME_CAP];
	size_t i;

	forgetting_now(a);
	f->chat = a->open;
	f->n = n < HIST_PICKED_MAX ? n : HIST_PICKED_MAX;
	memcpy(f->ids, ids, f->n * sizeof(ids[0]));
	f->at = a->mono + THINK_MS;
	for (i = 0; i < f->n; i++)
		hist_drop(&a->hist, f->ids[i]);
	app_more(a);
	keymap_short(key, a->selecting ? ACT_SEL_KEEP : ACT_KEEP);
	if (f->n == 1)
		app_notice(
		    a, ST_TEXT, "Deleted for you. %s brings it back.", key);
	else
		app_notice(a, ST_TEXT,
		    "%zu deleted for you. %s brings them back.", f->n, key);
}

bool
forgetting_undo(struct app *a)
{
	struct forgetting *f = &a->forgetting;
	int64_t first = f->ids[0];

	if (f->n == 0)
		return false;
	f->n = 0;
	f->at = 0;
	if (f->chat == a->open) {
		a->hist.target = first;
		app_ask_page(a, WANT_AROUND, first);
	}
	app_notice(a, ST_TEXT, "Nothing is deleted.");
	return true;
}
