# SPDX-License-Identifier: GPL-3.0-or-later
relay/abuse_SRC   :=
relay/abuse_PKG   :=
relay/abuse_DEPS  := common
relay/abuse_TESTS :=
