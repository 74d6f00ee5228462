/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which connections are known: the bus's up to a number, the door's beside them. */
#include "helperd/bus/admission_internal.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>

enum { OF_THE_BUS = 2048 };

static struct admission admission;
static struct admission_connection *known[OF_THE_BUS];
static char places[2]; /* no bus is looked into */
static struct bus *const bus = (void *)&places[0];
static const struct bus *const door = (void *)&places[1];

static void setup(void)
{
    char name[16];
    admission = (struct admission){.bus = bus};
    for (int i = 0; i < OF_THE_BUS; i++) {
        snprintf(name, sizeof(name), ":1.%d", i);
        known[i] = admission_remember(&admission, bus, name);
        ck_assert_ptr_nonnull(known[i]);
    }
}

static void teardown(void)
{
    for (size_t i = 0; i < ADMISSION_BUCKETS; i++)
        while (admission.buckets[i]) {
            if (admission.buckets[i]->uses > 0)
                admission_use_less(admission.buckets[i]);
            admission_forget(admission.buckets[i]);
        }
    ck_assert_uint_eq(admission.connections, 0);
}

/* However many of the bus have calls under way (rule 15). */
START_TEST(test_door_has_its_own)
{
    ck_assert_ptr_null(admission_remember(&admission, bus, ":1.5000"));
    struct admission_connection *peer = admission_remember(&admission, door, "0x1");
    ck_assert_ptr_nonnull(peer);
    admission_use_less(peer);
    /* Nor is it forgotten for one of the bus. */
    ck_assert_ptr_null(admission_remember(&admission, bus, ":1.5000"));
    ck_assert_ptr_eq(admission_find(&admission, "0x1"), peer);
}
END_TEST

/* Who called longest ago goes first, unless a call of theirs is under way. */
START_TEST(test_oldest_goes)
{
    admission_use_less(known[7]);
    admission_use_less(known[3]);
    admission_use_less(known[5]);
    admission_use_more(known[7]);
    ck_assert_ptr_nonnull(admission_remember(&admission, bus, ":1.5000"));
    ck_assert_ptr_null(admission_find(&admission, ":1.3"));
    ck_assert_ptr_eq(admission_find(&admission, ":1.5"), known[5]);
    ck_assert_ptr_eq(admission_find(&admission, ":1.7"), known[7]);
}
END_TEST

int main(void)
{
    suite_case("connections", setup, teardown);
    suite_add(test_door_has_its_own, test_oldest_goes);
    return suite_run();
}
