//! When each asset is probed next. Not isolated by tenant, because the worker reads it before it knows a
//! tenant.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000014_probe_due",
    tenant_table: None,
    up: "
CREATE TABLE probe_due (
    tenant_id {uuid} NOT NULL,
    asset_id {graph_id} NOT NULL,
    lane TEXT NOT NULL CHECK (lane IN ('normal', 'failing')),
    due_at {int} NOT NULL,
    harm_at {int} NOT NULL,
    tries {int} NOT NULL DEFAULT 0,
    owner TEXT,
    leased_until {int},
    fencing {int} NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, asset_id),
    FOREIGN KEY (tenant_id, asset_id) REFERENCES assets (tenant_id, id) ON DELETE CASCADE,
    CHECK ((owner IS NULL) = (leased_until IS NULL))
) {strict};
CREATE INDEX probe_due_by_time ON probe_due (lane, due_at);",
    down: "DROP TABLE probe_due;",
};
