/* SPDX-License-Identifier: GPL-3.0-or-later */
/* serve.h — record and play as asked on a socket (common/proto/audio.proto). */
#ifndef MEDIA_AUDIO_SERVE_H
#define MEDIA_AUDIO_SERVE_H

#include "common/base.h"

#define SERVE_SAMPLES_MS  30000 /* of sound in one message */
#define SERVE_REQUEST_MAX (SERVE_SAMPLES_MS * 96 + 1024) /* bytes */

/* Until the other end closes it. Returns 0; ERR_IO; ERR_FORMAT, ERR_RANGE what
 * was asked makes no sense; ERR_NOMEM. */
int audio_serve(int fd) MUST_USE;

#endif
