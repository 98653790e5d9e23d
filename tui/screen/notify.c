/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "tui/screen/hist_media.h"
#include "tui/screen/notify.h"

static bool
is_seen(const struct app *a, const struct msg_row *m)
{
	return a->focused && !a->editing && a->open == m->chat &&
	       a->nviews == 1 && !a->show_list && hist_at_end(&a->hist);
}

/* Both are clean already: the engine's strings are. */
static void
tell(struct app *a, const char *sender, const char *text)
{
	char body[400], who[128], what[200];
	int level = a->prefs.notify;

	if (level == NOTIFY_NONE || a->mono < a->bell_at)
		return;
	a->bell_at = a->mono + NOTIFY_PAUSE_MS;
	a->host->bell(a->host_ctx);
	/* Who looks at this terminal needs no second sign. */
	if (level == NOTIFY_BELL || (a->focused && !a->editing))
		return;
	text_elide(who, sizeof(who), sender, strlen(sender), 40, NULL);
	text_sanitize(what, sizeof(what), text, strlen(text), TEXT_LINE);
	if (level == NOTIFY_FULL)
		snprintf(body, sizeof(body), "%s: %s", who, what);
	else if (level == NOTIFY_SENDER)
		snprintf(body, sizeof(body), "Message from %s", who);
	else
		snprintf(body, sizeof(body), "New message");
	a->host->notify(a->host_ctx, "Sotto", body);
}

void
notify_message(struct app *a, const struct msg_row *m)
{
	const struct chat *c = model_find(&a->m, m->chat);
	char title[HIST_MEDIA_CAP];
	const char *text;

	if (m->outgoing ||
	    (m->kind != MSG_TEXT && m->kind != MSG_ONCE &&
		m->kind != MSG_MEDIA) ||
	    is_seen(a, m) ||
	    (c != NULL && model_is_muted(c, a->wall) &&
		!(m->mentions_me && a->prefs.notify_mentions)))
		return;
	if (a->m.sync_total > 0) {
		a->missed++;
		return;
	}
	if ((m->text == NULL || m->text[0] == '\0') && m->media != NULL)
		text = hist_media_title(title, m->media);
	else
		text = m->text != NULL ? m->text : "";
	tell(a, c != NULL ? c->title : "?", text);
}

void
notify_missed(struct app *a)
{
	char body[64];

	if (a->missed == 0)
		return;
	snprintf(body, sizeof(body), "%u new messages", a->missed);
	a->missed = 0;
	if (a->prefs.notify == NOTIFY_NONE)
		return;
	a->bell_at = a->mono + NOTIFY_PAUSE_MS;
	a->host->bell(a->host_ctx);
	if (a->prefs.notify > NOTIFY_BELL && (!a->focused || a->editing))
		a->host->notify(a->host_ctx, "Sotto", body);
}
