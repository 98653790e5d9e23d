# SPDX-License-Identifier: GPL-3.0-or-later
# What both sides share, without I/O of its own.
common_SRC   := common/err.c common/buf.c common/text.c common/text_clean.c \
	common/text_wrap.c common/text_fuzzy.c common/e164.c common/log.c \
	common/conf.c common/conf_value.c common/conf_print.c
common_SRC   += common/uri.c
common_PKG   := libsodium libutf8proc
common_DEPS  :=
common_TESTS := test_err test_buf test_text test_e164 test_log test_conf \
	test_text_fuzzy
common_TESTS += test_uri
common_FUZZ  += fuzz_uri fuzz_text fuzz_e164 fuzz_conf
