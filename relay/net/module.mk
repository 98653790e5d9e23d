# SPDX-License-Identifier: GPL-3.0-or-later
relay/net_SRC   :=
relay/net_PKG   :=
relay/net_DEPS  := common
relay/net_TESTS :=
