# SPDX-License-Identifier: GPL-3.0-or-later
# On which loop and connection a device is.
relay/route_SRC   := relay/route/route.c
relay/route_PKG   := libsodium
relay/route_DEPS  := relay/net $(relay/net_DEPS)
relay/route_TESTS := test_route
