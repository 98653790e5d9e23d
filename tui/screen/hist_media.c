/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tui/screen/hist_media.h"

/* ---- a copy ---------------------------------------------------------------------- */

static void
wipe(char *s)
{
	if (s != NULL)
		sodium_memzero(s, strlen(s));
	free(s);
}

void
hist_media_free(struct media_row *m)
{
	if (m == NULL)
		return;
	wipe(m->name);
	wipe(m->mime);
	wipe(m->why);
	wipe(m->contact_name);
	wipe(m->contact_phone);
	if (m->tiny != NULL)
		sodium_memzero(m->tiny, m->tiny_len);
	free(m->tiny);
	sodium_memzero(m, sizeof(*m));
	free(m);
}

static bool
copy_text(char **out, const char *s)
{
	*out = s != NULL ? strdup(s) : NULL;
	return s == NULL || *out != NULL;
}

static bool
copy_tiny(struct media_row *to, const struct media_row *m)
{
	if (m->tiny == NULL || m->tiny_len == 0)
		return true;
	to->tiny = malloc(m->tiny_len);
	if (to->tiny == NULL)
		return false;
	memcpy(to->tiny, m->tiny, m->tiny_len);
	to->tiny_len = m->tiny_len;
	return true;
}

struct media_row *
hist_media_copy(const struct media_row *m)
{
	struct media_row *to = malloc(sizeof(*to));

	if (to == NULL)
		return NULL;
	*to = *m;
	to->name = to->mime = to->why = NULL;
	to->contact_name = to->contact_phone = NULL;
	to->tiny = NULL;
	to->tiny_len = 0;
	if (!copy_text(&to->name, m->name) || !copy_text(&to->mime, m->mime) ||
	    !copy_text(&to->why, m->why) ||
	    !copy_text(&to->contact_name, m->contact_name) ||
	    !copy_text(&to->contact_phone, m->contact_phone) ||
	    !copy_tiny(to, m)) {
		hist_media_free(to);
		return NULL;
	}
	return to;
}

/* ---- words ------------------------------------------------------------------------ */

const char *
hist_size(char out[static HIST_SIZE_CAP], uint64_t bytes)
{
	static const char *const units[] = {
	    "B", "kB", "MB", "GB", "TB", "PB", "EB"};
	size_t u = 0;
	uint64_t whole = bytes, tenth = 0;

	while (whole >= 1000 && u + 1 < ARRAY_LEN(units)) {
		tenth = whole % 1000 / 100;
		whole /= 1000;
		u++;
	}
	if (u == 0 || whole >= 10)
		snprintf(
		    out, HIST_SIZE_CAP, "%u %s", (unsigned)whole, units[u]);
	else
		snprintf(out, HIST_SIZE_CAP, "%u.%u %s", (unsigned)whole,
		    (unsigned)tenth, units[u]);
	return out;
}

static const char *
kind_word(enum media_kind kind)
{
	static const char *const words[MEDIA_KINDS] = {
	    [MEDIA_KIND_FILE] = "File",
	    [MEDIA_KIND_PHOTO] = "Photo",
	    [MEDIA_KIND_VIDEO] = "Video",
	    [MEDIA_KIND_VOICE] = "Voice note",
	    [MEDIA_KIND_AUDIO] = "Audio",
	    [MEDIA_KIND_CONTACT] = "Contact",
	    [MEDIA_KIND_LOCATION] = "Location",
	};

	return kind < MEDIA_KINDS ? words[kind] : words[MEDIA_KIND_FILE];
}

const char *
hist_media_title(char out[static HIST_MEDIA_CAP], const struct media_row *m)
{
	const char *name =
	    m->kind == MEDIA_KIND_CONTACT ? m->contact_name : m->name;
	bool named = name != NULL && name[0] != '\0' &&
		     m->kind != MEDIA_KIND_VOICE &&
		     m->kind != MEDIA_KIND_LOCATION;

	snprintf(out, HIST_MEDIA_CAP, "%s%s%s", kind_word(m->kind),
	    named ? "  " : "", named ? name : "");
	return out;
}

static unsigned
percent(const struct media_row *m)
{
	if (m->size == 0)
		return 0;
	return m->done >= m->size
		   ? 100
		   : (unsigned)((double)m->done * 100 / (double)m->size);
}

/* What is done about it now. */
static void
state_words(char *out, size_t cap, const struct media_row *m, bool outgoing)
{
	const char *why = m->why;
	unsigned pc = percent(m);

	out[0] = '\0';
	switch (m->state) {
	case MEDIA_IS_PREPARED:
		snprintf(out, cap, "being prepared");
		break;
	case MEDIA_IS_SENT:
	case MEDIA_IS_FETCHED:
		if (m->paused)
			snprintf(out, cap, "paused at %u %%", pc);
		else if (m->done == 0)
			snprintf(out, cap, "waiting to be %s",
			    m->state == MEDIA_IS_SENT ? "sent" : "fetched");
		else
			snprintf(out, cap, "%s %u %%",
			    m->state == MEDIA_IS_SENT ? "sending" : "fetching",
			    pc);
		break;
	case MEDIA_IS_THERE:
		snprintf(out, cap, "not fetched yet");
		break;
	case MEDIA_IS_HERE:
		if (!outgoing)
			snprintf(out, cap, "fetched");
		break;
	case MEDIA_IS_GONE:
		snprintf(out, cap, "%s",
		    why != NULL ? why : "the relay has it no more");
		break;
	case MEDIA_IS_FAILED:
		snprintf(out, cap, "%s%s%s",
		    outgoing ? "failed" : "not fetched",
		    why != NULL ? ": " : "", why != NULL ? why : "");
		break;
	}
}

/* 52.5200066 of 525200066, whatever the sign. */
static void
degrees(char *out, size_t cap, int32_t e7)
{
	uint32_t v = e7 < 0 ? 0u - (uint32_t)e7 : (uint32_t)e7;

	snprintf(out, cap, "%s%" PRIu32 ".%07" PRIu32, e7 < 0 ? "-" : "",
	    v / 10000000, v % 10000000);
}

static void
place_words(char out[static HIST_MEDIA_CAP], const struct media_row *m)
{
	char lat[16], lon[16];

	degrees(lat, sizeof(lat), m->lat_e7);
	degrees(lon, sizeof(lon), m->lon_e7);
	snprintf(out, HIST_MEDIA_CAP, "%s, %s", lat, lon);
}

const char *
hist_media_detail(
    char out[static HIST_MEDIA_CAP], const struct media_row *m, bool outgoing)
{
	char size[HIST_SIZE_CAP], state[HIST_MEDIA_CAP - 64], lasts[24] = "";
	unsigned s = m->duration_ms / 1000;

	if (m->kind == MEDIA_KIND_CONTACT) {
		snprintf(out, HIST_MEDIA_CAP, "%s",
		    m->contact_phone != NULL ? m->contact_phone : "");
		return out;
	}
	if (m->kind == MEDIA_KIND_LOCATION) {
		place_words(out, m);
		return out;
	}
	if (s >= 3600)
		snprintf(lasts, sizeof(lasts), ", %u:%02u:%02u", s / 3600,
		    s / 60 % 60, s % 60);
	else if (m->duration_ms > 0)
		snprintf(lasts, sizeof(lasts), ", %u:%02u", s / 60, s % 60);
	state_words(state, sizeof(state), m, outgoing);
	snprintf(out, HIST_MEDIA_CAP, "%s%s%s%s", hist_size(size, m->size),
	    lasts, state[0] != '\0' ? ", " : "", state);
	return out;
}

/* ---- cells --------------------------------------------------------------------------- */

/* A cell is about twice as high as it is wide. */
bool
hist_media_box(const struct media_row *m, int max_cols, int *cols, int *rows)
{
	uint64_t w = m->width, h = m->height, most;

	if (m->tiny == NULL || m->tiny_len < 3 || max_cols < 4)
		return false;
	if (w == 0 || h == 0) {
		w = m->tiny[1];
		h = m->tiny[2];
	}
	if (w == 0 || h == 0)
		return false;
	most =
	    (uint64_t)(max_cols < HIST_MEDIA_COLS ? max_cols : HIST_MEDIA_COLS);
	*rows = HIST_MEDIA_ROWS;
	*cols = (int)(2 * HIST_MEDIA_ROWS * w / h);
	if (2 * HIST_MEDIA_ROWS * w / h > most) {
		*cols = (int)most;
		*rows = (int)((most * h + w) / (2 * w));
	}
	*cols = *cols < 1 ? 1 : *cols;
	*rows = *rows < 1 ? 1 : *rows;
	return true;
}

int
hist_media_bars(const struct media_row *m, int max_cols)
{
	if (!m->has_bars || max_cols < 1)
		return 0;
	return max_cols < HIST_MEDIA_BARS ? max_cols : HIST_MEDIA_BARS;
}

int
hist_media_bar(const struct media_row *m, int n, int i)
{
	int from = i * ENGINE_BARS / n, to = (i + 1) * ENGINE_BARS / n;
	int most = 0;

	do {
		most = m->bars[from] > most ? m->bars[from] : most;
	} while (++from < to);
	return most / 32;
}
