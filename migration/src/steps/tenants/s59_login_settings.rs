//! How an app sends people to Meta's log-in, and in which forms a tenant accepts their consents.
//!
//! `accept` and `login_scopes` are lists separated by spaces. A tenant without a list accepts every form.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261129_000059_login_settings",
    tenant_table: None,
    up: "
ALTER TABLE tenants ADD COLUMN accept TEXT;
ALTER TABLE apps ADD COLUMN login_config_id TEXT;
ALTER TABLE apps ADD COLUMN login_scopes TEXT NOT NULL DEFAULT '';
ALTER TABLE apps ADD COLUMN dialog_base_url TEXT;
ALTER TABLE apps ADD COLUMN landing_url TEXT;",
    down: "
ALTER TABLE apps DROP COLUMN landing_url;
ALTER TABLE apps DROP COLUMN dialog_base_url;
ALTER TABLE apps DROP COLUMN login_scopes;
ALTER TABLE apps DROP COLUMN login_config_id;
ALTER TABLE tenants DROP COLUMN accept;",
};
