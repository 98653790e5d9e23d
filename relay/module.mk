# SPDX-License-Identifier: GPL-3.0-or-later
# The relay: net -> identity -> admin -> abuse, store -> common.
sotto-relay_MAIN := relay/main.c
sotto-relay_MODS := relay/net relay/identity relay/admin relay/abuse \
	relay/store common/noise common/proto common
