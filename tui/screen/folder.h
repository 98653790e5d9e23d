/* SPDX-License-Identifier: GPL-3.0-or-later */
/* folder.h — what is in a folder of this machine, as the file picker shows it. */
#ifndef TUI_SCREEN_FOLDER_H
#define TUI_SCREEN_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base.h"

#define FOLDER_MAX	2000 /* entries shown */
#define FOLDER_PATH_CAP 4096

struct folder_entry {
	char *name; /* heap, as the system has it: sanitise before drawing */
	bool is_dir;
	uint64_t bytes;
	int64_t mtime_s;
};

struct folder {
	char path[FOLDER_PATH_CAP]; /* absolute */
	struct folder_entry *v; /* heap; folders first, by name */
	size_t n;
	bool cut; /* there are more */
};

/* Read another folder, "" or "~" being the home folder; relative ones count
 * from f->path. 0; ERR_SYS with errno; ERR_NOMEM; ERR_RANGE a path too long;
 * f is unchanged then. */
int folder_read(struct folder *f, const char *path) MUST_USE;
void folder_clear(struct folder *f);

/* The path of an entry. 0, ERR_RANGE. */
int folder_join(const struct folder *f, const char *name,
    char out[static FOLDER_PATH_CAP]) MUST_USE;

#endif
