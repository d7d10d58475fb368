//! Discoveries: what a token lists. `submitted` is the sealed token, wiped when the discovery ends; `frontier` are the
//! lists that are still to be read; `event_seq` counts the events of its assets. A tenant has one that runs.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261129_000065_discoveries",
    tenant_table: Some("discoveries"),
    up: "
CREATE TABLE discoveries (
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    created_by {uuid} NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('running', 'completed', 'failed')),
    registers {bool} NOT NULL,
    submitted {bytes},
    token_kind TEXT NOT NULL,
    person_id TEXT NOT NULL,
    person_name TEXT,
    is_work_account {bool},
    scopes TEXT NOT NULL,
    frontier TEXT NOT NULL,
    unread TEXT NOT NULL,
    calls {int} NOT NULL DEFAULT 0,
    event_seq {int} NOT NULL DEFAULT 0,
    is_truncated {bool} NOT NULL DEFAULT {false},
    reason TEXT,
    not_registered TEXT,
    created_at {int} NOT NULL,
    finished_at {int},
    PRIMARY KEY (tenant_id, id),
    CHECK ((status = 'running') = (finished_at IS NULL)),
    CHECK ((submitted IS NULL) = (finished_at IS NOT NULL))
) {strict};
CREATE UNIQUE INDEX discoveries_one_running ON discoveries (tenant_id) WHERE status = 'running';
CREATE TABLE discovered_assets (
    tenant_id {uuid} NOT NULL,
    discovery_id {uuid} NOT NULL,
    asset_id {graph_id} NOT NULL,
    event_seq {int} NOT NULL,
    kind TEXT NOT NULL,
    name TEXT,
    business_id {graph_id},
    is_granted {bool} NOT NULL,
    familiarity TEXT NOT NULL CHECK (familiarity IN ('registered', 'new', 'another_kind')),
    PRIMARY KEY (tenant_id, discovery_id, asset_id),
    FOREIGN KEY (tenant_id, discovery_id) REFERENCES discoveries (tenant_id, id) ON DELETE CASCADE
) {strict};
CREATE UNIQUE INDEX discovered_assets_by_event
    ON discovered_assets (tenant_id, discovery_id, event_seq);
{postgres_only}
ALTER TABLE discovered_assets ENABLE ROW LEVEL SECURITY;
ALTER TABLE discovered_assets FORCE ROW LEVEL SECURITY;
CREATE POLICY one_tenant ON discovered_assets
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);",
    down: "
DROP TABLE discovered_assets;
DROP TABLE discoveries;",
};
