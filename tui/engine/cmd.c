/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "tui/engine/cmd.h"

struct cmd *
cmd_new(enum cmd_kind kind, uint64_t tag, const char *s0, const char *s1,
    const char *s2)
{
	const char *s[CMD_STRINGS] = {s0, s1, s2};
	struct cmd *c = calloc(1, sizeof(*c));
	size_t i;

	if (c == NULL)
		return NULL;
	c->kind = kind;
	c->tag = tag;
	for (i = 0; i < CMD_STRINGS; i++) {
		if (s[i] == NULL)
			continue;
		c->s[i] = strdup(s[i]);
		if (c->s[i] == NULL) {
			cmd_free(c);
			return NULL;
		}
	}
	return c;
}

void
cmd_free(struct cmd *c)
{
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < CMD_STRINGS; i++) {
		if (c->s[i] == NULL)
			continue;
		sodium_memzero(c->s[i], strlen(c->s[i]));
		free(c->s[i]);
	}
	if (c->data != NULL)
		sodium_memzero(c->data, c->data_len);
	free(c->data);
	free(c->ids);
	free(c);
}
