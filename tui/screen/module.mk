# SPDX-License-Identifier: GPL-3.0-or-later
tui/screen_SRC   :=
tui/screen_PKG   :=
tui/screen_DEPS  := common
tui/screen_TESTS :=
