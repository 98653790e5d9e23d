# SPDX-License-Identifier: GPL-3.0-or-later
relay/identity_SRC   :=
relay/identity_PKG   :=
relay/identity_DEPS  := common
relay/identity_TESTS :=
