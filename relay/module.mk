# SPDX-License-Identifier: GPL-3.0-or-later
# The relay: admin, net -> identity, abuse, store -> common.
sotto-relay_MAIN := relay/main.c
sotto-relay_MODS := relay/admin relay/net relay/identity relay/abuse \
	relay/store common/noise common/proto common
