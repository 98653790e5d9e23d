# SPDX-License-Identifier: GPL-3.0-or-later
# Settings, metrics, health, `sotto-relay ctl`.
relay/admin_SRC   := relay/admin/conf.c relay/admin/conf_turn.c relay/admin/metrics.c \
	relay/admin/health.c relay/admin/http.c relay/admin/tcp.c relay/admin/words.c \
	relay/admin/template.c relay/admin/ctl.c relay/admin/ctl_cmds.c \
	relay/admin/ctl_reports.c \
	relay/admin/report.c \
	relay/admin/ctl_out.c relay/admin/ctl_client.c
relay/admin_PKG   := libsodium libuv libmicrohttpd
relay/admin_DEPS  := relay/abuse relay/store common/group common/signal common/proto common
relay/admin_TESTS := test_report test_metrics test_words test_template test_relay_conf \
	test_admin_http test_ctl
relay/admin_FUZZ  := fuzz_template fuzz_ctl
test_admin_http_PKG := libcurl
test_ctl_SRC := tests/unit/relay_store_help.c
