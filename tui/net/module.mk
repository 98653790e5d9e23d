# SPDX-License-Identifier: GPL-3.0-or-later
tui/net_SRC   :=
tui/net_PKG   :=
tui/net_DEPS  := common
tui/net_TESTS :=
