/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * library.h — a library opened at run time: its functions into a struct of
 * pointers. A machine without sound needs no sound libraries.
 */
#ifndef MEDIA_AUDIO_LIBRARY_H
#define MEDIA_AUDIO_LIBRARY_H

#include <stdbool.h>

#include "common/base.h"

struct library_row {
	const char *name;
	void *fn; /* of a function pointer */
};

/*
 * Open it and find all of the rows, which end with a NULL name.
 * Returns false when the library or one of them is missing; nothing is kept
 * open then. It stays open until the process ends.
 */
bool library_open(const char *soname, const struct library_row *rows) MUST_USE;

#endif
