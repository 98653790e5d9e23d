/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "media/loudness.h"

uint8_t
loudness_of(int peak)
{
	double x = peak / 32768.0;

	return (uint8_t)(255.0 * (2.0 * x - x * x));
}
