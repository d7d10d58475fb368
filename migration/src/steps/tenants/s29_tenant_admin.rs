//! An operator's settings for a tenant: when it is deleted, its limits, the origins of its pages.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000029_tenant_admin",
    tenant_table: None,
    up: "
ALTER TABLE tenants ADD COLUMN delete_after {int};
ALTER TABLE tenants ADD COLUMN deleted_at {int};
ALTER TABLE tenants ADD COLUMN shredded_at {int};
ALTER TABLE tenants ADD COLUMN max_assets {int};
ALTER TABLE tenants ADD COLUMN max_running_reconnects {int};
ALTER TABLE tenants ADD COLUMN requests_per_second {int};
CREATE TABLE tenant_origins (
    tenant_id {uuid} NOT NULL,
    origin TEXT NOT NULL,
    PRIMARY KEY (tenant_id, origin)
) {strict};
CREATE INDEX tenant_origins_by_origin ON tenant_origins (origin);",
    down: "
DROP TABLE tenant_origins;
ALTER TABLE tenants DROP COLUMN requests_per_second;
ALTER TABLE tenants DROP COLUMN max_running_reconnects;
ALTER TABLE tenants DROP COLUMN max_assets;
ALTER TABLE tenants DROP COLUMN shredded_at;
ALTER TABLE tenants DROP COLUMN deleted_at;
ALTER TABLE tenants DROP COLUMN delete_after;",
};
