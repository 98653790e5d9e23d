/* SPDX-License-Identifier: GPL-3.0-or-later */
/* media_content.c — what a message with a file is to people: its row, its
 * words, and how it comes in. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <sodium.h>

#include "media/tiny.h"
#include "tui/backup/media_record.h"
#include "tui/engine/media_int.h"

/* ---- kinds --------------------------------------------------------------------- */

static const struct {
	const char *ending, *mime;
	enum media_kind kind;
} types[] = {
    {"jpg", "image/jpeg", MEDIA_KIND_PHOTO},
    {"jpeg", "image/jpeg", MEDIA_KIND_PHOTO},
    {"png", "image/png", MEDIA_KIND_PHOTO},
    {"gif", "image/gif", MEDIA_KIND_PHOTO},
    {"webp", "image/webp", MEDIA_KIND_PHOTO},
    {"heic", "image/heic", MEDIA_KIND_PHOTO},
    {"heif", "image/heif", MEDIA_KIND_PHOTO},
    {"avif", "image/avif", MEDIA_KIND_PHOTO},
    {"tif", "image/tiff", MEDIA_KIND_PHOTO},
    {"tiff", "image/tiff", MEDIA_KIND_PHOTO},
    {"mp4", "video/mp4", MEDIA_KIND_VIDEO},
    {"m4v", "video/mp4", MEDIA_KIND_VIDEO},
    {"mov", "video/quicktime", MEDIA_KIND_VIDEO},
    {"webm", "video/webm", MEDIA_KIND_VIDEO},
    {"mkv", "video/x-matroska", MEDIA_KIND_VIDEO},
    {"ogg", "audio/ogg", MEDIA_KIND_AUDIO},
    {"opus", "audio/ogg", MEDIA_KIND_AUDIO},
    {"oga", "audio/ogg", MEDIA_KIND_AUDIO},
    {"mp3", "audio/mpeg", MEDIA_KIND_AUDIO},
    {"m4a", "audio/mp4", MEDIA_KIND_AUDIO},
    {"flac", "audio/flac", MEDIA_KIND_AUDIO},
    {"wav", "audio/wav", MEDIA_KIND_AUDIO},
    {"pdf", "application/pdf", MEDIA_KIND_FILE},
    {"zip", "application/zip", MEDIA_KIND_FILE},
    {"txt", "text/plain", MEDIA_KIND_FILE},
};

void
media_guess(const char *name, const char **mime, enum media_kind *kind)
{
	const char *dot = strrchr(name, '.');
	size_t i;

	*mime = "application/octet-stream";
	*kind = MEDIA_KIND_FILE;
	for (i = 0; dot != NULL && i < ARRAY_LEN(types); i++)
		if (strcasecmp(dot + 1, types[i].ending) == 0) {
			*mime = types[i].mime;
			*kind = types[i].kind;
			return;
		}
}

/* ---- words ----------------------------------------------------------------------- */

static void
safe(const struct store_media *m, char out[static SAFE_NAME_CAP])
{
	safe_name(out, m->name, strlen(m->name), m->mime);
}

const char *
media_words(const struct store_media *m, char out[static MEDIA_WORDS])
{
	char name[SAFE_NAME_CAP];
	unsigned s = m->duration_ms / 1000;

	switch ((enum media_kind)m->kind) {
	case MEDIA_KIND_PHOTO:
		snprintf(out, MEDIA_WORDS, "Photo");
		break;
	case MEDIA_KIND_VIDEO:
		snprintf(out, MEDIA_WORDS, "Video");
		break;
	case MEDIA_KIND_VOICE:
		snprintf(
		    out, MEDIA_WORDS, "Voice note (%u:%02u)", s / 60, s % 60);
		break;
	case MEDIA_KIND_CONTACT:
		snprintf(out, MEDIA_WORDS, "Contact: %s", m->contact_name);
		break;
	case MEDIA_KIND_LOCATION:
		snprintf(out, MEDIA_WORDS, "Location");
		break;
	default:
		safe(m, name);
		snprintf(out, MEDIA_WORDS, "%s", name);
		break;
	}
	return out;
}

const char *
media_words_of(struct engine *e, int64_t message, char out[static MEDIA_WORDS])
{
	struct store_media m;

	out[0] = '\0';
	if (store_media_get(e->store, message, &m) == 0)
		media_words(&m, out);
	sodium_memzero(&m, sizeof(m));
	return out;
}

/* ---- the row ---------------------------------------------------------------------- */

static enum media_state
state_of(const struct engine *e, const struct store_media *m)
{
	if (m->state == STORE_MEDIA_FETCHED && !e->opts.auto_fetch &&
	    (m->flags & STORE_MEDIA_AUTO) != 0)
		return MEDIA_IS_THERE; /* another front fetches it */
	return (enum media_state)m->state;
}

/* Of what is on its way, about as many bytes of the file. */
static uint64_t
done_of(struct engine *e, const struct store_media *m)
{
	const struct carrying *c = media_carrying(e, m->message);

	if (m->state == STORE_MEDIA_HERE)
		return m->size;
	if (c == NULL || m->sealed_size == 0)
		return 0;
	return (uint64_t)((double)c->done / (double)m->sealed_size *
			  (double)m->size);
}

static int
copy_texts(struct media_row *row, const struct store_media *m)
{
	char name[SAFE_NAME_CAP] = "";

	if ((m->flags & STORE_MEDIA_BLOB) != 0 || m->name[0] != '\0')
		safe(m, name);
	row->name = strdup(name);
	row->mime = strdup(m->mime);
	row->why = m->why[0] != '\0' ? strdup(m->why) : NULL;
	if (m->kind == MEDIA_KIND_CONTACT) {
		row->contact_name = strdup(m->contact_name);
		row->contact_phone = strdup(m->contact_phone);
		if (row->contact_name == NULL || row->contact_phone == NULL)
			return ERR_NOMEM;
	}
	return row->name == NULL || row->mime == NULL ||
		       (m->why[0] != '\0' && row->why == NULL)
		   ? ERR_NOMEM
		   : 0;
}

static int
copy_tiny(struct media_row *row, const struct store_media *m)
{
	struct tiny t;

	if (m->tiny_len == 0 || tiny_read(&t, m->tiny, m->tiny_len) != 0)
		return 0;
	row->tiny = malloc(m->tiny_len);
	if (row->tiny == NULL)
		return ERR_NOMEM;
	memcpy(row->tiny, m->tiny, m->tiny_len);
	row->tiny_len = m->tiny_len;
	return 0;
}

static int
fill(struct engine *e, struct media_row *row, const struct store_media *m)
{
	int r;

	*row = (struct media_row){.kind = (enum media_kind)m->kind,
	    .state = state_of(e, m),
	    .paused = (m->flags & STORE_MEDIA_PAUSED) != 0,
	    .size = m->size,
	    .done = done_of(e, m),
	    .width = m->width,
	    .height = m->height,
	    .duration_ms = m->duration_ms,
	    .has_bars = m->has_bars,
	    .in_album = m->has_album,
	    .lat_e7 = m->lat_e7,
	    .lon_e7 = m->lon_e7};
	memcpy(row->bars, m->bars, sizeof(row->bars));
	memcpy(row->album, m->album, sizeof(row->album));
	r = copy_texts(row, m);
	return r == 0 ? copy_tiny(row, m) : r;
}

int
media_row_from(struct engine *e, int64_t message, struct media_row **out)
{
	struct media_row *row = NULL;
	struct store_media m;
	int r = store_media_get(e->store, message, &m);

	*out = NULL;
	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	row = calloc(1, sizeof(*row));
	r = row == NULL ? ERR_NOMEM : fill(e, row, &m);
	sodium_memzero(&m, sizeof(m));
	if (r != 0)
		media_row_free(row);
	else
		*out = row;
	return r;
}

/* ---- arriving ----------------------------------------------------------------------- */

int
media_arrived(struct engine *e, const struct store_message *m, int64_t id,
    const Sotto__Content__Media *media)
{
	struct store_media row;
	bool wanted = false;
	int r;

	if (m->kind == STORE_MSG_ONCE && m->dir == STORE_OUT)
		return 0; /* not for our own eyes */
	media_record_read(&row, media);
	row.message = id;
	randombytes_buf(row.file, sizeof(row.file));
	r = media_wanted(e, m, &row, &wanted);
	if (wanted) {
		row.state = STORE_MEDIA_FETCHED;
		row.flags |= STORE_MEDIA_AUTO;
	}
	if (r == 0)
		r = store_media_add(e->store, &row);
	sodium_memzero(&row, sizeof(row));
	return r;
}
