/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/notify/mail/address.h"

#include "common/names.h"
#include "common/wordlist.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GECOS_OTHER = 5 };

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

static bool is_letter_or(char byte, const char *more)
{
    return byte && (strchr(letters, byte) || strchr(more, byte));
}

bool address_is_domain(const char *domain)
{
    const size_t size = strlen(domain);
    bool begins = true;
    if (size == 0 || size > 253)
        return false;
    for (const char *c = domain; *c; c++) {
        if (*c == '.' ? begins : !is_letter_or(*c, "-") || (begins && *c == '-'))
            return false;
        begins = *c == '.';
    }
    return !begins;
}

bool address_is_safe(const char *address)
{
    const char *at = strchrnul(address, '@');
    if (at == address || at - address > 64 || strlen(address) > ADDRESS_MAX || address[0] == '-' ||
        address[0] == '.')
        return false;
    for (const char *c = address; c < at; c++)
        if (!is_letter_or(*c, "._+-"))
            return false;
    return !*at || address_is_domain(at + 1);
}

static bool is_full_address(const char *text)
{
    return strchr(text, '@') && address_is_safe(text);
}

bool address_of_gecos(const char *gecos, char ret[ADDRESS_MAX + 1])
{
    for (int field = 1; gecos && field < GECOS_OTHER; field++) {
        gecos = strchr(gecos, ',');
        gecos = gecos ? gecos + 1 : NULL;
    }
    if (!gecos || !is_full_address(gecos))
        return false;
    strcpy(ret, gecos);
    return true;
}

/* What stands behind the name in its line of the map; NULL where the line is another's. */
static const char *skip_name(const char *line, const char *name)
{
    const char *at = line + strspn(line, " \t");
    if (*at == '"') { /* a name with blanks, written as in packages.d */
        struct word word;
        if (wordlist_next(&at, &word) <= 0)
            return NULL;
        const bool same = !word.fault && strcmp(word.text, name) == 0;
        free(word.text);
        return same ? at : NULL;
    }
    const size_t length = strlen(name);
    return strncmp(at, name, length) == 0 && (at[length] == ' ' || at[length] == '\t') ? at + length : NULL;
}

/* The word behind the name in the map. The last line of a name counts. */
static bool look_up_in_map(const char *name, const char *map, char ret[ADDRESS_MAX + 1])
{
    bool found = false;
    while (map && *map) {
        const size_t size = strcspn(map, "\n");
        const char *word = skip_name(map, name);
        if (word) {
            word += strspn(word, " \t");
            const size_t word_size = strcspn(word, " \t\r\n#");
            found = true;
            ret[0] = '\0';
            if (word_size <= ADDRESS_MAX)
                snprintf(ret, ADDRESS_MAX + 1, "%.*s", (int)word_size, word);
        }
        map += size;
        map += *map == '\n';
    }
    return found;
}

/* The address from GECOS or the domain, for a name without a line in the map. 0; -EINVAL: too long. */
static int choose_default(const char *name, const struct address_sources *sources, char ret[ADDRESS_MAX + 1])
{
    /* A name of a directory may have a domain of its own: zoe@corp.example.com. */
    const char *domain = sources->domain && !strchr(name, '@') ? sources->domain : "";
    int size;
    if (sources->gecos && is_full_address(sources->gecos))
        size = snprintf(ret, ADDRESS_MAX + 1, "%s", sources->gecos);
    else
        size = snprintf(ret, ADDRESS_MAX + 1, "%s%s%s", name, *domain ? "@" : "", domain);
    return size <= ADDRESS_MAX ? 0 : -EINVAL;
}

int address_find(const char *name, const struct address_sources *sources, char ret[ADDRESS_MAX + 1],
                 char *ret_why, size_t why_size)
{
    char visible[NAME_ENCODED_MAX + 1];
    const bool mapped = look_up_in_map(name, sources->map, ret);
    if ((mapped || choose_default(name, sources, ret) == 0) && address_is_safe(ret))
        return 0;
    snprintf(ret_why, why_size, "%s has no address that can be used%s",
             text_visible(name, visible, sizeof(visible)),
             mapped ? ": see the line in mail.map" : ": give one in mail.map");
    return -EINVAL;
}
