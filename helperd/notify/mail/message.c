/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/notify/mail/message.h"

#include "common/names.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WORD_BYTES = 42,   /* of text in an encoded word: 75 characters with its frame */
    PLAIN_MAX = 68,    /* of a header that needs no encoding: a line of 78 with its name */
    QP_LINE_MAX = 72,  /* characters, with room for an encoded byte and the soft break */
    SUBJECT_MAX = 512, /* bytes; a longer one is cut */
    NAME_MAX_ = 256,
};

/* ---- headers ---- */

static bool is_plain(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || (unsigned char)*text > '~')
            return false;
    return true;
}

static void put_base64(FILE *out, const unsigned char *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        const unsigned a = bytes[i];
        const unsigned b = i + 1 < size ? bytes[i + 1] : 0;
        const unsigned c = i + 2 < size ? bytes[i + 2] : 0;
        fputc(digits[a >> 2], out);
        fputc(digits[(a & 3) << 4 | b >> 4], out);
        fputc(i + 1 < size ? digits[(b & 15) << 2 | c >> 6] : '=', out);
        fputc(i + 2 < size ? digits[c & 63] : '=', out);
    }
}

/* How many bytes fit into one encoded word, cut between characters. */
static size_t word_size(const char *text)
{
    size_t size = strlen(text);
    if (size <= WORD_BYTES)
        return size;
    size = WORD_BYTES;
    while (size > 1 && ((unsigned char)text[size] & 0xC0) == 0x80)
        size--;
    return size;
}

/* Writes encoded words, one a line: no bytes of the text can begin or end a header. */
static void put_words(FILE *out, const char *text)
{
    for (bool first = true; *text; first = false) {
        const size_t size = word_size(text);
        fputs(first ? "=?UTF-8?B?" : "\n =?UTF-8?B?", out);
        put_base64(out, (const unsigned char *)text, size);
        fputs("?=", out);
        text += size;
    }
}

/* Writes text of any origin. */
static void put_unstructured(FILE *out, const char *text)
{
    char visible[SUBJECT_MAX];
    text_visible(text, visible, sizeof(visible));
    /* "=?" would be taken for an encoded word; long text is cut into encoded words. */
    if (is_plain(visible) && strlen(visible) <= PLAIN_MAX && !strstr(visible, "=?"))
        fputs(visible, out);
    else
        put_words(out, visible);
}

static bool is_phrase(const char *name)
{
    for (; *name; name++)
        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 -", *name))
            return false;
    return true;
}

static void put_party(FILE *out, const struct message_party *party)
{
    char visible[NAME_MAX_];
    if (!party->name || !*party->name) {
        fputs(party->address, out);
        return;
    }
    text_visible(party->name, visible, sizeof(visible));
    if (is_phrase(visible) && strlen(visible) <= WORD_BYTES)
        fprintf(out, "%s <%s>", visible, party->address);
    else {
        put_words(out, visible);
        fprintf(out, "\n <%s>", party->address);
    }
}

/* In English in any locale (RFC 5322). */
static void put_date(FILE *out, time_t date)
{
    static const char days[] = "SunMonTueWedThuFriSat";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct tm parts = {0};
    localtime_r(&date, &parts);
    const long minutes = parts.tm_gmtoff / 60;
    fprintf(out, "Date: %.3s, %d %.3s %d %02d:%02d:%02d %c%02ld%02ld\n", days + 3 * (parts.tm_wday % 7),
            parts.tm_mday, months + 3 * (parts.tm_mon % 12), parts.tm_year + 1900, parts.tm_hour,
            parts.tm_min, parts.tm_sec, minutes < 0 ? '-' : '+', labs(minutes) / 60, labs(minutes) % 60);
}

static int64_t get_number(const json_t *notice, const char *member)
{
    return json_integer_value(json_object_get(notice, member));
}

/*
 * All mails of a request refer to one root, an id that no mail has, so that they form one thread whichever of them a
 * recipient gets. The time distinguishes equal ids of two stores.
 */
static void put_thread(FILE *out, const json_t *notice, const struct message_terms *terms)
{
    const char *domain = terms->domain;
    fprintf(out, "Message-ID: <accesspkg.notice.%" PRId64 ".%" PRId64 "@%s>\n", get_number(notice, "id"),
            (int64_t)terms->date, domain);
    char root[64] = "";
    if (get_number(notice, "request") > 0)
        snprintf(root, sizeof(root), "request.%" PRId64, get_number(notice, "request"));
    else if (get_number(notice, "assignment") > 0)
        snprintf(root, sizeof(root), "assignment.%" PRId64, get_number(notice, "assignment"));
    if (*root)
        fprintf(out, "In-Reply-To: <accesspkg.%s@%s>\nReferences: <accesspkg.%s@%s>\n", root, domain, root,
                domain);
}

/* ---- the body ---- */

/* Quoted-printable: plain ASCII stays as it is, lines are bounded, and none begins with a dot or with "From ". */
static void put_quoted_line(FILE *out, const char *line, size_t size)
{
    size_t column = 0;
    for (size_t i = 0; i < size; i++) {
        const unsigned char byte = (unsigned char)line[i];
        const bool last = i + 1 == size;
        const bool plain = ((byte >= '!' && byte <= '~') || (byte == ' ' && !last)) && byte != '=' &&
                           !(column == 0 && (byte == '.' || byte == 'F'));
        if (plain)
            fputc(byte, out);
        else
            fprintf(out, "=%02X", byte);
        column += plain ? 1 : 3;
        if (column >= QP_LINE_MAX && !last) {
            fputs("=\n", out);
            column = 0;
        }
    }
    fputc('\n', out);
}

static void put_quoted(FILE *out, const char *text)
{
    while (*text) {
        const size_t size = strcspn(text, "\n");
        put_quoted_line(out, text, size);
        text += size;
        text += *text == '\n';
    }
}

char *message_compose(const json_t *notice, const struct message_terms *terms)
{
    const char *summary = json_string_value(json_object_get(notice, "summary"));
    const char *body = json_string_value(json_object_get(notice, "text"));
    const char *host = json_string_value(json_object_get(notice, "host"));
    char *text = NULL;
    size_t size = 0;
    if (!summary || !body || !host || get_number(notice, "id") <= 0 || terms->n_to == 0)
        return NULL;
    char subject[SUBJECT_MAX];
    snprintf(subject, sizeof(subject), "[%.64s] %s", host, summary);
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return NULL;
    fputs("From: ", out);
    put_party(out, &terms->from);
    fputs("\nTo: ", out);
    for (size_t i = 0; i < terms->n_to; i++) {
        fputs(i ? ",\n " : "", out);
        put_party(out, &terms->to[i]);
    }
    fputs("\nSubject: ", out);
    put_unstructured(out, subject);
    fputc('\n', out);
    put_date(out, terms->date);
    put_thread(out, notice, terms);
    fputs("Auto-Submitted: auto-generated\n"
          "MIME-Version: 1.0\n"
          "Content-Type: text/plain; charset=UTF-8\n"
          "Content-Transfer-Encoding: quoted-printable\n"
          "\n",
          out);
    put_quoted(out, body);
    return fclose(out) == 0 ? text : NULL;
}
