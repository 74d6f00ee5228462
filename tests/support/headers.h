/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What most suites include, and what takes long to read: the Makefile reads it once. No file includes it. */
#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
