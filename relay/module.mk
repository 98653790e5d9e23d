# SPDX-License-Identifier: GPL-3.0-or-later
# The relay: net -> admin -> identity, abuse, store -> common.
sotto-relay_MAIN := relay/main.c
sotto-relay_MODS := relay/net relay/admin relay/identity relay/abuse \
	relay/store common/noise common/proto common
