/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every rate limit bites, and every method is under one: a real relay. */
#include <sodium.h>

#include "relay/abuse/limit.h"
#include "tests/lib/relay_rig.h"
#include "tests/unit/test.h"

/* ---- the least that each method takes for a request ------------------------------ */

static uint8_t bytes[64] = {1};
#define N_BYTES(n)                                                             \
	{                                                                      \
		(n), bytes                                                     \
	}

static char phone[] = "+4915550000077", *phones[] = {phone};
static char code[] = "000000";
static struct rc_person stranger; /* has no account */
static ProtobufCBinaryData accounts[] = {N_BYTES(16)};
static Sotto__Relay__PreKeys no_keys = SOTTO__RELAY__PRE_KEYS__INIT;
static Sotto__Relay__DeviceEnvelope envelope, *envelopes[] = {&envelope};
static Sotto__Relay__AccountEnvelopes target, *targets[] = {&target};

struct fixture {
	struct rig g;
	struct rc_person ann;
};

static int
setup(void **state)
{
	static struct fixture f;

	memset(&f, 0, sizeof(f));
	metrics_reset();
	rig_init(&f.g);
	rig_start(&f.g, NULL);
	rig_person(&f.g, &f.ann, 1, 0);
	rc_person_make(&stranger, 2);
	*state = &f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;

	rig_stop(&f->g);
	rig_clear(&f->g);
	return 0;
}

/* Packs the request of a method, some KiB at most; the length. */
static size_t
pack(uint16_t method, uint8_t *out)
{
	Sotto__Relay__RegisterRequest reg =
	    SOTTO__RELAY__REGISTER_REQUEST__INIT;
	Sotto__Relay__LookupRequest lookup = SOTTO__RELAY__LOOKUP_REQUEST__INIT;
	Sotto__Relay__GetKeysRequest get = SOTTO__RELAY__GET_KEYS_REQUEST__INIT;
	Sotto__Relay__PutKeysRequest put = SOTTO__RELAY__PUT_KEYS_REQUEST__INIT;
	Sotto__Relay__SendRequest send = SOTTO__RELAY__SEND_REQUEST__INIT;
	Sotto__Relay__SendGroupRequest group =
	    SOTTO__RELAY__SEND_GROUP_REQUEST__INIT;
	Sotto__Relay__SendStatusRequest status =
	    SOTTO__RELAY__SEND_STATUS_REQUEST__INIT;
	Sotto__Relay__GroupChangeRequest change =
	    SOTTO__RELAY__GROUP_CHANGE_REQUEST__INIT;
	Sotto__Relay__GroupEntriesRequest entries =
	    SOTTO__RELAY__GROUP_ENTRIES_REQUEST__INIT;
	Sotto__Relay__GroupStateRequest gstate =
	    SOTTO__RELAY__GROUP_STATE_REQUEST__INIT;
	Sotto__Relay__GroupDevicesRequest devices =
	    SOTTO__RELAY__GROUP_DEVICES_REQUEST__INIT;
	Sotto__Relay__VerifyOtpRequest verify =
	    SOTTO__RELAY__VERIFY_OTP_REQUEST__INIT;
	const ProtobufCBinaryData id = N_BYTES(16), digest = N_BYTES(32);
	const ProtobufCBinaryData body = N_BYTES(8);
	ProtobufCBinaryData identity = {sizeof(stranger.identity), NULL};
	size_t n;

	identity.data = stranger.identity;
	switch (method) {
	case METHOD_REGISTER:
		reg.phone = phone;
		return protobuf_c_message_pack(&reg.base, out);
	case METHOD_VERIFY_OTP:
		verify.token = id;
		verify.code = code;
		verify.registration_id = 1;
		verify.identity_key = identity;
		verify.pre_keys = rc_keys_make(1, 0, true);
		n = protobuf_c_message_pack(&verify.base, out);
		rc_keys_free(verify.pre_keys);
		return n;
	case METHOD_LOOKUP:
		lookup.phones = phones;
		lookup.n_phones = 1;
		return protobuf_c_message_pack(&lookup.base, out);
	case METHOD_GET_KEYS:
		get.account_id = id;
		return protobuf_c_message_pack(&get.base, out);
	case METHOD_PUT_KEYS:
		put.pre_keys = &no_keys;
		return protobuf_c_message_pack(&put.base, out);
	case METHOD_SEND:
		sotto__relay__device_envelope__init(&envelope);
		sotto__relay__account_envelopes__init(&target);
		envelope.device_id = envelope.registration_id = 1;
		envelope.type = 2;
		envelope.ciphertext = body;
		target.account_id = id;
		target.devices = envelopes;
		target.n_devices = 1;
		send.message_id = id;
		send.accounts = targets;
		send.n_accounts = 1;
		return protobuf_c_message_pack(&send.base, out);
	case METHOD_SEND_GROUP:
		group.group_id = group.message_id = id;
		group.devices_digest = digest;
		group.ciphertext = body;
		return protobuf_c_message_pack(&group.base, out);
	case METHOD_SEND_STATUS:
		status.message_id = id;
		status.accounts = accounts;
		status.n_accounts = 1;
		status.devices_digest = digest;
		status.ciphertext = body;
		return protobuf_c_message_pack(&status.base, out);
	case METHOD_GROUP_CHANGE:
		change.entry = body;
		return protobuf_c_message_pack(&change.base, out);
	case METHOD_GROUP_ENTRIES:
		entries.group_id = id;
		return protobuf_c_message_pack(&entries.base, out);
	case METHOD_GROUP_STATE:
		gstate.group_id = id;
		return protobuf_c_message_pack(&gstate.base, out);
	case METHOD_GROUP_DEVICES:
		devices.group_id = id;
		return protobuf_c_message_pack(&devices.base, out);
	default: /* an empty one will do */
		return 0;
	}
}

/* The relay's answer. */
static int
ask(struct rc *c, uint16_t method)
{
	static uint32_t id = 1;
	uint8_t body[8192];
	struct frame out = {
	    .kind = FRAME_REQUEST, .method = method, .id = ++id};
	struct rc_frame f;
	Sotto__Relay__Error *e;
	struct buf b;
	int r;

	out.len = pack(method, body);
	out.body = body;
	buf_init(&b, sizeof(body) + FRAME_HEADER);
	assert_ok(frame_put(&b, &out));
	assert_ok(rc_put_bytes(c, b.p, b.len));
	buf_clear(&b);
	do
		assert_ok(rc_next(c, &f));
	while (f.id != id);
	if (f.kind == FRAME_RESPONSE)
		return 0;
	e = sotto__relay__error__unpack(NULL, f.len, f.body);
	r = e->code;
	sotto__relay__error__free_unpacked(e, NULL);
	return r;
}

/* ---- which limits each method is under -------------------------------------------- */

/* Every method is under ANY by account and address besides. */
static const struct {
	const char *row;
	enum limit_class class;
	uint16_t methods[8]; /* the first one takes the only token */
} limits[] = {
    {"limit-register-address", LIMIT_REGISTER, {METHOD_REGISTER}},
    {"limit-register-number", LIMIT_REGISTER, {METHOD_REGISTER}},
    {"limit-verify-address", LIMIT_VERIFY,
	{METHOD_VERIFY_OTP, METHOD_CHANGE_NUMBER}},
    {"limit-lookup-account", LIMIT_LOOKUP, {METHOD_LOOKUP}},
    {"limit-lookup-address", LIMIT_LOOKUP, {METHOD_LOOKUP}},
    {"limit-get-keys-account", LIMIT_GET_KEYS, {METHOD_GET_KEYS}},
    {"limit-keys-of-account", LIMIT_KEYS_OF, {METHOD_GET_KEYS}},
    {"limit-put-keys-account", LIMIT_PUT_KEYS,
	{METHOD_PUT_KEYS, METHOD_SET_DEVICE_LIST}},
    {"limit-send-account", LIMIT_SEND,
	{METHOD_SEND, METHOD_SEND_GROUP, METHOD_SEND_STATUS}},
    {"limit-presence-account", LIMIT_PRESENCE,
	{METHOD_SET_PRESENCE, METHOD_SUBSCRIBE_PRESENCE}},
    {"limit-group-change-account", LIMIT_GROUP_CHANGE, {METHOD_GROUP_CHANGE}},
    {"limit-group-read-account", LIMIT_GROUP_READ,
	{METHOD_GROUP_LIST, METHOD_GROUP_ENTRIES, METHOD_GROUP_STATE,
	    METHOD_GROUP_DEVICES, METHOD_AUDIENCE_DEVICES, METHOD_OWN_DEVICES}},
    {"limit-group-send-account", LIMIT_GROUP_SEND, {METHOD_SEND_GROUP}},
    {"limit-status-account", LIMIT_STATUS, {METHOD_SEND_STATUS}},
    {"limit-link-address", LIMIT_LINK,
	{METHOD_LINK_OPEN, METHOD_LINK_SEND, METHOD_LINK_FINISH}},
    {"limit-account-account", LIMIT_ACCOUNT,
	{METHOD_SET_PIN, METHOD_REMOVE_DEVICE, METHOD_LINK_AUTHORIZE,
	    METHOD_CHANGE_NUMBER, METHOD_DELETE_ACCOUNT}},
    {"limit-report-account", LIMIT_REPORT, {METHOD_REPORT}},
    {"limit-media-account", LIMIT_MEDIA,
	{METHOD_UPLOAD_MEDIA, METHOD_MEDIA_STORED, METHOD_GET_MEDIA,
	    METHOD_MEDIA_DELIVERED, METHOD_DELETE_MEDIA}},
    {"limit-calls-account", LIMIT_CALLS, {METHOD_TURN_CREDENTIALS}},
    {"limit-any-account", LIMIT_ANY, {METHOD_PING}},
    {"limit-any-address", LIMIT_ANY, {METHOD_PING}},
};

static bool
is_guests(uint16_t method)
{
	return method == METHOD_REGISTER || method == METHOD_VERIFY_OTP;
}

static void
test_limits__each_refuses_all_its_methods(void **state)
{
	struct fixture *f = *state;
	struct rc *ann = rig_connect(&f->g, &f->ann);
	struct rc *guest = rig_connect(&f->g, &stranger);
	char flag[64];
	const char *const args[] = {flag, "1/1h", NULL};
	struct relay_conf *conf;
	int64_t refused;
	size_t i, k;

	for (i = 0; i < ARRAY_LEN(limits); i++) {
		snprintf(flag, sizeof(flag), "--%s", limits[i].row);
		conf = rig_conf(&f->g, args);
		assert_ok(relay_set_conf(f->g.relay, conf));
		relay_conf_unref(conf);
		refused = metrics_get1(METRIC_rate_limited, limits[i].class);
		for (k = 0; limits[i].methods[k] != 0; k++) {
			uint16_t m = limits[i].methods[k];
			struct rc *c = is_guests(m) ? guest : ann;

			if (k == 0 && ask(c, m) == ERR_RATE)
				fail_msg("%s: none", limits[i].row);
			if (ask(c, m) != ERR_RATE)
				fail_msg("%s does not limit %s", limits[i].row,
				    method_name(m));
		}
		assert_int_equal(
		    metrics_get1(METRIC_rate_limited, limits[i].class),
		    refused + (int64_t)k);
	}
	rc_close(ann);
	rc_close(guest);
}

/* Whose keys were asked for too often is no reason to refuse another's. */
static void
test_limits__keys_are_counted_for_each_account(void **state)
{
	struct fixture *f = *state;
	struct rc *ann = rig_connect(&f->g, &f->ann);
	const char *const args[] = {"--limit-keys-of-account", "1/1h", NULL};
	struct relay_conf *conf = rig_conf(&f->g, args);

	assert_ok(relay_set_conf(f->g.relay, conf));
	relay_conf_unref(conf);
	assert_int_not_equal(ask(ann, METHOD_GET_KEYS), ERR_RATE);
	assert_int_equal(ask(ann, METHOD_GET_KEYS), ERR_RATE);
	bytes[0] ^= 1;
	assert_int_not_equal(ask(ann, METHOD_GET_KEYS), ERR_RATE);
	bytes[0] ^= 1;
	rc_close(ann);
}

/* A new method must say what limits it. */
static void
test_limits__no_method_is_forgotten(void **state)
{
	static const uint16_t all[] = {
#define X(name, number, state, max, req, resp, doc) METHOD_##name,
		METHODS(X)
#undef X
	};
	size_t i, j, k;
	bool found;

	(void)state;
	for (i = 0; i < ARRAY_LEN(all); i++) {
		found = all[i] == METHOD_HELLO; /* once a connection */
		for (j = 0; j < ARRAY_LEN(limits); j++)
			for (k = 0; limits[j].methods[k] != 0; k++)
				found |= limits[j].methods[k] == all[i];
		if (!found)
			fail_msg("%s is under no limit", method_name(all[i]));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(
		test_limits__each_refuses_all_its_methods, setup, teardown),
	    cmocka_unit_test_setup_teardown(
		test_limits__keys_are_counted_for_each_account, setup,
		teardown),
	    cmocka_unit_test(test_limits__no_method_is_forgotten),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
