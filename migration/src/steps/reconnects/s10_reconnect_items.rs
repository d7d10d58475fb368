//! The items of a reconnect, one an asset. An item is open if it has no outcome or is deferred.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000010_reconnect_items",
    tenant_table: Some("reconnect_items"),
    up: "
CREATE TABLE reconnect_items (
    tenant_id {uuid} NOT NULL,
    reconnect_id {uuid} NOT NULL,
    position {int} NOT NULL,
    asset_id {graph_id} NOT NULL,
    requested_id TEXT NOT NULL,
    outcome TEXT,
    serving TEXT,
    reason TEXT,
    retry_at {int},
    fbtrace_id TEXT,
    attempts {int} NOT NULL DEFAULT 0,
    event_seq {int},
    settled_at {int},
    PRIMARY KEY (tenant_id, reconnect_id, position),
    UNIQUE (tenant_id, reconnect_id, asset_id),
    FOREIGN KEY (tenant_id, reconnect_id) REFERENCES reconnects (tenant_id, id) ON DELETE CASCADE
) {strict};
CREATE INDEX reconnect_items_open ON reconnect_items (tenant_id, reconnect_id, position)
    WHERE outcome IS NULL OR outcome = 'deferred';
CREATE UNIQUE INDEX reconnect_items_by_event ON reconnect_items (tenant_id, reconnect_id, event_seq)
    WHERE event_seq IS NOT NULL;",
    down: "DROP TABLE reconnect_items;",
};
