//! In which form an endpoint receives the events about assets, and the order in which its due deliveries are claimed.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261129_000071_bulk_events",
    tenant_table: None,
    up: "
ALTER TABLE webhook_endpoints ADD COLUMN asset_events TEXT NOT NULL DEFAULT 'single';
DROP INDEX due_by_share;
CREATE INDEX due_by_share ON due (tenant_id, share, due_at, object_id) WHERE share IS NOT NULL;",
    down: "
DROP INDEX due_by_share;
CREATE INDEX due_by_share ON due (tenant_id, share) WHERE share IS NOT NULL;
ALTER TABLE webhook_endpoints DROP COLUMN asset_events;",
};
