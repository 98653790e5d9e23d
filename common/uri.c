/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <arpa/inet.h>
#include <sodium.h>

#include "common/uri.h"

#define INVITE	   "invite="
#define KEY_TEXT   43 /* 32 bytes in base64url without padding */
#define B64URL	   sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define HOST_CHARS "abcdefghijklmnopqrstuvwxyz0123456789-._"
#define TOKEN_CHARS                                                            \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
#define SPACES " \t\r\n"

static int
refuse(const char **why, const char *sentence)
{
	if (why != NULL)
		*why = sentence;
	return ERR_FORMAT;
}

/* A piece of the text; moves along as its parts are taken off. */
struct piece {
	const char *p;
	size_t len;
};

static struct piece
trimmed(const char *text)
{
	struct piece s = {text, strlen(text)};

	while (s.len > 0 && strchr(SPACES, s.p[0]) != NULL) {
		s.p++;
		s.len--;
	}
	while (s.len > 0 && strchr(SPACES, s.p[s.len - 1]) != NULL)
		s.len--;
	return s;
}

/* Cut s before the first of the characters in stop; the rest is returned. */
static struct piece
cut_at(struct piece *s, const char *stop)
{
	struct piece rest;
	size_t n = 0;

	while (n < s->len && strchr(stop, s->p[n]) == NULL)
		n++;
	rest = (struct piece){s->p + n, s->len - n};
	s->len = n;
	return rest;
}

static struct piece
without_first(struct piece s)
{
	return s.len == 0 ? s : (struct piece){s.p + 1, s.len - 1};
}

/* Not tolower(): the locale has no say in this. */
static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static int
copy_lower(char *out, size_t cap, struct piece s)
{
	size_t i;

	if (s.len >= cap)
		return ERR_RANGE;
	for (i = 0; i < s.len; i++)
		out[i] = lower(s.p[i]);
	out[s.len] = '\0';
	return 0;
}

/* Labels of 1..63 letters, digits and inner hyphens; one dot between them. */
static bool
is_name(const char *host)
{
	const char *label = host, *end;
	size_t n;

	for (;;) {
		end = strchr(label, '.');
		n = end != NULL ? (size_t)(end - label) : strlen(label);
		if (n < 1 || n > 63 || label[0] == '-' || label[n - 1] == '-')
			return false;
		if (end == NULL)
			return true;
		label = end + 1;
	}
}

static int
check_host(const char *host, const char **why)
{
	struct in6_addr in6;

	if (host[0] == '\0')
		return refuse(why, "the relay's host name is missing");
	if (strchr(host, ':') != NULL)
		return inet_pton(AF_INET6, host, &in6) == 1
			   ? 0
			   : refuse(why, "this is no IPv6 address");
	if (host[strspn(host, HOST_CHARS)] != '\0')
		return refuse(why, "the host name has characters other than "
				   "letters, digits, dots and hyphens");
	if (!is_name(host))
		return refuse(why, "this is no host name");
	return 0;
}

static int
take_port(struct piece s, uint16_t *port, const char **why)
{
	uint32_t v = 0;
	size_t i;

	for (i = 0; i < s.len && v <= UINT16_MAX; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return refuse(why, "the port is no number");
		v = v * 10 + (uint32_t)(s.p[i] - '0');
	}
	if (v < 1 || v > UINT16_MAX)
		return refuse(why, "the port must be between 1 and 65535");
	*port = (uint16_t)v;
	return 0;
}

/* "host", "host:port", "[v6]", "[v6]:port" */
static int
take_authority(struct piece s, struct uri *u, const char **why)
{
	struct piece port;
	int r;

	if (s.len > 0 && s.p[0] == '[') {
		s = without_first(s);
		port = cut_at(&s, "]");
		if (port.len == 0)
			return refuse(why, "the bracket of the IPv6 address is "
					   "not closed");
		port = without_first(port);
		if (memchr(s.p, ':', s.len) == NULL)
			return refuse(why, "this is no IPv6 address");
	} else {
		port = cut_at(&s, ":");
		if (port.len > 1 &&
		    memchr(port.p + 1, ':', port.len - 1) != NULL)
			return refuse(
			    why, "an IPv6 address needs brackets around it");
	}
	if (copy_lower(u->host, sizeof(u->host), s) != 0)
		return refuse(why, "the host name is too long");
	r = check_host(u->host, why);
	if (r != 0 || port.len == 0)
		return r;
	if (port.p[0] != ':')
		return refuse(why, "only a port may follow the address");
	return take_port(without_first(port), &u->port, why);
}

static int
take_invite(struct piece s, struct uri *u, const char **why)
{
	size_t i;

	if (u->invite[0] != '\0')
		return refuse(why, "there are two invitations");
	if (s.len < 1 || s.len > URI_INVITE_MAX)
		return refuse(why, "the invitation is empty or too long");
	for (i = 0; i < s.len; i++)
		if (strchr(TOKEN_CHARS, s.p[i]) == NULL)
			return refuse(why, "the invitation has characters that "
					   "do not belong there");
	memcpy(u->invite, s.p, s.len);
	u->invite[s.len] = '\0';
	return 0;
}

/* "a=b&invite=TOKEN": what we do not know is left to later versions */
static int
take_query(struct piece s, struct uri *u, const char **why)
{
	const size_t n = strlen(INVITE);
	struct piece rest;
	int r = 0;

	while (r == 0 && s.len > 0) {
		rest = without_first(cut_at(&s, "&"));
		if (s.len >= n && memcmp(s.p, INVITE, n) == 0)
			r = take_invite(
			    (struct piece){s.p + n, s.len - n}, u, why);
		s = rest;
	}
	return r;
}

static int
take_key(struct piece s, struct uri *u, const char **why)
{
	size_t len = 0;

	if (s.len != KEY_TEXT ||
	    sodium_base642bin(u->key, sizeof(u->key), s.p, s.len, NULL, &len,
		NULL, B64URL) != 0 ||
	    len != sizeof(u->key))
		return refuse(why, "the relay's key (after #) is damaged: copy "
				   "the whole address");
	u->has_key = true;
	return 0;
}

static int
take_scheme(struct piece *s, const char **why)
{
	const size_t n = strlen(URI_SCHEME);

	if (s->len >= n && strncasecmp(s->p, URI_SCHEME, n) == 0)
		*s = (struct piece){s->p + n, s->len - n};
	else if (memmem(s->p, s->len, "://", 3) != NULL)
		return refuse(why, "a relay's address begins with sotto://");
	return 0;
}

int
uri_parse(const char *text, struct uri *u, const char **why)
{
	struct uri got = {.port = SOTTO_PORT_DEFAULT};
	struct piece s = trimmed(text), path, query, key;
	int r;

	if (s.len > URI_TEXT_MAX)
		return refuse(why, "this is too long for a relay's address");
	r = take_scheme(&s, why);
	if (r != 0)
		return r;
	key = cut_at(&s, "#");
	query = cut_at(&s, "?");
	path = cut_at(&s, "/");
	if (path.len > 1)
		return refuse(why, "a relay's address has no path");
	r = take_authority(s, &got, why);
	if (r == 0 && query.len > 0)
		r = take_query(without_first(query), &got, why);
	if (r == 0 && key.len > 0)
		r = take_key(without_first(key), &got, why);
	if (r == 0)
		*u = got;
	return r;
}

static bool
formattable(const struct uri *u)
{
	struct uri back = {0};
	struct piece invite;
	const char *p;

	if (memchr(u->host, '\0', sizeof(u->host)) == NULL || u->port == 0 ||
	    check_host(u->host, NULL) != 0)
		return false;
	for (p = u->host; *p != '\0'; p++)
		if (lower(*p) != *p)
			return false;
	if (memchr(u->invite, '\0', sizeof(u->invite)) == NULL)
		return false;
	invite = (struct piece){u->invite, strlen(u->invite)};
	return invite.len == 0 || take_invite(invite, &back, NULL) == 0;
}

int
uri_format(const struct uri *u, struct buf *out)
{
	char key[KEY_TEXT + 1] = "", port[8] = "";
	bool v6;

	if (!formattable(u))
		return ERR_FORMAT;
	v6 = strchr(u->host, ':') != NULL;
	if (u->port != SOTTO_PORT_DEFAULT)
		snprintf(port, sizeof(port), ":%u", (unsigned)u->port);
	if (u->has_key)
		sodium_bin2base64(
		    key, sizeof(key), u->key, sizeof(u->key), B64URL);
	return buf_printf(out, URI_SCHEME "%s%s%s%s/%s%s%s%s", v6 ? "[" : "",
	    u->host, v6 ? "]" : "", port,
	    u->invite[0] != '\0' ? "?" INVITE : "", u->invite,
	    u->has_key ? "#" : "", key);
}
