//! What is past retention is found without reading what is not.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000024_retention",
    walled: None,
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
