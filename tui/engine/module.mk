# SPDX-License-Identifier: GPL-3.0-or-later
tui/engine_SRC   := tui/engine/content.c
tui/engine_PKG   := libuv
tui/engine_DEPS  := tui/net tui/store common/signal common/noise common/proto common
tui/engine_TESTS := test_content
