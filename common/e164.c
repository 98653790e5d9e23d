/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include <utf8proc.h>

#include "common/e164.h"
#include "common/text.h"

/*
 * Assigned country codes: code, digits of a number behind it (least, most),
 * trunk digit that national numbers are dialled with (0 none), how digits are
 * grouped for reading (the last group takes the rest), country. Lengths are the
 * widest its plan allows: the relay's code by SMS is the real proof.
 * Source: ITU-T E.164 list of assigned codes and the national plans.
 */
#define COUNTRIES(X)                                                           \
	X(1, 10, 10, '1', "334", "USA, Canada and the Caribbean")              \
	X(7, 10, 10, '8', "3322", "Russia, Kazakhstan")                        \
	X(20, 8, 10, '0', "334", "Egypt")                                      \
	X(27, 9, 9, '0', "234", "South Africa")                                \
	X(30, 10, 10, 0, "334", "Greece")                                      \
	X(31, 9, 11, '0', "18", "Netherlands")                                 \
	X(32, 8, 9, '0', "3222", "Belgium")                                    \
	X(33, 9, 9, '0', "12222", "France")                                    \
	X(34, 9, 9, 0, "333", "Spain")                                         \
	X(36, 8, 9, 0, "234", "Hungary")                                       \
	X(39, 6, 12, 0, "334", "Italy, Vatican City")                          \
	X(40, 9, 9, '0', "333", "Romania")                                     \
	X(41, 9, 12, '0', "2322", "Switzerland")                               \
	X(43, 4, 13, '0', "337", "Austria")                                    \
	X(44, 9, 10, '0', "46", "United Kingdom")                              \
	X(45, 8, 8, 0, "2222", "Denmark")                                      \
	X(46, 7, 10, '0', "2322", "Sweden")                                    \
	X(47, 8, 8, 0, "323", "Norway")                                        \
	X(48, 9, 9, 0, "333", "Poland")                                        \
	X(49, 5, 13, '0', "39", "Germany")                                     \
	X(51, 8, 9, '0', "333", "Peru")                                        \
	X(52, 10, 11, 0, "334", "Mexico")                                      \
	X(53, 6, 8, '0', "134", "Cuba")                                        \
	X(54, 10, 11, '0', "344", "Argentina")                                 \
	X(55, 10, 11, '0', "254", "Brazil")                                    \
	X(56, 9, 9, 0, "144", "Chile")                                         \
	X(57, 8, 10, '0', "334", "Colombia")                                   \
	X(58, 10, 10, '0', "337", "Venezuela")                                 \
	X(60, 8, 10, '0', "234", "Malaysia")                                   \
	X(61, 9, 9, '0', "333", "Australia")                                   \
	X(62, 7, 13, '0', "344", "Indonesia")                                  \
	X(63, 8, 10, '0', "334", "Philippines")                                \
	X(64, 8, 10, '0', "234", "New Zealand")                                \
	X(65, 8, 8, 0, "44", "Singapore")                                      \
	X(66, 8, 9, '0', "234", "Thailand")                                    \
	X(81, 9, 10, '0', "244", "Japan")                                      \
	X(82, 8, 10, '0', "244", "South Korea")                                \
	X(84, 9, 10, '0', "234", "Vietnam")                                    \
	X(86, 10, 11, '0', "344", "China")                                     \
	X(90, 10, 10, '0', "3322", "Turkey")                                   \
	X(91, 10, 10, '0', "55", "India")                                      \
	X(92, 9, 10, '0', "37", "Pakistan")                                    \
	X(93, 9, 9, '0', "234", "Afghanistan")                                 \
	X(94, 9, 9, '0', "234", "Sri Lanka")                                   \
	X(95, 7, 10, '0', "234", "Myanmar")                                    \
	X(98, 10, 10, '0', "334", "Iran")                                      \
	X(211, 9, 9, '0', "333", "South Sudan")                                \
	X(212, 9, 9, '0', "36", "Morocco")                                     \
	X(213, 8, 9, '0', "3222", "Algeria")                                   \
	X(216, 8, 8, 0, "233", "Tunisia")                                      \
	X(218, 8, 9, '0', "27", "Libya")                                       \
	X(220, 7, 7, 0, "34", "Gambia")                                        \
	X(221, 9, 9, 0, "2322", "Senegal")                                     \
	X(222, 8, 8, 0, "2222", "Mauritania")                                  \
	X(223, 8, 8, 0, "2222", "Mali")                                        \
	X(224, 8, 9, 0, "333", "Guinea")                                       \
	X(225, 10, 10, 0, "2224", "Ivory Coast")                               \
	X(226, 8, 8, 0, "2222", "Burkina Faso")                                \
	X(227, 8, 8, 0, "2222", "Niger")                                       \
	X(228, 8, 8, 0, "2222", "Togo")                                        \
	X(229, 8, 10, 0, "2222", "Benin")                                      \
	X(230, 7, 8, 0, "44", "Mauritius")                                     \
	X(231, 7, 9, '0', "234", "Liberia")                                    \
	X(232, 8, 8, '0', "26", "Sierra Leone")                                \
	X(233, 9, 9, '0', "234", "Ghana")                                      \
	X(234, 7, 10, '0', "334", "Nigeria")                                   \
	X(235, 8, 8, 0, "2222", "Chad")                                        \
	X(236, 8, 8, 0, "2222", "Central African Republic")                    \
	X(237, 8, 9, 0, "3222", "Cameroon")                                    \
	X(238, 7, 7, 0, "322", "Cape Verde")                                   \
	X(239, 7, 7, 0, "34", "Sao Tome and Principe")                         \
	X(240, 9, 9, 0, "333", "Equatorial Guinea")                            \
	X(241, 7, 9, 0, "2222", "Gabon")                                       \
	X(242, 9, 9, 0, "234", "Congo")                                        \
	X(243, 7, 9, '0', "333", "DR Congo")                                   \
	X(244, 9, 9, 0, "333", "Angola")                                       \
	X(245, 7, 9, 0, "333", "Guinea-Bissau")                                \
	X(246, 7, 7, 0, "34", "Diego Garcia")                                  \
	X(247, 5, 6, 0, "33", "Ascension")                                     \
	X(248, 7, 7, 0, "133", "Seychelles")                                   \
	X(249, 9, 9, '0', "234", "Sudan")                                      \
	X(250, 8, 9, '0', "333", "Rwanda")                                     \
	X(251, 9, 9, '0', "234", "Ethiopia")                                   \
	X(252, 7, 9, '0', "234", "Somalia")                                    \
	X(253, 8, 8, 0, "2222", "Djibouti")                                    \
	X(254, 7, 10, '0', "333", "Kenya")                                     \
	X(255, 9, 9, '0', "333", "Tanzania")                                   \
	X(256, 9, 9, '0', "333", "Uganda")                                     \
	X(257, 8, 8, 0, "2222", "Burundi")                                     \
	X(258, 8, 9, 0, "234", "Mozambique")                                   \
	X(260, 9, 9, '0', "333", "Zambia")                                     \
	X(261, 9, 9, '0', "2232", "Madagascar")                                \
	X(262, 9, 9, '0', "3222", "Reunion, Mayotte")                          \
	X(263, 8, 10, '0', "234", "Zimbabwe")                                  \
	X(264, 8, 9, '0', "234", "Namibia")                                    \
	X(265, 7, 9, '0', "333", "Malawi")                                     \
	X(266, 8, 8, 0, "44", "Lesotho")                                       \
	X(267, 7, 8, 0, "233", "Botswana")                                     \
	X(268, 8, 8, 0, "44", "Eswatini")                                      \
	X(269, 7, 7, 0, "322", "Comoros")                                      \
	X(290, 4, 5, 0, "5", "Saint Helena")                                   \
	X(291, 7, 7, '0', "133", "Eritrea")                                    \
	X(297, 7, 7, 0, "34", "Aruba")                                         \
	X(298, 6, 6, 0, "33", "Faroe Islands")                                 \
	X(299, 6, 6, 0, "222", "Greenland")                                    \
	X(350, 8, 8, 0, "35", "Gibraltar")                                     \
	X(351, 9, 9, 0, "333", "Portugal")                                     \
	X(352, 4, 11, 0, "333", "Luxembourg")                                  \
	X(353, 7, 10, '0', "234", "Ireland")                                   \
	X(354, 7, 9, 0, "34", "Iceland")                                       \
	X(355, 8, 9, '0', "234", "Albania")                                    \
	X(356, 8, 8, 0, "44", "Malta")                                         \
	X(357, 8, 8, 0, "26", "Cyprus")                                        \
	X(358, 5, 12, '0', "234", "Finland")                                   \
	X(359, 7, 9, '0', "234", "Bulgaria")                                   \
	X(370, 8, 8, '0', "35", "Lithuania")                                   \
	X(371, 8, 8, 0, "233", "Latvia")                                       \
	X(372, 7, 8, 0, "44", "Estonia")                                       \
	X(373, 8, 8, '0', "233", "Moldova")                                    \
	X(374, 8, 8, '0', "26", "Armenia")                                     \
	X(375, 9, 9, '8', "234", "Belarus")                                    \
	X(376, 6, 9, 0, "33", "Andorra")                                       \
	X(377, 8, 9, '0', "2222", "Monaco")                                    \
	X(378, 6, 10, 0, "46", "San Marino")                                   \
	X(380, 9, 9, '0', "234", "Ukraine")                                    \
	X(381, 7, 10, '0', "234", "Serbia")                                    \
	X(382, 8, 9, '0', "233", "Montenegro")                                 \
	X(383, 8, 9, '0', "233", "Kosovo")                                     \
	X(385, 8, 9, '0', "234", "Croatia")                                    \
	X(386, 8, 8, '0', "233", "Slovenia")                                   \
	X(387, 8, 9, '0', "233", "Bosnia and Herzegovina")                     \
	X(389, 8, 8, '0', "233", "North Macedonia")                            \
	X(420, 9, 9, 0, "333", "Czechia")                                      \
	X(421, 9, 9, '0', "333", "Slovakia")                                   \
	X(423, 7, 9, 0, "322", "Liechtenstein")                                \
	X(500, 5, 5, 0, "5", "Falkland Islands")                               \
	X(501, 7, 7, 0, "34", "Belize")                                        \
	X(502, 8, 8, 0, "44", "Guatemala")                                     \
	X(503, 8, 8, 0, "44", "El Salvador")                                   \
	X(504, 8, 8, 0, "44", "Honduras")                                      \
	X(505, 8, 8, 0, "44", "Nicaragua")                                     \
	X(506, 8, 8, 0, "44", "Costa Rica")                                    \
	X(507, 7, 8, 0, "44", "Panama")                                        \
	X(508, 6, 9, '0', "222", "Saint Pierre and Miquelon")                  \
	X(509, 8, 8, 0, "44", "Haiti")                                         \
	X(590, 9, 9, '0', "3222", "Guadeloupe")                                \
	X(591, 8, 8, '0', "17", "Bolivia")                                     \
	X(592, 7, 7, 0, "34", "Guyana")                                        \
	X(593, 8, 9, '0', "234", "Ecuador")                                    \
	X(594, 9, 9, '0', "3222", "French Guiana")                             \
	X(595, 8, 9, '0', "333", "Paraguay")                                   \
	X(596, 9, 9, '0', "3222", "Martinique")                                \
	X(597, 6, 7, 0, "34", "Suriname")                                      \
	X(598, 8, 8, '0', "233", "Uruguay")                                    \
	X(599, 7, 8, 0, "134", "Caribbean Netherlands, Curacao")               \
	X(670, 7, 8, 0, "44", "Timor-Leste")                                   \
	X(672, 5, 6, 0, "33", "Australian external territories")               \
	X(673, 7, 7, 0, "34", "Brunei")                                        \
	X(674, 7, 7, 0, "34", "Nauru")                                         \
	X(675, 7, 8, 0, "44", "Papua New Guinea")                              \
	X(676, 5, 7, 0, "34", "Tonga")                                         \
	X(677, 5, 7, 0, "34", "Solomon Islands")                               \
	X(678, 5, 7, 0, "34", "Vanuatu")                                       \
	X(679, 7, 7, 0, "34", "Fiji")                                          \
	X(680, 7, 7, 0, "34", "Palau")                                         \
	X(681, 6, 9, 0, "222", "Wallis and Futuna")                            \
	X(682, 5, 5, 0, "23", "Cook Islands")                                  \
	X(683, 4, 7, 0, "4", "Niue")                                           \
	X(685, 5, 7, 0, "34", "Samoa")                                         \
	X(686, 5, 8, 0, "44", "Kiribati")                                      \
	X(687, 6, 6, 0, "222", "New Caledonia")                                \
	X(688, 5, 7, 0, "34", "Tuvalu")                                        \
	X(689, 6, 8, 0, "2222", "French Polynesia")                            \
	X(690, 4, 7, 0, "4", "Tokelau")                                        \
	X(691, 7, 7, 0, "34", "Micronesia")                                    \
	X(692, 7, 7, '1', "34", "Marshall Islands")                            \
	X(800, 8, 8, 0, "44", "international freephone")                       \
	X(850, 6, 10, '0', "334", "North Korea")                               \
	X(852, 8, 8, 0, "44", "Hong Kong")                                     \
	X(853, 8, 8, 0, "44", "Macau")                                         \
	X(855, 8, 9, '0', "234", "Cambodia")                                   \
	X(856, 8, 10, '0', "244", "Laos")                                      \
	X(870, 9, 9, 0, "333", "Inmarsat")                                     \
	X(880, 8, 10, '0', "46", "Bangladesh")                                 \
	X(881, 8, 10, 0, "334", "satellite phones")                            \
	X(882, 6, 12, 0, "334", "international networks")                      \
	X(883, 6, 12, 0, "334", "international networks")                      \
	X(886, 8, 9, '0', "333", "Taiwan")                                     \
	X(960, 7, 7, 0, "34", "Maldives")                                      \
	X(961, 7, 8, '0', "233", "Lebanon")                                    \
	X(962, 8, 9, '0', "144", "Jordan")                                     \
	X(963, 8, 9, '0', "333", "Syria")                                      \
	X(964, 8, 10, '0', "334", "Iraq")                                      \
	X(965, 7, 8, 0, "44", "Kuwait")                                        \
	X(966, 8, 9, '0', "234", "Saudi Arabia")                               \
	X(967, 7, 9, '0', "333", "Yemen")                                      \
	X(968, 7, 8, 0, "44", "Oman")                                          \
	X(970, 8, 9, '0', "333", "Palestine")                                  \
	X(971, 7, 9, '0', "234", "United Arab Emirates")                       \
	X(972, 8, 9, '0', "234", "Israel")                                     \
	X(973, 8, 8, 0, "44", "Bahrain")                                       \
	X(974, 7, 8, 0, "44", "Qatar")                                         \
	X(975, 7, 8, 0, "233", "Bhutan")                                       \
	X(976, 8, 10, '0', "44", "Mongolia")                                   \
	X(977, 8, 10, '0', "334", "Nepal")                                     \
	X(979, 9, 9, 0, "333", "international premium rate")                   \
	X(992, 9, 9, 0, "234", "Tajikistan")                                   \
	X(993, 8, 8, '8', "26", "Turkmenistan")                                \
	X(994, 9, 9, '0', "2322", "Azerbaijan")                                \
	X(995, 9, 9, '0', "333", "Georgia")                                    \
	X(996, 9, 9, '0', "333", "Kyrgyzstan")                                 \
	X(998, 9, 9, 0, "2322", "Uzbekistan")

struct country {
	unsigned short cc;
	unsigned char min, max;
	char trunk;
	const char *groups;
	const char *name;
};

static const struct country countries[] = {
#define X(cc, min, max, trunk, groups, name)                                   \
	{(cc), (min), (max), (trunk), (groups), (name)},
    COUNTRIES(X)
#undef X
};

static const struct country *
country_find(unsigned cc)
{
	size_t lo = 0, hi = ARRAY_LEN(countries), mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (countries[mid].cc == cc)
			return &countries[mid];
		if (countries[mid].cc < cc)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

/* Codes are free of prefixes: the first that matches is the only one. */
static const struct country *
country_of(const char *digits, size_t n, size_t *cclen)
{
	const struct country *c;
	unsigned cc = 0;
	size_t i;

	for (i = 0; i < 3 && i < n && digits[0] != '0'; i++) {
		cc = cc * 10 + (unsigned)(digits[i] - '0');
		c = country_find(cc);
		if (c != NULL) {
			*cclen = i + 1;
			return c;
		}
	}
	return NULL;
}

bool
e164_country_known(unsigned cc)
{
	return country_find(cc) != NULL;
}

static int
code_of(enum e164_reason why)
{
	static const int codes[] = {
#define X(name, code, text) (code),
		E164_REASONS(X)
#undef X
	};

	return codes[why];
}

const char *
e164_reason_str(enum e164_reason why)
{
	static const char *const texts[] = {
#define X(name, code, text) text,
		E164_REASONS(X)
#undef X
	};

	return (size_t)why < ARRAY_LEN(texts) ? texts[why] : "";
}

/* What was typed, reduced to digits. */
struct typed {
	char digits[E164_INPUT_MAX];
	size_t n;
	bool plus;
};

/* 0..9 for a decimal digit of any script, else -1. */
static int
digit_value(uint32_t cp)
{
	/* the zeros of the scripts people type numbers in */
	static const uint32_t zeros[] = {'0', 0x660, 0x6f0, 0x7c0, 0x966, 0x9e6,
	    0xa66, 0xae6, 0xb66, 0xbe6, 0xc66, 0xce6, 0xd66, 0xe50, 0xed0,
	    0xf20, 0x1040, 0x17e0, 0x1810, 0xff10};
	size_t i;

	for (i = 0; i < ARRAY_LEN(zeros); i++)
		if (cp >= zeros[i] && cp <= zeros[i] + 9)
			return (int)(cp - zeros[i]);
	return -1;
}

/* Blanks, dashes, dots, slashes, and the invisible direction marks that
 * address books copy along. */
static bool
is_separator(uint32_t cp)
{
	const int cat = utf8proc_category((utf8proc_int32_t)cp);

	return cat == UTF8PROC_CATEGORY_ZS || cat == UTF8PROC_CATEGORY_PD ||
	       cat == UTF8PROC_CATEGORY_CF || cp == '\t' || cp == '.' ||
	       cp == '/' || cp == 0xb7 || cp == 0x2219 || cp == 0x2212;
}

static bool
is_letter(uint32_t cp)
{
	const int cat = utf8proc_category((utf8proc_int32_t)cp);

	return cat >= UTF8PROC_CATEGORY_LU && cat <= UTF8PROC_CATEGORY_LO;
}

/* "(0)" between country code and number is for callers at home. */
static size_t
optional_trunk_len(const char *s, size_t len)
{
	return len >= 3 && memcmp(s, "(0)", 3) == 0 ? 3 : 0;
}

/* One character into t; *depth counts open brackets. */
static enum e164_reason
take_char(struct typed *t, uint32_t cp, int *depth)
{
	const int d = digit_value(cp);

	if (d >= 0) {
		if (t->n == sizeof(t->digits))
			return E164_LONG;
		t->digits[t->n++] = (char)('0' + d);
		return E164_OK;
	}
	if (cp == '+' || cp == 0xff0b) {
		if (t->plus || t->n > 0)
			return E164_PLUS;
		t->plus = true;
		return E164_OK;
	}
	if (cp == '(' || cp == ')') {
		*depth += cp == '(' ? 1 : -1;
		return *depth == 0 || *depth == 1 ? E164_OK : E164_BRACKETS;
	}
	if (is_separator(cp))
		return E164_OK;
	return is_letter(cp) ? E164_LETTERS : E164_CHARS;
}

static enum e164_reason
take_all(struct typed *t, const char *s, size_t len)
{
	enum e164_reason why;
	uint32_t cp;
	size_t n, i;
	int depth = 0;

	for (i = 0; i < len; i += n) {
		n = t->n > 0 ? optional_trunk_len(s + i, len - i) : 0;
		if (n > 0)
			continue;
		n = text_codepoint(s + i, len - i, &cp);
		why = take_char(t, cp, &depth);
		if (why != E164_OK)
			return why;
	}
	if (depth != 0)
		return E164_BRACKETS;
	return t->n > 0 ? E164_OK : E164_EMPTY;
}

static void
drop_front(struct typed *t, size_t n)
{
	t->n -= n;
	memmove(t->digits, t->digits + n, t->n);
}

static bool
begins(const struct typed *t, const char *with)
{
	const size_t n = strlen(with);

	return t->n > n && memcmp(t->digits, with, n) == 0;
}

/* National form: the trunk digit goes, the country code comes. */
static enum e164_reason
add_home(struct typed *t, const struct country *home)
{
	char cc[4];
	size_t n, trunk = 0;

	/* Hungary dials 06, Italy keeps its 0 */
	if (home->cc == 36 && begins(t, "06"))
		trunk = 2;
	else if (home->trunk != 0 && t->digits[0] == home->trunk &&
		 t->n > home->min)
		trunk = 1;
	drop_front(t, trunk);
	n = (size_t)snprintf(cc, sizeof(cc), "%u", (unsigned)home->cc);
	if (t->n + n > sizeof(t->digits))
		return E164_LONG;
	memmove(t->digits + n, t->digits, t->n);
	memcpy(t->digits, cc, n);
	t->n += n;
	return E164_OK;
}

/* 00 (011 in North America) stands for +; else the number is national. */
static enum e164_reason
make_international(struct typed *t, unsigned home)
{
	const struct country *c = country_find(home);

	if (t->plus)
		return E164_OK;
	if (begins(t, "00")) {
		drop_front(t, 2);
		return E164_OK;
	}
	if (c == NULL)
		return E164_HOME;
	if (home == 1 && begins(t, "011")) {
		drop_front(t, 3);
		return E164_OK;
	}
	return add_home(t, c);
}

static enum e164_reason
check_digits(const char *d, size_t n)
{
	const struct country *c;
	size_t cclen = 0;

	c = country_of(d, n, &cclen);
	if (c == NULL)
		return E164_COUNTRY;
	if (n > E164_DIGITS_MAX || n - cclen > c->max)
		return E164_LONG;
	if (n - cclen < c->min)
		return E164_SHORT;
	/* area codes of North America begin with 2..9 */
	if (c->cc == 1 && d[1] < '2')
		return E164_SHAPE;
	/* a 0 left over behind +CC is the trunk digit of a national form */
	if (c->trunk == '0' && d[cclen] == '0')
		return E164_SHAPE;
	return E164_OK;
}

/* "+49 0170..." is common: the trunk 0 goes if a number remains. */
static void
drop_inner_trunk(struct typed *t)
{
	const struct country *c;
	size_t cclen = 0;

	c = country_of(t->digits, t->n, &cclen);
	if (c == NULL || c->trunk != '0' || t->n <= cclen ||
	    t->digits[cclen] != '0')
		return;
	t->n--;
	memmove(t->digits + cclen, t->digits + cclen + 1, t->n - cclen);
}

static enum e164_reason
understand(struct typed *t, const char *s, unsigned home)
{
	const size_t len = strnlen(s, E164_INPUT_MAX + 1);
	const size_t skip = strncmp(s, "tel:", 4) == 0 ? 4 : 0;
	enum e164_reason why;

	if (len > E164_INPUT_MAX)
		return E164_LONG;
	why = take_all(t, s + skip, len - skip);
	if (why != E164_OK)
		return why;
	why = make_international(t, home);
	if (why != E164_OK)
		return why;
	drop_inner_trunk(t);
	return check_digits(t->digits, t->n);
}

int
e164_parse(char out[static E164_CAP], const char *s, unsigned home,
    enum e164_reason *why)
{
	struct typed t = {.n = 0};
	enum e164_reason r = understand(&t, s, home);

	if (why != NULL)
		*why = r;
	if (r != E164_OK)
		return code_of(r);
	out[0] = '+';
	memcpy(out + 1, t.digits, t.n);
	out[1 + t.n] = '\0';
	return 0;
}

bool
e164_valid(const char *s)
{
	const size_t len = strnlen(s, E164_CAP);
	size_t i;

	if (len < 2 || len >= E164_CAP || s[0] != '+')
		return false;
	for (i = 1; i < len; i++)
		if (s[i] < '0' || s[i] > '9')
			return false;
	return check_digits(s + 1, len - 1) == E164_OK;
}

unsigned
e164_country(const char *e164, const char **name)
{
	const struct country *c = NULL;
	size_t cclen;

	if (e164_valid(e164))
		c = country_of(e164 + 1, strlen(e164) - 1, &cclen);
	if (name != NULL)
		*name = c == NULL ? "" : c->name;
	return c == NULL ? 0 : c->cc;
}

/* Digits left to write in this group; the last group takes what remains. */
static size_t
group_len(const char *groups, size_t left)
{
	const size_t n = (size_t)(groups[0] - '0');

	return groups[1] == '\0' || n > left ? left : n;
}

const char *
e164_format(char out[static E164_FORMAT_CAP], const char *e164)
{
	const struct country *c;
	const char *g, *d;
	size_t cclen = 0, left, k, n;

	if (!e164_valid(e164)) {
		text_sanitize(out, E164_FORMAT_CAP, e164,
		    strnlen(e164, E164_FORMAT_CAP), TEXT_LINE);
		return out;
	}
	c = country_of(e164 + 1, strlen(e164) - 1, &cclen);
	n = 1 + cclen;
	memcpy(out, e164, n);
	d = e164 + n;
	left = strlen(d);
	for (g = c->groups; left > 0; g++) {
		k = group_len(g, left);
		out[n++] = ' ';
		memcpy(out + n, d, k);
		n += k;
		d += k;
		left -= k;
	}
	out[n] = '\0';
	return out;
}

const char *
e164_mask(char out[static E164_MASK_CAP], const char *e164)
{
	const unsigned cc = e164_country(e164, NULL);

	if (cc == 0)
		snprintf(out, E164_MASK_CAP, "?");
	else
		snprintf(out, E164_MASK_CAP, "+%u\xe2\x80\xa6%s", cc,
		    e164 + strlen(e164) - 2);
	return out;
}
