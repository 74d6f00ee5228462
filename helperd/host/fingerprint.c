/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "helperd/host/fingerprint.h"

#include <arpa/inet.h>
#include <sha2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define HEAD "-----BEGIN OPENSSH PRIVATE KEY-----\n"
#define TAIL "-----END OPENSSH PRIVATE KEY-----"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Base64, with newlines in between. The number of bytes; 0: it is none. */
static size_t decode(const char *text, size_t length, unsigned char ret[FINGERPRINT_KEY_MAX])
{
    uint32_t bits = 0;
    size_t count = 0, written = 0;
    while (length > 0 && (text[length - 1] == '=' || text[length - 1] == '\n'))
        length--;
    for (size_t i = 0; i < length && i < FINGERPRINT_KEY_MAX; i++) {
        if (text[i] == '\n')
            continue;
        const char *digit = text[i] ? strchr(alphabet, text[i]) : NULL;
        if (!digit)
            return 0;
        bits = bits << 6 | (uint32_t)(digit - alphabet);
        if (++count % 4 != 1)
            ret[written++] = (unsigned char)(bits >> (6 - 2 * ((count - 1) % 4)));
    }
    return written;
}

/* Without padding. */
static char *print_digest(const unsigned char *bytes, size_t size)
{
    static const char kind[] = "SHA256:";
    unsigned char digest[SHA256_DIGEST_LENGTH + 1] = {0};
    SHA2_CTX context;
    SHA256Init(&context);
    SHA256Update(&context, bytes, size);
    SHA256Final(digest, &context);
    const size_t digits = (8 * SHA256_DIGEST_LENGTH + 5) / 6;
    char *printed = calloc(sizeof(kind) + digits, 1);
    if (!printed)
        return NULL;
    memcpy(printed, kind, sizeof(kind));
    for (size_t i = 0; i < digits; i++) {
        const unsigned both = (unsigned)digest[i * 6 / 8] << 8 | digest[i * 6 / 8 + 1];
        printed[sizeof(kind) - 1 + i] = alphabet[both >> (10 - i * 6 % 8) & 63];
    }
    return printed;
}

/* What is left of a key. */
struct rest {
    const unsigned char *at;
    const unsigned char *end;
};

static bool take_number(struct rest *rest, uint32_t *ret)
{
    if (rest->end - rest->at < (ptrdiff_t)sizeof(*ret))
        return false;
    memcpy(ret, rest->at, sizeof(*ret));
    *ret = ntohl(*ret);
    rest->at += sizeof(*ret);
    return true;
}

/* The next string, which has its length before it; NULL: there is none. */
static const unsigned char *take_string(struct rest *rest, uint32_t *ret_size)
{
    if (!take_number(rest, ret_size) || (size_t)(rest->end - rest->at) < *ret_size)
        return NULL;
    const unsigned char *string = rest->at;
    rest->at += *ret_size;
    return string;
}

/* What ssh-keygen looks at, too: a damaged one is no other host's. */
static bool is_ed25519(const unsigned char *public_half, size_t size)
{
    static const char begin[] = "\0\0\0\013ssh-ed25519\0\0\0\040";
    return size == sizeof(begin) - 1 + 32 && memcmp(public_half, begin, sizeof(begin) - 1) == 0;
}

/* A magic, cipher, kdf, its options, the number of keys, the public half, the private one. */
char *fingerprint_of_key(const char *text)
{
    static const char magic[] = "openssh-key-v1";
    unsigned char bytes[FINGERPRINT_KEY_MAX];
    uint32_t size = 0, keys = 0, ignored;
    const char *end = strstr(text, TAIL);
    if (strncmp(text, HEAD, strlen(HEAD)) != 0 || !end)
        return NULL;
    const char *body = text + strlen(HEAD);
    const size_t length = end > body ? decode(body, (size_t)(end - body), bytes) : 0;
    if (length < sizeof(magic) || memcmp(bytes, magic, sizeof(magic)) != 0)
        return NULL;
    struct rest rest = {bytes + sizeof(magic), bytes + length};
    for (int i = 0; i < 3; i++)
        if (!take_string(&rest, &ignored))
            return NULL;
    if (!take_number(&rest, &keys) || keys != 1)
        return NULL;
    const unsigned char *public_half = take_string(&rest, &size);
    return public_half && is_ed25519(public_half, size) && take_string(&rest, &ignored)
               ? print_digest(public_half, size)
               : NULL;
}
