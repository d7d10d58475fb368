//! Due work: ids and times. Not isolated by tenant, because the worker reads it before it knows a tenant.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000013_due",
    tenant_table: None,
    up: "
CREATE TABLE due (
    tenant_id {uuid} NOT NULL,
    kind TEXT NOT NULL,
    object_id {uuid} NOT NULL,
    due_at {int} NOT NULL,
    owner TEXT,
    leased_until {int},
    fencing {int} NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, kind, object_id),
    CHECK ((owner IS NULL) = (leased_until IS NULL))
) {strict};
CREATE INDEX due_by_time ON due (kind, due_at);",
    down: "DROP TABLE due;",
};
