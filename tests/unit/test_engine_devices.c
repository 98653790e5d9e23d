/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Several devices of one account: linking, copies, syncs, removal, and a relay
 * that lies about them. */
#include "tests/unit/engine_rig.h"
#include "tui/engine/devices.h"

struct home {
	struct er_net net;
	struct er_person *anna, *ben; /* first devices */
	struct er_person *laptop; /* Anna's second */
};

static void
begin(struct home *h)
{
	memset(h, 0, sizeof(*h));
	er_init(&h->net);
	h->anna = er_add(&h->net, 1);
	h->ben = er_add(&h->net, 2);
	h->laptop = er_add_blank(&h->net, 3);
	er_link(&h->net, h->laptop, h->anna, "laptop");
}

static void
end(struct home *h)
{
	for (size_t i = 0; i < ER_PEOPLE; i++)
		if (h->net.p[i].e != NULL) {
			assert_int_equal(h->net.p[i].fatal, 0);
			assert_ok(store_check(h->net.p[i].e->store));
		}
	er_clear(&h->net);
}

static void
say(struct home *h, struct er_person *from, struct er_person *to,
    const char *text)
{
	assert_true(er_say(from, to, text));
	er_run(&h->net);
}

static void
test_link__makes_a_device_of_the_account(void **state)
{
	struct device_row *v;
	struct home h;

	(void)state;
	begin(&h);
	assert_true(h.laptop->e->self.registered);
	assert_int_equal(h.laptop->e->self.device, 2);
	assert_memory_equal(
	    h.laptop->e->self.account, h.anna->account, STORE_ID_LEN);
	assert_string_equal(h.laptop->e->self.phone, h.anna->e->self.phone);
	assert_string_equal(h.laptop->e->self.name, h.anna->e->self.name);
	assert_string_equal(h.anna->new_name, "laptop");
	assert_null(h.anna->e->linking);
	assert_null(h.laptop->e->linking);
	er_cmd(h.laptop, CMD_DEVICES, NULL, NULL, 0, 0);
	er_run(&h.net);
	assert_non_null(h.laptop->devices);
	assert_int_equal(h.laptop->devices->n, 2);
	v = h.laptop->devices->devices;
	assert_int_equal(v[0].id, 1);
	assert_true(v[0].listed && !v[0].this_one && !v[0].gone);
	assert_int_equal(v[0].seen_ms, 3600000);
	assert_int_equal(v[1].id, 2);
	assert_true(v[1].listed && v[1].this_one);
	assert_string_equal(v[1].name, "laptop");
	end(&h);
}

static void
test_sync__what_one_sends_is_on_the_other_with_its_ticks(void **state)
{
	struct home h;

	(void)state;
	begin(&h);
	say(&h, h.anna, h.ben, "from the first");
	assert_shows(h.anna, h.ben, "delivered:from the first");
	assert_shows(h.laptop, h.ben, "delivered:from the first");
	say(&h, h.laptop, h.ben, "from the second");
	assert_shows(
	    h.ben, h.anna, "received:from the first received:from the second");
	assert_shows(h.anna, h.ben,
	    "delivered:from the first delivered:from the second");
	say(&h, h.ben, h.anna, "hello both");
	assert_shows(h.laptop, h.ben,
	    "delivered:from the first delivered:from the second "
	    "received:hello both");
	er_read(h.ben, h.anna);
	er_run(&h.net);
	assert_shows(h.anna, h.ben,
	    "read:from the first read:from the second received:hello both");
	assert_shows(h.laptop, h.ben,
	    "read:from the first read:from the second received:hello both");
	end(&h);
}

static uint32_t
unread(struct er_person *p, const struct er_person *with)
{
	struct store_chat c;
	uint32_t n;

	assert_ok(store_chat_get(p->e->store, er_chat(p, with), &c));
	n = c.unread;
	store_chat_clear(&c);
	return n;
}

static void
test_sync__read_on_one_is_read_on_the_other(void **state)
{
	struct home h;

	(void)state;
	begin(&h);
	say(&h, h.ben, h.anna, "one");
	say(&h, h.ben, h.anna, "two");
	assert_int_equal(unread(h.anna, h.ben), 2);
	assert_int_equal(unread(h.laptop, h.ben), 2);
	er_read(h.laptop, h.ben);
	er_run(&h.net);
	assert_int_equal(unread(h.anna, h.ben), 0);
	assert_shows(h.ben, h.anna, "read:one read:two");
	end(&h);
}

static void
test_link__a_third_device_and_removal(void **state)
{
	struct er_person *tablet;
	struct home h;

	(void)state;
	begin(&h);
	say(&h, h.ben, h.anna, "before");
	tablet = er_add_blank(&h.net, 4);
	er_link(&h.net, tablet, h.anna, "tablet");
	assert_int_equal(tablet->e->self.device, 3);
	say(&h, h.laptop, h.ben, "to all");
	assert_shows(tablet, h.ben, "delivered:to all"); /* nothing older */
	say(&h, tablet, h.ben, "me too");
	assert_shows(h.ben, h.anna,
	    "delivered:before received:to all note: received:me too");
	assert_shows(h.laptop, h.ben,
	    "received:before delivered:to all delivered:me too");

	er_cmd(h.anna, CMD_DEVICE_REMOVE, NULL, NULL, 0, 2);
	er_run(&h.net);
	assert_int_equal(h.laptop->was_removed, 1);
	assert_false(h.laptop->online);
	say(&h, h.ben, h.anna, "after");
	say(&h, h.anna, h.ben, "indeed");
	assert_shows(h.ben, h.anna,
	    "delivered:before received:to all note: received:me too "
	    "delivered:after received:indeed");
	assert_shows(tablet, h.ben,
	    "delivered:to all delivered:me too received:after "
	    "delivered:indeed");
	assert_shows(h.laptop, h.ben,
	    "received:before delivered:to all delivered:me too");
	/* the secret is another one, and the names are still there */
	er_cmd(tablet, CMD_DEVICES, NULL, NULL, 0, 0);
	er_run(&h.net);
	assert_int_equal(tablet->devices->n, 2);
	assert_string_equal(tablet->devices->devices[1].name, "tablet");
	end(&h);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_link__makes_a_device_of_the_account),
	    cmocka_unit_test(
		test_sync__what_one_sends_is_on_the_other_with_its_ticks),
	    cmocka_unit_test(test_sync__read_on_one_is_read_on_the_other),
	    cmocka_unit_test(test_link__a_third_device_and_removal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
