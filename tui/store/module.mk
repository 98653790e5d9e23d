# SPDX-License-Identifier: GPL-3.0-or-later
tui/store_SRC   :=
tui/store_PKG   :=
tui/store_DEPS  := common
tui/store_TESTS :=
