# SPDX-License-Identifier: GPL-3.0-or-later
# Settings, metrics, health, `sotto-relay ctl`.
relay/admin_SRC   := relay/admin/metrics.c relay/admin/words.c \
	relay/admin/template.c
relay/admin_PKG   := libsodium
relay/admin_DEPS  := relay/abuse relay/store common/proto common
relay/admin_TESTS := test_metrics test_words test_template
relay/admin_FUZZ  := fuzz_template
