/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_setting.h — small named values: cursors, switches. */
#ifndef TUI_STORE_STORE_SETTING_H
#define TUI_STORE_STORE_SETTING_H

#include "tui/store/store.h"

/* *out is heap, freed by free(). ERR_NOTFOUND. */
int store_setting_get(struct store *s, const char *name, char **out) MUST_USE;
/* NULL removes it. */
int store_setting_put(
    struct store *s, const char *name, const char *value) MUST_USE;

/* Numbers; get gives def where nothing was put. */
int store_setting_get_int(
    struct store *s, const char *name, int64_t def, int64_t *out) MUST_USE;
int store_setting_put_int(
    struct store *s, const char *name, int64_t value) MUST_USE;

#endif
