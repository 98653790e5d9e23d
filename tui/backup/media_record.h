/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * media_record.h — a file of a message as content.proto has it, and back: what
 * travels to others, into a backup and to one's own devices. No text in what is
 * read holds anything that a terminal would obey.
 */
#ifndef TUI_BACKUP_MEDIA_RECORD_H
#define TUI_BACKUP_MEDIA_RECORD_H

#include "common/buf.h"
#include "common/proto/content.pb-c.h"
#include "tui/store/store_media.h"

#define MEDIA_RECORD_MAX 16384 /* bytes, packed */

/* One that is being written; its bytes are those of the row. */
struct media_record {
	Sotto__Content__Media m;
	Sotto__Content__Blob blob;
	Sotto__Content__ContactCard contact;
	Sotto__Content__Location location;
};

/* Without caption, quote and marks. row outlives it. */
void media_record_write(struct media_record *out, struct store_media *row);

/* What one's own other devices get of what can be viewed once: that there was
 * one. */
void media_record_bare(Sotto__Content__Media *m);

/* All but message, file and source. What is not as it has to be is a file that
 * is MEDIA_GONE. */
void media_record_read(struct store_media *out, const Sotto__Content__Media *m);

/* The row of that message, appended; a message without one: nothing. 0,
 * ERR_FULL, ERR_NOMEM, what the store says. */
int media_record_pack(
    struct store *s, int64_t message, struct buf *out) MUST_USE;

/* The other way. ERR_FORMAT. */
int media_record_unpack(
    struct store *s, int64_t message, const uint8_t *p, size_t len) MUST_USE;

#endif
