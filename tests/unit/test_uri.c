/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sodium.h>

#include "common/uri.h"
#include "tests/unit/test.h"

/* bytes 0..31, and 32 times 0xff */
#define KEY_0_31 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define KEY_FF	 "__________________________________________8"

static void
assert_parses(const char *text, const char *host, unsigned port,
    const char *invite, bool has_key)
{
	const char *why = NULL;
	struct uri u;

	memset(&u, 0x5a, sizeof(u));
	if (uri_parse(text, &u, &why) != 0)
		fail_msg("%s: %s", text, why);
	assert_string_equal(u.host, host);
	assert_int_equal(u.port, port);
	assert_string_equal(u.invite, invite);
	assert_int_equal(u.has_key, has_key);
}

static void
test_uri_parse__takes_every_form(void **state)
{
	(void)state;
	assert_parses(
	    "sotto://chat.example.org", "chat.example.org", 7786, "", false);
	assert_parses(
	    "sotto://chat.example.org/", "chat.example.org", 7786, "", false);
	assert_parses("chat.example.org", "chat.example.org", 7786, "", false);
	assert_parses("localhost:99", "localhost", 99, "", false);
	assert_parses(" \tSOTTO://Chat.Example.ORG:443/ \n", "chat.example.org",
	    443, "", false);
	assert_parses("sotto://192.0.2.1:65535", "192.0.2.1", 65535, "", false);
	assert_parses("sotto://[::1]", "::1", 7786, "", false);
	assert_parses("[2001:DB8::1]:1", "2001:db8::1", 1, "", false);
	assert_parses("sotto://h/?invite=aZ9-._~", "h", 7786, "aZ9-._~", false);
	assert_parses("sotto://h?invite=x#" KEY_FF, "h", 7786, "x", true);
	assert_parses("sotto://h/?a=b&invite=x&c", "h", 7786, "x", false);
	assert_parses("sotto://h:7/#" KEY_0_31, "h", 7, "", true);
	assert_parses("sotto://my_host", "my_host", 7786, "", false);
}

static void
test_uri_parse__reads_the_key(void **state)
{
	struct uri u;
	size_t i;

	(void)state;
	assert_ok(uri_parse("sotto://h/#" KEY_0_31, &u, NULL));
	for (i = 0; i < URI_KEY_LEN; i++)
		assert_int_equal(u.key[i], i);
}

static void
test_uri_parse__says_what_is_wrong_and_changes_nothing(void **state)
{
	static const struct {
		const char *text, *word; /* which the sentence contains */
	} bad[] = {
	    {"", "missing"},
	    {"sotto://", "missing"},
	    {"sotto:///", "missing"},
	    {"sotto://:7786/", "missing"},
	    {"https://h/", "sotto://"},
	    {"sotto://h/path", "path"},
	    {"sotto://h:0", "1 and 65535"},
	    {"sotto://h:65536", "1 and 65535"},
	    {"sotto://h:99999999999999999999", "1 and 65535"},
	    {"sotto://h:", "1 and 65535"},
	    {"sotto://h:+5", "no number"},
	    {"sotto://h:1x", "no number"},
	    {"sotto://me@h", "characters"},
	    {"sotto://h h", "characters"},
	    {"sotto://m\xc3\xbcnchen.de", "characters"},
	    {"sotto://-h", "no host name"},
	    {"sotto://h-", "no host name"},
	    {"sotto://h..h", "no host name"},
	    {"sotto://h.", "no host name"},
	    {"sotto://1234567890123456789012345678901234567890123456789012345"
	     "678901234",
		"no host name"},
	    {"sotto://::1", "brackets"},
	    {"sotto://2001:db8::1", "brackets"},
	    {"sotto://[::1", "not closed"},
	    {"sotto://[::1]x", "only a port"},
	    {"sotto://[::g]", "IPv6"},
	    {"sotto://[localhost]", "IPv6"},
	    {"sotto://[]", "IPv6"},
	    {"sotto://h/?invite=", "invitation"},
	    {"sotto://h/?invite=a%20b", "invitation"},
	    {"sotto://h/?invite=a&invite=b", "two invitations"},
	    {"sotto://h/#", "key"},
	    {"sotto://h/#AAEC", "key"},
	    {"sotto://h/#" KEY_0_31 "A", "key"},
	    {"sotto://h/#" KEY_0_31 "=", "key"},
	    {"sotto://h/#+AECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", "key"},
	    {"sotto://h/#AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9", "key"},
	};
	struct uri u, before;
	const char *why;
	size_t i;

	(void)state;
	memset(&u, 0x5a, sizeof(u));
	before = u;
	for (i = 0; i < ARRAY_LEN(bad); i++) {
		why = "";
		assert_err(uri_parse(bad[i].text, &u, &why), ERR_FORMAT);
		if (strstr(why, bad[i].word) == NULL)
			fail_msg("%s: \"%s\"", bad[i].text, why);
		assert_memory_equal(&u, &before, sizeof(u));
		assert_err(uri_parse(bad[i].text, &u, NULL), ERR_FORMAT);
	}
}

static void
test_uri_parse__has_limits(void **state)
{
	char text[URI_TEXT_MAX + 2], label[] = "abcdefghi.";
	const char *why = NULL;
	struct uri u;
	size_t i;

	(void)state;
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_err(uri_parse(text, &u, &why), ERR_FORMAT);
	assert_non_null(strstr(why, "too long for"));

	for (i = 0; i < 300; i++)
		text[i] = label[i % 10];
	text[253] = '\0';
	assert_ok(uri_parse(text, &u, &why));
	text[253] = label[3];
	text[254] = '\0';
	assert_err(uri_parse(text, &u, &why), ERR_FORMAT);
	assert_non_null(strstr(why, "host name is too long"));

	memcpy(text, "h/?invite=", 10);
	memset(text + 10, 'i', URI_INVITE_MAX);
	text[10 + URI_INVITE_MAX] = '\0';
	assert_ok(uri_parse(text, &u, &why));
	assert_int_equal(strlen(u.invite), URI_INVITE_MAX);
	memcpy(text + 10 + URI_INVITE_MAX, "i", 2);
	assert_err(uri_parse(text, &u, &why), ERR_FORMAT);
}

static void
test_uri_format__is_canonical_and_reads_back(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
	    {"H", "sotto://h/"},
	    {"sotto://h:7786", "sotto://h/"},
	    {"sotto://h:7787?invite=T#" KEY_0_31,
		"sotto://h:7787/?invite=T#" KEY_0_31},
	    {"sotto://[2001:DB8::1]:1/", "sotto://[2001:db8::1]:1/"},
	    {"sotto://h/?x=y&invite=T", "sotto://h/?invite=T"},
	};
	struct uri u, again;
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		buf_init(&b, 1000);
		assert_ok(uri_parse(rows[i].in, &u, NULL));
		assert_ok(uri_format(&u, &b));
		assert_ok(buf_put_u8(&b, 0));
		assert_string_equal((const char *)b.p, rows[i].out);
		assert_ok(uri_parse((const char *)b.p, &again, NULL));
		assert_memory_equal(&u, &again, sizeof(u));
		buf_clear(&b);
	}
}

static void
test_uri_format__refuses_what_parse_never_makes(void **state)
{
	struct uri good, u;
	struct buf b;

	(void)state;
	buf_init(&b, 19);
	assert_ok(uri_parse("sotto://h/?invite=T", &good, NULL));
	u = good;
	u.port = 0;
	assert_err(uri_format(&u, &b), ERR_FORMAT);
	u = good;
	u.host[0] = 'H';
	assert_err(uri_format(&u, &b), ERR_FORMAT);
	u = good;
	u.host[0] = '\0';
	assert_err(uri_format(&u, &b), ERR_FORMAT);
	u = good;
	u.invite[0] = '#';
	assert_err(uri_format(&u, &b), ERR_FORMAT);
	u = good;
	memset(u.host, 'h', sizeof(u.host));
	assert_err(uri_format(&u, &b), ERR_FORMAT);
	u = good;
	memset(u.invite, 'i', sizeof(u.invite));
	assert_err(uri_format(&u, &b), ERR_FORMAT);
	assert_err(uri_format(&good, &b), ERR_FULL); /* and its NUL */
	assert_int_equal(b.len, 0);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_uri_parse__takes_every_form),
	    cmocka_unit_test(test_uri_parse__reads_the_key),
	    cmocka_unit_test(
		test_uri_parse__says_what_is_wrong_and_changes_nothing),
	    cmocka_unit_test(test_uri_parse__has_limits),
	    cmocka_unit_test(test_uri_format__is_canonical_and_reads_back),
	    cmocka_unit_test(test_uri_format__refuses_what_parse_never_makes),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
