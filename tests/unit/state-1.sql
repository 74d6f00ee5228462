-- SPDX-License-Identifier: LGPL-2.1-or-later
-- A state.db of schema step 1, as it was written then. Never edited: every later version has to open it.
CREATE TABLE circle ( id INTEGER PRIMARY KEY, principals TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE request ( id INTEGER PRIMARY KEY AUTOINCREMENT, package TEXT NOT NULL, user TEXT NOT NULL, uid INTEGER NOT NULL, loginuid INTEGER, full_name TEXT, organisation TEXT, state TEXT NOT NULL CHECK (state IN ('submitted', 'pending-approval', 'expired', 'denied', 'cancelled',  'approved')), justification TEXT, no_reason_given INTEGER NOT NULL, service TEXT, host TEXT, address TEXT, tty TEXT, origin_verified INTEGER NOT NULL, duration INTEGER NOT NULL, start INTEGER NOT NULL, submitted INTEGER NOT NULL, ended INTEGER NOT NULL, cancel_reason TEXT, stage INTEGER NOT NULL, n_stages INTEGER NOT NULL, deadline INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX request_open ON request (uid, package, user) WHERE state IN ('submitted', 'pending-approval');
CREATE INDEX request_pending ON request (id) WHERE state = 'pending-approval';
CREATE INDEX request_deadline ON request (deadline) WHERE state = 'pending-approval';
CREATE INDEX request_uid ON request (uid, id);
CREATE TABLE stage ( request INTEGER NOT NULL REFERENCES request (id), number INTEGER NOT NULL, approvers INTEGER NOT NULL REFERENCES circle (id), fallback INTEGER REFERENCES circle (id), quorum INTEGER NOT NULL, timeout INTEGER NOT NULL, escalate_after INTEGER NOT NULL, entered INTEGER NOT NULL, PRIMARY KEY (request, number)) STRICT, WITHOUT ROWID;
CREATE INDEX stage_approvers ON stage (approvers, request);
CREATE INDEX stage_fallback ON stage (fallback, request) WHERE fallback IS NOT NULL;
CREATE TABLE decision ( id INTEGER PRIMARY KEY, request INTEGER NOT NULL REFERENCES request (id), stage INTEGER NOT NULL, decider TEXT NOT NULL, uid INTEGER NOT NULL, loginuid INTEGER, approved INTEGER NOT NULL, reason TEXT, at INTEGER NOT NULL) STRICT;
CREATE INDEX decision_request ON decision (request, id);
CREATE INDEX decision_uid ON decision (uid, request);
CREATE TABLE assignment ( id INTEGER PRIMARY KEY AUTOINCREMENT, request INTEGER UNIQUE REFERENCES request (id), package TEXT NOT NULL, user TEXT NOT NULL, uid INTEGER NOT NULL, state TEXT NOT NULL CHECK (state IN ('partially-fulfilled', 'fulfilled', 'access-expired', 'revoked')), start INTEGER NOT NULL, end INTEGER NOT NULL, duration INTEGER NOT NULL, extended INTEGER NOT NULL, attempts INTEGER NOT NULL, retry_at INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX assignment_live ON assignment (uid, package, user) WHERE state IN ('partially-fulfilled', 'fulfilled');
CREATE INDEX assignment_user ON assignment (user) WHERE state IN ('partially-fulfilled', 'fulfilled');
CREATE INDEX assignment_end ON assignment (end) WHERE state IN ('partially-fulfilled', 'fulfilled');
CREATE INDEX assignment_retry ON assignment (retry_at) WHERE state = 'partially-fulfilled' AND retry_at > 0;
CREATE TABLE "grant" ( assignment INTEGER NOT NULL REFERENCES assignment (id), name TEXT NOT NULL, gid INTEGER, problem TEXT, live INTEGER NOT NULL, PRIMARY KEY (assignment, name)) STRICT, WITHOUT ROWID;
CREATE INDEX grant_gid ON "grant" (gid) WHERE live = 1 AND problem IS NULL;
CREATE TABLE publication ( kind TEXT NOT NULL CHECK (kind IN ('user', 'gid')), name TEXT NOT NULL, narrows INTEGER NOT NULL, PRIMARY KEY (kind, name)) STRICT, WITHOUT ROWID;
CREATE TABLE audit ( id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, actor TEXT NOT NULL, uid INTEGER, loginuid INTEGER, event TEXT NOT NULL, request INTEGER, assignment INTEGER, detail TEXT) STRICT;
CREATE INDEX audit_request ON audit (request) WHERE request IS NOT NULL;
INSERT INTO circle VALUES (1, 'bob %dba-leads'), (2, '%managers');
INSERT INTO request VALUES (1, 'db-admins', 'alice', 1001, NULL, 'Alice Adams', 'Payments', 'approved', 'because', 0,
 'sshd', 'desk', '192.0.2.1', 'ssh', 1, 3600, 0, 1763935940, 1763935940, NULL, 1, 1, 1764022340);
INSERT INTO request VALUES (2, 'db-admins', 'dave', 1004, 1004, NULL, NULL, 'pending-approval', NULL, 1,
 NULL, NULL, NULL, NULL, 0, 3600, 0, 1763935940, 0, NULL, 1, 1, 1764022340);
INSERT INTO stage VALUES (1, 1, 1, 2, 1, 86400, 0, 1763935940), (2, 1, 1, NULL, 1, 86400, 0, 1763935940);
INSERT INTO decision VALUES (1, 1, 1, 'bob', 1002, 1002, 1, 'fine', 1763935940);
INSERT INTO assignment VALUES (1, 1, 'db-admins', 'alice', 1001, 'fulfilled', 1763935940, 1763939540, 3600, 0, 0, 0);
INSERT INTO "grant" VALUES (1, 'backup', 34, NULL, 1), (1, 'dbadmins', 2001, NULL, 1);
INSERT INTO audit VALUES (1, 1763935940, 'alice', 1001, NULL, 'submit', 1, NULL, 'because');
PRAGMA user_version = 1;
