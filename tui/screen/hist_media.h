/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hist_media.h — what a message with a file says of it, in words and cells.
 * docs/media.md §4. No I/O; texts come sanitised from the engine.
 */
#ifndef TUI_SCREEN_HIST_MEDIA_H
#define TUI_SCREEN_HIST_MEDIA_H

#include "tui/engine/engine.h"

#define HIST_MEDIA_CAP	640 /* bytes of a line; what is longer is cut */
#define HIST_SIZE_CAP	24
#define HIST_MEDIA_COLS 32 /* cells of a small picture, at most */
#define HIST_MEDIA_ROWS 8
#define HIST_MEDIA_BARS 32 /* cells of a waveform, at most */

/* A copy, heap; NULL without memory. */
struct media_row *hist_media_copy(const struct media_row *m) MUST_USE;
void hist_media_free(struct media_row *m); /* wipes; NULL is fine */

/* "812 B", "4.5 kB", "120 MB". Returns out. */
const char *hist_size(char out[static HIST_SIZE_CAP], uint64_t bytes);

/* "Photo  harbour.jpg", "Voice note", "Contact  Ann". Returns out. */
const char *hist_media_title(
    char out[static HIST_MEDIA_CAP], const struct media_row *m);

/* "1.2 MB, 0:12, sending 40 %"; of a contact the number, of a place where it
 * is. Returns out. */
const char *hist_media_detail(
    char out[static HIST_MEDIA_CAP], const struct media_row *m, bool outgoing);

/* The cells of its small picture in at most max_cols; false: it has none. */
bool hist_media_box(
    const struct media_row *m, int max_cols, int *cols, int *rows);

/* Cells of its waveform in at most max_cols; 0: it has none. */
int hist_media_bars(const struct media_row *m, int max_cols);
/* The height of one of n cells, 0..7. */
int hist_media_bar(const struct media_row *m, int n, int i);

#endif
