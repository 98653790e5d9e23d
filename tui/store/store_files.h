/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_files.h — inside of the store: where its files are; opening errors. */
#ifndef TUI_STORE_STORE_FILES_H
#define TUI_STORE_STORE_FILES_H

#include "tui/store/store.h"

struct store_files {
	char *key; /* store.key */
	char *db; /* store.db */
	char *fresh; /* store.db.new: a store on its way into being */
};

int store_files_init(struct store_files *f, const char *dir) MUST_USE;
void store_files_clear(struct store_files *f);
/* Remove what a creation that did not finish left. 0; ERR_SYS; ERR_NOMEM. */
int store_files_remove_new(const struct store_files *f) MUST_USE;

/* Lock a folder unless the caller holds its lock; says why not. */
int store_lock_dir(
    const char *dir, struct lock *held, struct lock **own) MUST_USE;

/* The sentence behind store_error(NULL); returns code. */
int store_open_fail(int code, const char *fmt, ...) PRINTF(2, 3);

#endif
