/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/group/public.h"

static const char *const sentences[] = {
#define X(name, text) [GROUP_WHY_##name] = text,
    GROUP_WHYS(X)
#undef X
};

static const char *const names[] = {
#define X(name, text) [GROUP_WHY_##name] = #name,
    GROUP_WHYS(X)
#undef X
};

const char *
group_why_str(enum group_why why)
{
	return (size_t)why < ARRAY_LEN(sentences) ? sentences[why] : "?";
}

const char *
group_why_name(enum group_why why)
{
	return (size_t)why < ARRAY_LEN(names) ? names[why] : "?";
}
