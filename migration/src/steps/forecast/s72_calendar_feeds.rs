//! Calendar feeds: secret addresses under which calendar programs read the forecast. Of the secret only the hash is stored.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261129_000072_calendar_feeds",
    tenant_table: Some("calendar_feeds"),
    up: "
CREATE TABLE calendar_feeds (
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    client_id {uuid} NOT NULL,
    secret_hash {bytes} NOT NULL,
    name TEXT,
    business_id TEXT,
    person_id TEXT,
    created_at {int} NOT NULL,
    seal {bytes},
    PRIMARY KEY (tenant_id, id)
) {strict};
CREATE UNIQUE INDEX calendar_feeds_by_secret ON calendar_feeds (tenant_id, secret_hash);",
    down: "
DROP TABLE calendar_feeds;",
};
