//! Links: hosted pages at which one person gives a consent for listed assets. `asset_ids` is JSON, `asset_count` their
//! number; of the secret in the address, and of that in the browser's cookie, only the hashes are stored.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261129_000060_links",
    tenant_table: Some("links"),
    up: "
CREATE TABLE links (
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    client_id {uuid} NOT NULL,
    client_version {int} NOT NULL,
    secret_hash {bytes} NOT NULL,
    person_id TEXT,
    require_person {bool} NOT NULL,
    asset_ids TEXT NOT NULL,
    asset_count {int} NOT NULL,
    locale TEXT NOT NULL,
    return_url TEXT,
    created_at {int} NOT NULL,
    expires_at {int} NOT NULL,
    revoked_at {int},
    used_at {int},
    browser_hash {bytes},
    session_id {uuid},
    seal {bytes},
    PRIMARY KEY (tenant_id, id)
) {strict};
CREATE UNIQUE INDEX links_by_secret ON links (tenant_id, secret_hash);
CREATE INDEX links_by_end ON links (tenant_id, expires_at);",
    down: "
DROP TABLE links;",
};
