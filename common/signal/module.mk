# SPDX-License-Identifier: GPL-3.0-or-later
# The Signal protocol: bytes in, bytes out.
common/signal_SRC   := common/signal/keys.c common/signal/fe.c \
	common/signal/xeddsa.c \
	common/signal/hmac.c common/signal/kdf.c \
	common/signal/keccak.c common/signal/keccak_avx2.c \
	common/signal/kpoly.c common/signal/kpoly_portable.c \
	common/signal/kpoly_avx2.c \
	common/signal/kem.c common/signal/pb.c common/signal/pb_borrow.c common/signal/message.c \
	common/signal/prekey.c common/signal/chain.c common/signal/erasure.c \
	common/signal/spqr_auth.c common/signal/spqr_chain.c \
	common/signal/spqr_message.c common/signal/spqr_record.c \
	common/signal/spqr.c common/signal/state.c \
	common/signal/ratchet.c common/signal/handshake.c \
	common/signal/session.c common/signal/sender_key.c \
	common/signal/fingerprint.c
common/signal_PKG   := libsodium libcrypto libprotobuf-c
common/signal_DEPS  := common/proto common
common/signal_TESTS := test_pb_borrow test_keys test_fe test_xeddsa test_kdf test_kem \
	test_erasure test_message test_fingerprint test_spqr_parts test_spqr \
	test_session test_session_forged test_signal_records \
	test_sender_key test_transcript
test_kem_PKG := jansson
test_transcript_PKG := jansson
common/signal_FUZZ  := fuzz_signal_message fuzz_prekey_message \
	fuzz_session_record fuzz_signal_records fuzz_sender_key \
	fuzz_signal_peer fuzz_spqr fuzz_spqr_message fuzz_spqr_record \
	fuzz_erasure fuzz_kem fuzz_fingerprint fuzz_pb_borrow \
	fuzz_bundle
