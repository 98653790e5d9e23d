/* SPDX-License-Identifier: GPL-3.0-or-later */
/* conf_value.h — one value of one row: text to field and back. For conf*.c. */
#ifndef COMMON_CONF_VALUE_H
#define COMMON_CONF_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/conf.h"

bool conf_is_list(const struct conf_row *row);

/*
 * Set a field from text; a list takes its items in addition.
 *   file  the text is a file's: quotes and comments are understood
 * Returns 0; ERR_CONFIG with a sentence without the row's name in why;
 * ERR_NOMEM. On error a list may have grown.
 */
int conf_value_set(const struct conf_row *row, void *conf, const char *s,
    size_t len, bool file, struct conf_err *why) MUST_USE;

/* Free (a secret: wipe) and zero the field. */
void conf_value_clear(const struct conf_row *row, void *conf);

bool conf_value_equal(const struct conf_row *row, const void *a, const void *b);

/* True when there is a text for it: everything but unset strings and lists. */
bool conf_value_is_set(const struct conf_row *row, const void *conf);

/* Append the value as it stands in a file. */
int conf_value_print(
    const struct conf_row *row, const void *conf, struct buf *b) MUST_USE;

/* A number of this row's type for people: "64KiB", "30s", "17". */
#define CONF_NUMBER_CAP 32
const char *conf_number_str(
    const struct conf_row *row, uint64_t n, char out[static CONF_NUMBER_CAP]);

#endif
