/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An empty store for accesspkgd, by a copy: the ladder of formats is climbed once per suite, not once per start. */
#pragma once

/* Where there is no store. At the first call there is none afterwards either: that start of accesspkgd makes its own. */
void live_place_store(void);
