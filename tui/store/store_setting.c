/* SPDX-License-Identifier: GPL-3.0-or-later */
/* store_setting.c — small named values. */
#include "tui/store/store_setting.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tui/store/query.h"

int
store_setting_get(struct store *s, const char *name, char **out)
{
	char *value = NULL;
	struct query q;
	int r;

	q_begin(&q, s, "SELECT value FROM setting WHERE name = ?");
	q_text(&q, name);
	if (q_row(&q))
		value = q_dup_text(&q, 0);
	r = q_end(&q);
	if (r == 0 && value == NULL)
		r = store_fail(s, ERR_NOTFOUND, "no setting %s", name);
	if (r == 0)
		*out = value;
	else
		free(value);
	return r;
}

int
store_setting_put(struct store *s, const char *name, const char *value)
{
	struct query q;

	if (value == NULL) {
		q_begin(&q, s, "DELETE FROM setting WHERE name = ?");
		q_text(&q, name);
		return q_run(&q);
	}
	q_begin(&q, s, "INSERT OR REPLACE INTO setting VALUES(?, ?)");
	q_text(&q, name);
	q_text(&q, value);
	return q_run(&q);
}

int
store_setting_get_int(
    struct store *s, const char *name, int64_t def, int64_t *out)
{
	char *text = NULL, *end;
	long long v;
	int r = store_setting_get(s, name, &text);

	if (r == ERR_NOTFOUND) {
		*out = def;
		return 0;
	}
	if (r != 0 || text == NULL)
		return r;
	errno = 0;
	v = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0')
		r = store_fail(s, ERR_FORMAT, "setting %s is no number", name);
	else
		*out = v;
	free(text);
	return r;
}

int
store_setting_put_int(struct store *s, const char *name, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, value);
	return store_setting_put(s, name, text);
}
