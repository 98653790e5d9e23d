/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Session records: what one call reads every call reads; archiving twice is
 * archiving once; a session comes back the same after it is written again, and
 * is written as protobuf-c would write it.
 */
#include "common/signal/state.h"
#include "tests/fuzz/pb_same.h"
#include "tests/fuzz/signal_pair.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
state_round_trip(const uint8_t *data, size_t len)
{
	struct buf once, twice;
	struct state s;

	buf_init(&once, SESSION_RECORD_MAX);
	buf_init(&twice, SESSION_RECORD_MAX);
	if (state_load(&s, data, len) == 0) {
		fuzz_need(s.nchains <= SESSION_CHAINS_MAX);
		fuzz_need(pb_put(&once, state_put, &s) == 0);
		state_clear(&s);
		fuzz_need(state_load(&s, once.p, once.len) == 0);
		fuzz_need(pb_put(&twice, state_put, &s) == 0);
		state_clear(&s);
		fuzz_need(once.len == twice.len &&
			  memcmp(once.p, twice.p, once.len) == 0);
		fuzz_need(pb_same_written(
		    &sotto__signal__session__descriptor, once.p, once.len));
	}
	buf_clear(&once);
	buf_clear(&twice);
}

static void
archive_twice(const uint8_t *data, size_t len)
{
	struct session_info info;
	struct buf once, twice;

	if (session_archive(data, len, &once) != 0)
		return;
	fuzz_need(once.len <= SESSION_RECORD_MAX);
	fuzz_need(session_info(once.p, once.len, &info) == 0);
	fuzz_need(!info.has_current);
	fuzz_need(session_archive(once.p, once.len, &twice) == 0);
	fuzz_need(
	    once.len == twice.len && memcmp(once.p, twice.p, once.len) == 0);
	buf_clear(&once);
	buf_clear(&twice);
}

/* The bytes are a record whose session can be used, or they are refused. */
static void
use(struct fuzz_pair *pair, const uint8_t *data, size_t len)
{
	struct session_sealed out;
	struct session_info before, after;
	int r, known = session_info(data, len, &before);

	r = session_encrypt(
	    &pair->bob, data, len, (const uint8_t *)"x", 1, &out);
	if (r != 0)
		return;
	fuzz_need(known == 0 && before.has_current);
	fuzz_need(session_info(out.record.p, out.record.len, &after) == 0);
	fuzz_need(after.has_current && after.version == before.version);
	fuzz_need(after.archived <= before.archived);
	fuzz_need(pb_same_written(&sotto__signal__session_record__descriptor,
	    out.record.p, out.record.len));
	fuzz_need(
	    (out.type == SIGNAL_PRE_KEY_MESSAGE) == before.unacknowledged);
	session_sealed_clear(&out);
}

/* A message of Alice's to try with it: refused or not, nothing breaks. */
static void
probe(struct fuzz_pair *pair, struct session_sealed *made)
{
	fuzz_need(session_encrypt(&pair->alice, pair->alice_record.p,
		      pair->alice_record.len, (const uint8_t *)"probe", 5,
		      made) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct fuzz_pair pair[2];
	static struct session_sealed probes[2];
	struct buf record = {.len = len};
	int i;

	if (pair[0].bob_record.len == 0) {
		for (i = 0; i < 2; i++) {
			fuzz_pair_init(&pair[i], i == 1);
			probe(&pair[i], &probes[i]);
		}
	}
	state_round_trip(data, len);
	archive_twice(data, len);
	use(&pair[0], data, len);
	buf_init(&record, len);
	fuzz_need(buf_put(&record, data, len) == 0);
	for (i = 0; i < 2; i++)
		fuzz_decrypt(&pair[i], &record, probes[i].type,
		    probes[i].ciphertext.p, probes[i].ciphertext.len);
	buf_clear(&record);
	return 0;
}
