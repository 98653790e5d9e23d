# SPDX-License-Identifier: GPL-3.0-or-later
# The full-screen client. Unit tests need no engine: views are driven through
# backend.h with events the tests make.
tui/screen_SRC   := tui/screen/keys.c tui/screen/keymap.c tui/screen/edit.c
tui/screen_PKG   := ncursesw libuv
tui/screen_DEPS  := common
tui/screen_TESTS := test_keydecode test_keymap test_edit
tui/screen_FUZZ  := fuzz_keys
