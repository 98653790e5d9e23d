/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/proto/method.h"
#include "common/base.h"

static const struct method_rule rules[] = {
#define X(name, number, state, max, req, resp, doc)                            \
	{#name, (number), (state), (max), (doc)},
    METHODS(X)
#undef X
};

const struct method_rule *
method_find(uint16_t number)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(rules); i++)
		if (rules[i].number == number)
			return &rules[i];
	return NULL;
}

const char *
method_name(uint16_t number)
{
	const struct method_rule *rule = method_find(number);

	if (rule != NULL)
		return rule->name;
	switch (number) {
#define X(name, num, from, max, msg, doc)                                      \
	case num:                                                              \
		return #name;
		EVENTS(X)
#undef X
	default:
		return "?";
	}
}
