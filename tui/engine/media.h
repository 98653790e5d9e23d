/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * media.h — files inside messages: prepared, sealed, carried, kept and opened.
 * docs/media.md §4.
 *
 * Every state is a row of the store (tui/store/store_media.h); what is here in
 * memory is only what is being done about it at the moment. A turn looks at the
 * rows and begins what is to be done; it runs after every commit, so that
 * whatever changes a row need not know who has to hear of it.
 */
#ifndef TUI_ENGINE_MEDIA_H
#define TUI_ENGINE_MEDIA_H

#include "common/proto/content.pb-c.h"
#include "tui/engine/impl.h"
#include "tui/store/store_media.h"
#include "tui/store/store_message.h"

#define MEDIA_CARD_MAX 200 /* bytes of a card's name, number */
#define MEDIA_LAT_MAX  900000000 /* 90 degrees */
#define MEDIA_LON_MAX  1800000000
#define MEDIA_WORDS    320 /* bytes of media_words() */

/* Of engine_files, in a command. */
enum files_flags {
	FILES_ORIGINAL = 1,
	FILES_AS_FILES = 2,
	FILES_VOICE = 4,
	FILES_ONCE = 8,
	FILES_DISCARD = 16,
};

/* ---- life: media.c ---------------------------------------------------------------- */

/* The store is open. Whatever fails, text goes on without files. */
void media_open(struct engine *e);
/* Ends what is under way as it is. Again: nothing. */
void media_close(struct engine *e);
/* The files of a store that is no more; it is closed. */
void media_wipe(struct engine *e);
/* There may be something to do, soon. */
void media_kick(struct engine *e);
/* A message with a file has moved: the relay may have to hear of it. */
void media_delivered(struct engine *e);
/* The relay is there again. */
void media_link_open(struct engine *e);

/* A failed message has a file on its way: go on with that. *yes: that is all
 * there is to do. In a transaction. */
int media_retry(struct engine *e, int64_t message, bool *yes) MUST_USE;

/* ---- what it says: media_content.c ---------------------------------------------- */

/* One that came: its row, beside the message. In a transaction. */
int media_arrived(struct engine *e, const struct store_message *m, int64_t id,
    const Sotto__Content__Media *media) MUST_USE;

/* "Photo", "Voice note (0:12)", "report.pdf": for lists, quotes, notices. Only
 * what a terminal may show. */
const char *media_words(
    const struct store_media *m, char out[static MEDIA_WORDS]);
/* The same of a message; "" when it has none. */
const char *media_words_of(
    struct engine *e, int64_t message, char out[static MEDIA_WORDS]);

/* NULL with 0: the message has no file. Heap. */
int media_row_from(
    struct engine *e, int64_t message, struct media_row **out) MUST_USE;

/* "image/jpeg" by the ending of a name, and the kind. */
void media_guess(const char *name, const char **mime, enum media_kind *kind);

/* ---- rules: media_rules.c ---------------------------------------------------------- */

int media_rules_get(struct engine *e, struct media_rules *out) MUST_USE;
int media_rules_put(struct engine *e, const struct media_rules *rules) MUST_USE;
/* Is it fetched by itself, when it may be? */
int media_wanted(struct engine *e, const struct store_message *m,
    const struct store_media *row, bool *yes) MUST_USE;

#endif
