/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tui/backup/media_record.h"

#include <string.h>

#include <sodium.h>

#include "common/blob/blob.h"
#include "common/text.h"

/* Kinds on the wire. */
enum { KIND_FILE = 0, KIND_CONTACT = 5, KIND_LOCATION = 6 };

#define LAT_MAX 900000000 /* 90 degrees */
#define LON_MAX 1800000000

#define UNREADABLE "What was sent cannot be read. Ask for it again."
#define NOT_THERE  "The file is not here, and not on the relay."

static ProtobufCBinaryData
bytes_of(uint8_t *p, size_t len)
{
	return (ProtobufCBinaryData){len, p};
}

void
media_record_write(struct media_record *out, struct store_media *row)
{
	Sotto__Content__Media *m = &out->m;

	sotto__content__media__init(m);
	m->kind = (uint32_t)row->kind;
	m->name = row->name;
	m->mime = row->mime;
	m->tiny = bytes_of(row->tiny, row->tiny_len);
	m->width = row->width;
	m->height = row->height;
	m->duration_ms = row->duration_ms;
	if (row->has_bars)
		m->bars = bytes_of(row->bars, sizeof(row->bars));
	if (row->has_album)
		m->album_id = bytes_of(row->album, sizeof(row->album));
	if ((row->flags & STORE_MEDIA_BLOB) != 0) {
		sotto__content__blob__init(&out->blob);
		out->blob.locator =
		    bytes_of(row->locator, sizeof(row->locator));
		out->blob.key = bytes_of(row->key, sizeof(row->key));
		out->blob.digest = bytes_of(row->digest, sizeof(row->digest));
		out->blob.size = row->size;
		out->blob.sealed_size = row->sealed_size;
		m->blob = &out->blob;
	}
	if (row->kind == KIND_CONTACT) {
		sotto__content__contact_card__init(&out->contact);
		out->contact.name = row->contact_name;
		out->contact.phone = row->contact_phone;
		m->contact = &out->contact;
	}
	if (row->kind == KIND_LOCATION) {
		sotto__content__location__init(&out->location);
		out->location.lat_e7 = row->lat_e7;
		out->location.lon_e7 = row->lon_e7;
		m->location = &out->location;
	}
}

void
media_record_bare(Sotto__Content__Media *m)
{
	static char nothing[1] = "";

	m->blob = NULL;
	m->caption = nothing;
	m->name = nothing;
	m->tiny.len = m->bars.len = 0;
}

/* ---- reading ------------------------------------------------------------------ */

static void
clean(char *out, size_t cap, const char *text)
{
	text_sanitize(out, cap, text, strlen(text), TEXT_LINE);
}

static bool
read_blob(struct store_media *out, const Sotto__Content__Blob *b)
{
	if (b == NULL || b->locator.len != sizeof(out->locator) ||
	    b->key.len != sizeof(out->key) ||
	    b->digest.len != sizeof(out->digest) || b->size > BLOB_SIZE_MAX ||
	    b->sealed_size != blob_sealed_size(b->size))
		return false;
	memcpy(out->locator, b->locator.data, sizeof(out->locator));
	memcpy(out->key, b->key.data, sizeof(out->key));
	memcpy(out->digest, b->digest.data, sizeof(out->digest));
	out->size = b->size;
	out->sealed_size = b->sealed_size;
	out->flags = STORE_MEDIA_BLOB | STORE_MEDIA_SEALED;
	out->state = STORE_MEDIA_THERE;
	return true;
}

static bool
read_contact(struct store_media *out, const Sotto__Content__ContactCard *c)
{
	if (c == NULL)
		return false;
	clean(out->contact_name, sizeof(out->contact_name), c->name);
	clean(out->contact_phone, sizeof(out->contact_phone), c->phone);
	out->state = STORE_MEDIA_HERE;
	return true;
}

static bool
read_location(struct store_media *out, const Sotto__Content__Location *l)
{
	if (l == NULL || l->lat_e7 < -LAT_MAX || l->lat_e7 > LAT_MAX ||
	    l->lon_e7 < -LON_MAX || l->lon_e7 > LON_MAX)
		return false;
	out->lat_e7 = l->lat_e7;
	out->lon_e7 = l->lon_e7;
	out->state = STORE_MEDIA_HERE;
	return true;
}

static void
read_looks(struct store_media *out, const Sotto__Content__Media *m)
{
	clean(out->name, sizeof(out->name), m->name);
	clean(out->mime, sizeof(out->mime), m->mime);
	out->width = m->width;
	out->height = m->height;
	out->duration_ms = m->duration_ms;
	out->has_bars = m->bars.len == sizeof(out->bars);
	if (out->has_bars)
		memcpy(out->bars, m->bars.data, sizeof(out->bars));
	if (m->tiny.len > 0 && m->tiny.len <= sizeof(out->tiny)) {
		memcpy(out->tiny, m->tiny.data, m->tiny.len);
		out->tiny_len = m->tiny.len;
	}
	out->has_album = m->album_id.len == sizeof(out->album);
	if (out->has_album)
		memcpy(out->album, m->album_id.data, sizeof(out->album));
}

void
media_record_read(struct store_media *out, const Sotto__Content__Media *m)
{
	bool sound;

	memset(out, 0, sizeof(*out));
	out->kind = m->kind > KIND_LOCATION ? KIND_FILE : (int)m->kind;
	read_looks(out, m);
	sound = out->kind == KIND_CONTACT    ? read_contact(out, m->contact)
		: out->kind == KIND_LOCATION ? read_location(out, m->location)
					     : read_blob(out, m->blob);
	if (sound)
		return;
	if (out->kind == KIND_CONTACT || out->kind == KIND_LOCATION)
		out->kind = KIND_FILE;
	out->state = STORE_MEDIA_GONE;
	memcpy(out->why, UNREADABLE, sizeof(UNREADABLE));
}

/* ---- in a backup ---------------------------------------------------------------- */

int
media_record_pack(struct store *s, int64_t message, struct buf *out)
{
	struct store_media row;
	struct media_record rec;
	size_t len;
	int r = store_media_get(s, message, &row);

	if (r != 0)
		return r == ERR_NOTFOUND ? 0 : r;
	if (row.state == STORE_MEDIA_PREPARED || row.state == STORE_MEDIA_GONE)
		row.flags &= ~(uint32_t)STORE_MEDIA_BLOB;
	media_record_write(&rec, &row);
	len = sotto__content__media__get_packed_size(&rec.m);
	r = buf_reserve(out, len);
	if (r == 0)
		out->len +=
		    sotto__content__media__pack(&rec.m, out->p + out->len);
	sodium_memzero(&row, sizeof(row));
	return r;
}

int
media_record_unpack(
    struct store *s, int64_t message, const uint8_t *p, size_t len)
{
	Sotto__Content__Media *m;
	struct store_media row;
	int r;

	if (len == 0)
		return 0;
	m = sotto__content__media__unpack(NULL, len, p);
	if (m == NULL)
		return ERR_FORMAT;
	media_record_read(&row, m);
	row.message = message;
	if (row.state == STORE_MEDIA_GONE && m->blob == NULL)
		memcpy(row.why, NOT_THERE, sizeof(NOT_THERE));
	randombytes_buf(row.file, sizeof(row.file));
	r = store_media_add(s, &row);
	sodium_memzero(&row, sizeof(row));
	sotto__content__media__free_unpacked(m, NULL);
	return r;
}
