/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The canonical text of a request. A change of a key, of the order or of what stands there is a new version of it. */
#include "helperd/lifecycle/lifecycle.h"

#include "common/canonical.h"
#include "common/cleanup.h"

#include <errno.h>
#include <stdlib.h>

static void write_place(FILE *out, const struct engine *engine, const struct request *request,
                        const char *epoch)
{
    canonical_number(out, "accesspkg-request", 1); /* the version of this text */
    canonical_text(out, "host", engine->host_name);
    canonical_text(out, "host-key", engine->host_key);
    canonical_text(out, "epoch", epoch);
    canonical_number(out, "request", request->id);
    canonical_text(out, "nonce", request->nonce);
}

/* -ENOMEM. A package that is not defined any more gives nothing: it has no policy, and no groups. */
static int write_package(FILE *out, const struct record *record, const struct package *package)
{
    const struct request *request = &record->request;
    canonical_text(out, "user", request->user);
    canonical_number(out, "uid", request->requestor.uid);
    canonical_text(out, "package", request->package);
    if (!package)
        return 0;
    canonical_text(out, "policy", package->digest);
    _cleanup_free_ char **groups = request_groups(request, package, record_is_bound(record));
    for (char **group = groups; group && *group; group++) {
        const gid_t gid = request_gid(request, *group);
        canonical_numbered(out, "group", gid == GID_UNSET ? -1 : (int64_t)gid, *group);
    }
    return groups ? 0 : -ENOMEM;
}

static void write_stage(FILE *out, const struct record *record)
{
    canonical_number(out, "stage", record->request.stage);
    canonical_number(out, "stages", record->request.n_stages);
    canonical_number(out, "quorum", record->stage.quorum);
    canonical_list(out, "approver", record->stage.approvers);
    canonical_list(out, "fallback-approver", record->stage.fallback_approvers);
}

/* Seconds, and seconds since the epoch of Unix. */
static void write_wish(FILE *out, const struct request *request)
{
    canonical_number(out, "duration", request->granted ? request->granted : request->duration);
    if (request->start)
        canonical_number(out, "start", request->start);
    if (request->until)
        canonical_number(out, "until", request->until);
    if (request->extends)
        canonical_number(out, "extends", request->extends);
    canonical_number(out, "submitted", request->submitted);
    canonical_text(out, "reason", request->justification);
    canonical_text(out, "origin", request->origin_verified ? "verified" : "claimed");
    canonical_text(out, "service", request->service);
    canonical_text(out, "from-host", request->host);
    canonical_text(out, "address", request->address);
    canonical_text(out, "terminal", request->tty);
}

char *record_text(const struct engine *engine, const struct record *record)
{
    const struct package *package = packages_find(engine->packages, record->request.package);
    _cleanup_free_ char *epoch = NULL;
    char *text = NULL;
    size_t size = 0;
    FILE *out = store_get_epoch(engine->store, &epoch) == 0 ? open_memstream(&text, &size) : NULL;
    if (!out)
        return NULL;
    write_place(out, engine, &record->request, epoch);
    const int r = write_package(out, record, package);
    write_stage(out, record);
    write_wish(out, &record->request);
    const bool failed = r < 0 || ferror(out);
    if (fclose(out) == 0 && !failed)
        return text;
    free(text);
    return NULL;
}

int record_digest(const struct engine *engine, const struct record *record, char ret[CANONICAL_DIGEST_MAX])
{
    _cleanup_free_ char *text = record_text(engine, record);
    return text && canonical_digest(text, ret) ? 0 : -ENOMEM;
}
