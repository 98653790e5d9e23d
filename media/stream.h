/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stream.h — all of something through a descriptor that blocks. */
#ifndef MEDIA_STREAM_H
#define MEDIA_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

/* 0; ERR_CLOSED the end before the first byte; ERR_IO, also for an end within.
 */
int stream_read(int fd, uint8_t *p, size_t len) MUST_USE;

/* The same of a file, from at on, whatever its own place is. 0; ERR_IO, also for
 * an end within. */
int stream_read_at(int fd, uint64_t at, uint8_t *p, size_t len) MUST_USE;

/* 0; ERR_IO with errno. */
int stream_write(int fd, const void *p, size_t len) MUST_USE;

#endif
