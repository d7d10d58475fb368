//! Indexes that find rows past retention without reading the others.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000025_retention",
    tenant_table: None,
    up: "
CREATE INDEX idempotency_by_age ON idempotency (tenant_id, created_at);
CREATE INDEX events_by_age ON events (tenant_id, created_at);
CREATE INDEX cut_offs_by_age ON cut_offs (tenant_id, learned_at);
CREATE INDEX reconnects_by_end ON reconnects (tenant_id, finished_at) WHERE finished_at IS NOT NULL;",
    down: "
DROP INDEX reconnects_by_end;
DROP INDEX cut_offs_by_age;
DROP INDEX events_by_age;
DROP INDEX idempotency_by_age;",
};
