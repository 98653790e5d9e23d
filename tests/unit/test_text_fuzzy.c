/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "common/text_fuzzy.h"
#include "tests/unit/test.h"

#define assert_fold(in, want)                                                  \
	do {                                                                   \
		char out_[64];                                                 \
		size_t n_ = text_fold(out_, sizeof(out_), (in), strlen(in));   \
		assert_string_equal(out_, (want));                             \
		assert_int_equal(n_, strlen(want));                            \
	} while (0)

static void
test_text_fold__case_accents_and_strokes_are_gone(void **state)
{
	char out[4];

	(void)state;
	assert_fold("Hello", "hello");
	assert_fold("AZaz@[", "azaz@[");
	assert_fold("\u00c9l\u00e8ve", "eleve");
	assert_fold("\u0141\u00f3d\u017a", "lodz");
	assert_fold("Stra\u00dfe", "strasse");
	assert_fold("\u00c6r\u00f8sk\u00f8bing", "aeroskobing");
	assert_fold("\ufb01nd", "find"); /* ligature */
	assert_fold("\u0130stanbul", "istanbul");
	assert_fold("\u039f\u03b4\u03cc\u03c2", "\u03bf\u03b4\u03bf\u03c3");
	assert_fold("e\u0301", "e");
	assert_fold("  a \t\n b\u00a0c", " a b c");
	assert_fold("a \u0301 \u00a8 b", "a b"); /* blanks in disguise */
	assert_fold("\uff34\uff2f", "to"); /* full-width */
	assert_fold("", "");
	assert_int_equal(text_fold(out, sizeof(out), "ab\u6f22", 5), 2);
	assert_string_equal(out, "ab");
	assert_int_equal(text_fold(out, 1, "ab", 2), 0);
}

static int
cmp(const char *a, const char *b)
{
	return text_fold_cmp(a, strlen(a), b, strlen(b));
}

static void
test_text_fold_cmp__orders_as_people_do(void **state)
{
	(void)state;
	assert_int_equal(cmp("\u00c9va", "eva"), 0);
	assert_true(cmp("Anna", "berta") < 0);
	assert_true(cmp("berta", "Anna") > 0);
	assert_true(cmp("ann", "anna") < 0);
	assert_true(cmp("anna", "ann") > 0);
	assert_int_equal(cmp("", ""), 0);
	assert_true(cmp("", "a") < 0);
}

static void
test_text_fold_find__gives_the_offset_in_the_original(void **state)
{
	size_t at = 99;

	(void)state;
	assert_true(text_fold_find("a Caf\u00e9 b", 9, "CAFE", 4, &at));
	assert_int_equal(at, 2);
	assert_true(text_fold_find("e\u0301x", 4, "x", 1, &at));
	assert_int_equal(at, 3);
	assert_true(text_fold_find("Stra\u00dfe", 7, "SSE", 3, &at));
	assert_int_equal(at, 4);
	at = 99;
	assert_false(text_fold_find("abc", 3, "abcd", 4, &at));
	assert_int_equal(at, 99);
	assert_true(text_fold_find("abc", 3, "", 0, &at));
	assert_int_equal(at, 0);
	assert_true(text_fold_find("aab", 3, "ab", 2, NULL));
}

static int
score(const char *query, const char *s)
{
	struct fuzzy_query q;

	fuzzy_prepare(&q, query, strlen(query));
	return fuzzy_match(&q, s, strlen(s), NULL);
}

static void
test_fuzzy_match__letters_in_order(void **state)
{
	(void)state;
	assert_true(score("gal", "Galway Group") > 0);
	assert_true(score("gg", "Galway Group") > 0);
	assert_true(score("ELV", "\u00e9l\u00e8ve") > 0);
	assert_true(score("+49", "+49 170 1234567") > 0);
	assert_int_equal(score("glx", "Galway"), 0);
	assert_int_equal(score("yaw", "Galway"), 0);
	assert_int_equal(score("a", ""), 0);
	assert_int_equal(score("", "anything"), 1);
	assert_int_equal(score("  ", "anything"), 1);
}

static void
test_fuzzy_match__terms_in_any_order(void **state)
{
	(void)state;
	assert_true(score("gro gal", "Galway Group") > 0);
	assert_int_equal(score("gro xyz", "Galway Group"), 0);
	assert_true(score(" gro  gal ", "Galway Group") > 0);
	assert_true(score("gro \u0301\u00a8 gal", "Galway Group") > 0);
}

static void
test_fuzzy_match__one_slip_is_forgiven(void **state)
{
	(void)state;
	assert_true(score("galwey", "Galway Group") > 0); /* wrong */
	assert_true(score("gallway", "Galway Group") > 0); /* added */
	assert_true(score("glaway", "Galway Group") > 0); /* swapped */
	assert_true(score("gruop", "Galway Group") > 0); /* second word */
	assert_true(score("galwayx", "Galway") > 0); /* one too many */
	assert_true(score("gruo", "Galway Gro") > 0); /* at the very end */
	assert_true(score("abxd", "Abcd") > 0); /* four letters are enough */
	assert_int_equal(score("glawey", "Galway Group"), 0); /* two slips */
	assert_int_equal(score("gax", "Galway"), 0); /* too short */
	assert_int_equal(score("alwey", "Galway"), 0); /* inside a word */
	assert_true(score("galwey", "Galway") < score("galway", "Galway"));
}

/* Each is better than the next. */
static void
test_fuzzy_match__ranks(void **state)
{
	static const char *const order[] = {"ann", "anna", "Anna and Ben",
	    "Joe Ann", "Johanna", "a nice name", "xaxnxnx"};
	size_t i;

	(void)state;
	for (i = 0; i + 1 < ARRAY_LEN(order); i++)
		if (score("ann", order[i]) <= score("ann", order[i + 1]))
			fail_msg("%s (%d) is not better than %s (%d)", order[i],
			    score("ann", order[i]), order[i + 1],
			    score("ann", order[i + 1]));
	/* a small gap is better than a wide one */
	assert_true(score("xy", "x.y") > score("xy", "x...y"));
	/* words' first letters beat letters in the middle */
	assert_true(score("ng", "New Group") > score("ng", "hanging"));
}

static void
test_fuzzy_match__tells_what_to_highlight(void **state)
{
	struct fuzzy_query q;
	struct fuzzy_match m = {.n = 77};

	(void)state;
	fuzzy_prepare(&q, "gr", 2);
	assert_true(fuzzy_match(&q, "g \u00e9 Group", 9, &m) > 0);
	assert_int_equal(m.n, 2);
	assert_int_equal(m.at[0], 5); /* the run, not the first g */
	assert_int_equal(m.at[1], 6);
	fuzzy_prepare(&q, "sse", 3);
	assert_true(fuzzy_match(&q, "Stra\u00dfe", 7, &m) > 0);
	assert_int_equal(m.n, 2); /* both s are one letter */
	assert_int_equal(m.at[0], 4);
	assert_int_equal(m.at[1], 6);
	fuzzy_prepare(&q, "zzz", 3);
	m.n = 77;
	assert_int_equal(fuzzy_match(&q, "abc", 3, &m), 0);
	assert_int_equal(m.n, 77);
}

static void
test_fuzzy_match__long_texts_are_cut_not_crashed(void **state)
{
	static char s[4096], query[300];
	struct fuzzy_query q;
	struct fuzzy_match m;

	(void)state;
	memset(s, 'a', sizeof(s));
	memset(query, 'a', sizeof(query));
	fuzzy_prepare(&q, query, sizeof(query));
	assert_int_equal(q.n, FUZZY_QUERY_MAX);
	assert_true(fuzzy_match(&q, s, sizeof(s), &m) > 0);
	assert_int_equal(m.n, FUZZY_QUERY_MAX);
	/* far apart letters never make a match worthless */
	memset(s, '.', sizeof(s));
	s[0] = 'x';
	s[FUZZY_TEXT_MAX - 1] = 'y';
	s[FUZZY_TEXT_MAX] = 'z';
	fuzzy_prepare(&q, "xy", 2);
	assert_true(fuzzy_match(&q, s, sizeof(s), &m) > 0);
	assert_int_equal(m.at[1], FUZZY_TEXT_MAX - 1);
	fuzzy_prepare(&q, "z", 1);
	assert_int_equal(fuzzy_match(&q, s, sizeof(s), &m), 0);
}

static bool
near(const char *a, const char *b)
{
	bool ab = fuzzy_near(a, strlen(a), b, strlen(b));

	assert_int_equal(fuzzy_near(b, strlen(b), a, strlen(a)), ab);
	return ab;
}

static void
test_fuzzy_near__one_edit(void **state)
{
	(void)state;
	assert_true(near("send", "send"));
	assert_true(near("send", "sned"));
	assert_true(near("send", "sen"));
	assert_true(near("send", "end"));
	assert_true(near("send", "sond"));
	assert_true(near("send", "seend"));
	assert_true(near("SEND", "s\u00e9nd"));
	assert_true(near("", "a"));
	assert_true(near("sendx", "sendy"));
	assert_true(near("sedn", "send"));
	assert_false(near("sednx", "sendy"));
	assert_false(near("sxndx", "sendd"));
	assert_false(near("xsendx", "sendx1"));
	assert_false(near("send", "snde"));
	assert_false(near("send", "se"));
	assert_false(near("send", "list"));
	assert_false(near("send", "nesd"));
	assert_false(near("ab", "cd"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_text_fold__case_accents_and_strokes_are_gone),
	    cmocka_unit_test(test_text_fold_cmp__orders_as_people_do),
	    cmocka_unit_test(
		test_text_fold_find__gives_the_offset_in_the_original),
	    cmocka_unit_test(test_fuzzy_match__letters_in_order),
	    cmocka_unit_test(test_fuzzy_match__terms_in_any_order),
	    cmocka_unit_test(test_fuzzy_match__one_slip_is_forgiven),
	    cmocka_unit_test(test_fuzzy_match__ranks),
	    cmocka_unit_test(test_fuzzy_match__tells_what_to_highlight),
	    cmocka_unit_test(test_fuzzy_match__long_texts_are_cut_not_crashed),
	    cmocka_unit_test(test_fuzzy_near__one_edit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
