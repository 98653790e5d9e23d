/* SPDX-License-Identifier: GPL-3.0-or-later */
/* media_help.h — the real child, files to ask it about, and a loop to wait on. */
#ifndef TESTS_UNIT_MEDIA_HELP_H
#define TESTS_UNIT_MEDIA_HELP_H

#include <stdbool.h>

#include "media/preview.h"
#include "tests/unit/test.h"

#define MEDIA "tests/vectors/media/"

/* A group's setup: build/tests/X asks build/sotto-preview. */
int media_find_child(void **state);
const char *media_child(void);

struct file {
	uint8_t *p; /* heap */
	size_t len;
};
struct file media_file(const char *path);

/* preview_run() on a file of that path; ask has the rest. */
int media_ask(
    const char *path, struct preview_ask ask, struct preview_answer *out);

/* True when the bytes hold that text. */
bool media_holds(const void *p, size_t len, const char *text);

/* Open descriptors of this process. */
unsigned media_fds(void);

#endif
