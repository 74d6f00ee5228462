/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Answers a question in this process, without waiting, when the files of this host have all that it asks for. So it is on
 * a host without a directory; with one, for who is in the files.
 */
#pragma once

#include "helperd/host/facts.h"

/* New, as from accesspkg-lookup; NULL: something of it has to be asked elsewhere, or there is no memory. Without `look`
 * by the files as they were for the last question. */
struct facts *lookup_here_answer(const json_t *question, bool look);
