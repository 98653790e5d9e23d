/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * notify.h — telling a person who looks elsewhere that something has come: the
 * bell, and the terminal's own notifications. What they say is little unless
 * the person chose otherwise.
 */
#ifndef TUI_SCREEN_NOTIFY_H
#define TUI_SCREEN_NOTIFY_H

#include "tui/screen/app.h"

#define NOTIFY_PAUSE_MS 2000 /* between two of them */

/* A message has come. Nothing is said of one's own, of what is before the
 * person's eyes, and while a long queue is drained. */
void notify_message(struct app *a, const struct msg_row *m);

/* The queue is drained: one notification for all of it. */
void notify_missed(struct app *a);

#endif
