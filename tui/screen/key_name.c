/* SPDX-License-Identifier: GPL-3.0-or-later */
/* key_name.c — keys as text, "Ctrl-Up", and back. */
#include <stdio.h>
#include <string.h>

#include "common/text.h"
#include "tui/screen/keys.h"

static const char *const names[] = {
#define X(name, text) [K_##name - K_NAMED] = text,
    KEY_NAMES(X)
#undef X
};

static const struct {
	const char *text;
	unsigned bit;
} mod_names[] = {
    {"Ctrl-", MOD_CTRL},
    {"Alt-", MOD_ALT},
    {"Shift-", MOD_SHIFT},
    {"Super-", MOD_SUPER},
};

const char *
key_format(char out[static KEYS_NAME_CAP], uint32_t code, unsigned mods)
{
	char utf8[5] = "?";
	const char *base = utf8;
	size_t i, n = 0;

	out[0] = '\0';
	for (i = 0; i < ARRAY_LEN(mod_names); i++) {
		if (mods & mod_names[i].bit)
			n += (size_t)snprintf(out + n, KEYS_NAME_CAP - n, "%s",
			    mod_names[i].text);
	}
	if (code > K_NAMED && code < K_NAMED + ARRAY_LEN(names))
		base = names[code - K_NAMED];
	else if (code == ' ')
		base = "Space";
	else if ((mods & (MOD_CTRL | MOD_ALT)) && code >= 'a' && code <= 'z')
		utf8[0] = (char)(code - ('a' - 'A'));
	else if ((i = text_encode(utf8, code)) > 0)
		utf8[i] = '\0';
	snprintf(out + n, KEYS_NAME_CAP - n, "%s", base);
	return out;
}

bool
key_parse(const char *s, size_t n, uint32_t *code, unsigned *mods)
{
	unsigned m = 0;
	size_t i, len;
	uint32_t cp;

	for (i = 0; i < ARRAY_LEN(mod_names); i++) {
		len = strlen(mod_names[i].text);
		if (n > len && strncmp(s, mod_names[i].text, len) == 0) {
			m |= mod_names[i].bit;
			s += len;
			n -= len;
		}
	}
	*mods = m;
	for (i = 1; i < ARRAY_LEN(names); i++) {
		if (strlen(names[i]) == n && strncmp(s, names[i], n) == 0) {
			*code = K_NAMED + (uint32_t)i;
			return true;
		}
	}
	if (n == 5 && strncmp(s, "Space", 5) == 0) {
		*code = ' ';
		return true;
	}
	if (n == 0 || text_codepoint(s, n, &cp) != n)
		return false;
	if ((m & (MOD_CTRL | MOD_ALT)) && cp >= 'A' && cp <= 'Z')
		cp += 'a' - 'A';
	*code = cp;
	return true;
}
