/* SPDX-License-Identifier: GPL-3.0-or-later */
/* media_rules.c — what is fetched by itself. docs/media.md §4.4. */
#include <stdio.h>

#include "tui/engine/media_int.h"
#include "tui/store/store_chat.h"
#include "tui/store/store_setting.h"
#include "tui/store/store_status.h"

#define MIB ((uint64_t)1 << 20)

static const struct {
	const char *name;
	uint64_t max, metered;
} kinds[MEDIA_KINDS] = {
    [MEDIA_KIND_FILE] = {"file", 8 * MIB, 0},
    [MEDIA_KIND_PHOTO] = {"photo", 16 * MIB, MIB},
    [MEDIA_KIND_VIDEO] = {"video", 16 * MIB, 0},
    [MEDIA_KIND_VOICE] = {"voice", 16 * MIB, MIB},
    [MEDIA_KIND_AUDIO] = {"audio", 16 * MIB, 0},
    [MEDIA_KIND_CONTACT] = {"contact", 0, 0},
    [MEDIA_KIND_LOCATION] = {"location", 0, 0},
};

static int
get(struct engine *e, const char *what, const char *kind, uint64_t def,
    uint64_t *out)
{
	char name[64];
	int64_t v = (int64_t)def;
	int r;

	snprintf(name, sizeof(name), "media_%s%s", what, kind);
	r = store_setting_get_int(e->store, name, v, &v);
	*out = v < 0 ? 0 : (uint64_t)v;
	return r;
}

static int
put(struct engine *e, const char *what, const char *kind, uint64_t v)
{
	char name[64];

	snprintf(name, sizeof(name), "media_%s%s", what, kind);
	return store_setting_put_int(
	    e->store, name, v > INT64_MAX ? INT64_MAX : (int64_t)v);
}

int
media_rules_get(struct engine *e, struct media_rules *out)
{
	uint64_t metered = 0;
	size_t i;
	int r = 0;

	*out = (struct media_rules){.metered = false};
	for (i = 0; r == 0 && i < MEDIA_KINDS; i++) {
		r = get(e, "max_", kinds[i].name, kinds[i].max, &out->max[i]);
		if (r == 0)
			r = get(e, "metered_", kinds[i].name, kinds[i].metered,
			    &out->metered_max[i]);
	}
	if (r == 0)
		r = get(e, "metered", "", 0, &metered);
	out->metered = metered != 0;
	if (r == 0)
		r = get(e, "up", "", 0, &out->up_bytes_s);
	return r == 0 ? get(e, "down", "", 0, &out->down_bytes_s) : r;
}

int
media_rules_put(struct engine *e, const struct media_rules *rules)
{
	size_t i;
	int r = 0;

	for (i = 0; r == 0 && i < MEDIA_KINDS; i++) {
		r = put(e, "max_", kinds[i].name, rules->max[i]);
		if (r == 0)
			r = put(e, "metered_", kinds[i].name,
			    rules->metered_max[i]);
	}
	if (r == 0)
		r = put(e, "metered", "", rules->metered);
	if (r == 0)
		r = put(e, "up", "", rules->up_bytes_s);
	return r == 0 ? put(e, "down", "", rules->down_bytes_s) : r;
}

/* Of somebody one has never named or written to nothing is fetched unasked: it
 * would tell them that somebody is here, and cost room. */
static int
is_trusted(struct engine *e, const struct store_message *m, bool *yes)
{
	struct store_status_person who = {.contact = false};
	uint8_t peer[STORE_ID_LEN];
	enum store_chat_kind kind;
	int r;

	*yes = m->dir == STORE_OUT;
	if (*yes)
		return 0;
	r = store_chat_kind(e->store, m->chat, &kind, peer);
	if (r == 0 && kind == STORE_CHAT_GROUP)
		*yes = true;
	else if (r == 0)
		r = store_status_person(e->store, m->account, &who);
	if (r == 0 && kind != STORE_CHAT_GROUP)
		*yes = who.contact;
	return r;
}

int
media_wanted(struct engine *e, const struct store_message *m,
    const struct store_media *row, bool *yes)
{
	const struct media_rules *rules;

	*yes = false;
	if (e->media == NULL || row->state != STORE_MEDIA_THERE)
		return 0;
	rules = &e->media->rules;
	if (row->size > (rules->metered ? rules->metered_max[row->kind]
					: rules->max[row->kind]) ||
	    (rules->metered ? rules->metered_max[row->kind]
			    : rules->max[row->kind]) == 0)
		return 0;
	return is_trusted(e, m, yes);
}
