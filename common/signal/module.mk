# SPDX-License-Identifier: GPL-3.0-or-later
common/signal_SRC   :=
common/signal_PKG   :=
common/signal_DEPS  := common
common/signal_TESTS :=
