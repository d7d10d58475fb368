//! The history of each asset's cut-off. `cut_off` is null if a cut-off that was known is no longer reported.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000016_cut_offs",
    tenant_table: Some("cut_offs"),
    up: "
CREATE TABLE cut_offs (
    tenant_id {uuid} NOT NULL,
    asset_id {graph_id} NOT NULL,
    id {uuid} NOT NULL,
    person_id TEXT,
    cut_off {int},
    source TEXT NOT NULL,
    learned_at {int} NOT NULL,
    PRIMARY KEY (tenant_id, asset_id, id),
    FOREIGN KEY (tenant_id, asset_id) REFERENCES assets (tenant_id, id) ON DELETE CASCADE
) {strict};",
    down: "DROP TABLE cut_offs;",
};
