/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Input: a request to the control socket. Words that were split are the same
 * when they are quoted and split again; a request that is understood keeps to
 * its command's row; one that is not comes with a sentence.
 */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "common/text.h"
#include "relay/admin/ctl_priv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_quoting(const struct words *w)
{
	struct words again;
	struct buf line;
	size_t i;

	buf_init(&line, 1 << 20);
	for (i = 0; i < w->n; i++)
		assert(words_quote(&line, w->v[i]) == 0);
	assert(words_split((const char *)line.p, line.len, &again) == 0);
	assert(again.n == w->n && again.v[again.n] == NULL);
	for (i = 0; i < w->n; i++)
		assert(strcmp(w->v[i], again.v[i]) == 0);
	words_clear(&again);
	buf_clear(&line);
}

static void
check_parsed(const struct ctl_cmd *cmd, const struct ctl_opts *o)
{
	assert(cmd != NULL);
	assert((o->given & ~cmd->options) == 0);
	assert(o->nargs >= cmd->min_args && o->nargs <= cmd->max_args);
	assert(o->uses >= 1 && o->uses <= 1000000);
	assert(strlen(o->note) <= STORE_NOTE_MAX);
	assert(text_is_clean(o->note, strlen(o->note), TEXT_LINE));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct ctl_cmd *cmd;
	char why[CTL_WHY_MAX];
	struct ctl_opts o;
	struct words w;
	int r;

	if (size > CTL_LINE_MAX ||
	    words_split((const char *)data, size, &w) != 0)
		return 0;
	check_quoting(&w);
	memset(why, 0, sizeof(why));
	r = ctl_parse(&w, &cmd, &o, why);
	if (r == 0)
		check_parsed(cmd, &o);
	else
		assert(r == ERR_FORMAT && why[0] != '\0' &&
		       memchr(why, '\0', sizeof(why)) != NULL);
	words_clear(&w);
	return 0;
}
