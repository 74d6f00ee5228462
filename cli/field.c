/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The formats that several files share. */
#include "cli/field.h"

#include "cli/output.h"
#include "cli/when.h"
#include "common/duration.h"
#include "dbus/contract.h"

char *field_text(const struct output *output, const json_t *object, const char *member)
{
    (void)output;
    return output_format("%s", member_text(object, member));
}

char *field_count(const struct output *output, const json_t *object, const char *member)
{
    (void)output;
    if (!json_is_integer(json_object_get(object, member)))
        return NULL;
    return output_format("%" JSON_INTEGER_FORMAT, (json_int_t)member_integer(object, member));
}

static char *join_texts(const json_t *list, const char *separator)
{
    char *joined = NULL;
    size_t size, i;
    FILE *stream = open_memstream(&joined, &size);
    json_t *item;

    if (!stream)
        output_no_memory();
    json_array_foreach(list, i, item)
    {
        const char *text = json_string_value(item);

        fprintf(stream, "%s%s", i > 0 ? separator : "", text ? text : "");
    }
    if (fclose(stream) != 0)
        output_no_memory();
    return joined;
}

char *field_list(const struct output *output, const json_t *object, const char *member)
{
    (void)output;
    return join_texts(json_object_get(object, member), ", ");
}

char *field_lines(const struct output *output, const json_t *object, const char *member)
{
    (void)output;
    return join_texts(json_object_get(object, member), "\n");
}

/* A state that only a newer daemon has is shown by its identifier. */
char *field_state(const struct output *output, const json_t *object, const char *member)
{
    const char *identifier = member_text(object, member);
    enum state state = state_from_identifier(identifier);

    (void)output;
    return output_format("%s", state == STATE_NONE ? identifier : state_shown(state));
}

static char *format_time(const struct output *output, const json_t *object, const char *member,
                         char *(*relative)(int64_t, int64_t, char *))
{
    char text[WHEN_MAX];

    if (!json_is_integer(json_object_get(object, member)))
        return NULL;
    int64_t time = member_integer(object, member);
    return output_format("%s", relative ? relative(time, output->now, text) : when_iso(time, text));
}

char *field_time(const struct output *output, const json_t *object, const char *member)
{
    return format_time(output, object, member, when_full);
}

char *field_end(const struct output *output, const json_t *object, const char *member)
{
    return member_endless(object) ? output_format("no end") : field_time(output, object, member);
}

char *field_end_when(const struct output *output, const json_t *object, const char *member)
{
    return member_endless(object) ? output_format("no end") : field_when(output, object, member);
}

char *field_when(const struct output *output, const json_t *object, const char *member)
{
    return format_time(output, object, member, output->width > 0 ? when_relative : NULL);
}

char *field_moment(const struct output *output, int64_t time)
{
    char text[WHEN_MAX];

    return output_format("%s", output->width > 0 ? when_people(time, text) : when_iso(time, text));
}

char *field_iso(const struct output *output, const json_t *object, const char *member)
{
    return format_time(output, object, member, NULL);
}

char *field_duration(const struct output *output, const json_t *object, const char *member)
{
    char text[DURATION_TEXT_MAX];

    (void)output;
    if (!json_is_integer(json_object_get(object, member)))
        return NULL;
    return output_format("%s", duration_format(member_integer(object, member), text));
}

char *field_user(const struct output *output, const json_t *object, const char *member)
{
    (void)output;
    return output_format("%s (uid %lld)", member_text(object, member),
                         (long long)member_integer(object, "uid"));
}

char *field_max_duration(const struct output *output, const json_t *package, const char *member)
{
    return field_duration(output, package, member_has(package, member) ? member : "duration");
}

char *field_package_approvers(const struct output *output, const json_t *package, const char *member)
{
    return member_true(package, "approval") ? field_list(output, package, member)
                                            : output_format("no approval needed");
}

enum field_look field_look(const struct field *field)
{
    return (enum field_look)(field->look & FIELD_LOOK);
}

unsigned field_rank(const struct field *field)
{
    return field->look / FIELD_RANK(1);
}
