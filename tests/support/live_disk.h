/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A small disk below the state folder of a suite in a private root, which can be filled. See live.h. */
#pragma once

/* Before live_start; `size` as tmpfs takes it, "16m". It ends with the test's process. */
void live_disk_mount(const char *size);
/* To the last block; and room again. */
void live_disk_fill(void);
void live_disk_make_room(void);
/* Before it is filled: the store loses its reserve (helperd/store/reserve.c), as on a disk that copies what is written over. */
void live_disk_take_reserve(void);
