/* SPDX-License-Identifier: GPL-3.0-or-later */
/* loudness.h — how the bars of a voice note and a level meter are drawn. */
#ifndef MEDIA_LOUDNESS_H
#define MEDIA_LOUDNESS_H

#include <stdint.h>

/* The loudest sample, 0..32768, on a scale of 0..255 that gives what is quiet
 * more room: speech is seldom near the top. */
uint8_t loudness_of(int peak);

#endif
