# SPDX-License-Identifier: GPL-3.0-or-later
tui/engine_SRC   :=
tui/engine_PKG   :=
tui/engine_DEPS  := common
tui/engine_TESTS :=
