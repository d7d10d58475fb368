//! Notices from Meta about persons or assets, and which tenants know them. Not isolated by tenant, because Meta
//! names no tenant: a person or an asset is found by a keyed hash of the id. The id is erased when the notice
//! is done.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000021_inbox",
    tenant_table: None,
    up: "
CREATE TABLE inbox (
    id {uuid} NOT NULL PRIMARY KEY,
    app_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('migration', 'permissions', 'deauthorize', 'data_deletion',
        'partner_removed')),
    digest {bytes} NOT NULL,
    person_hash {bytes} NOT NULL,
    person_id TEXT,
    asset_id TEXT,
    cut_off {int},
    sent_at {int} NOT NULL,
    received_at {int} NOT NULL,
    begun_at {int},
    done_at {int},
    code_hash {bytes},
    UNIQUE (app_id, digest)
) {strict};
CREATE INDEX inbox_open ON inbox (received_at) WHERE done_at IS NULL;
CREATE INDEX inbox_by_code ON inbox (app_id, code_hash) WHERE code_hash IS NOT NULL;
CREATE INDEX due_of_inbox ON due (object_id) WHERE kind = 'inbox';
CREATE TABLE person_directory (
    tenant_id {uuid} NOT NULL,
    app_id TEXT NOT NULL,
    person_hash {bytes} NOT NULL,
    PRIMARY KEY (tenant_id, app_id, person_hash)
) {strict};
CREATE INDEX person_directory_by_person ON person_directory (app_id, person_hash);
ALTER TABLE apps ADD COLUMN previous_secret_sealed {bytes};",
    down: "
ALTER TABLE apps DROP COLUMN previous_secret_sealed;
DROP TABLE person_directory;
DROP INDEX due_of_inbox;
DROP TABLE inbox;",
};
