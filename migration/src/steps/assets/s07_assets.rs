//! Assets and the facts their state is computed from. Several tenants may have the same Graph id.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000007_assets",
    tenant_table: Some("assets"),
    up: "
CREATE TABLE assets (
    tenant_id {uuid} NOT NULL,
    id {graph_id} NOT NULL,
    kind TEXT NOT NULL,
    name TEXT,
    business_id {graph_id},
    person_id TEXT,
    generation {int} NOT NULL DEFAULT 0,
    intent_seq {int} NOT NULL DEFAULT 0,
    proved_at {int},
    checked_at {int},
    failing_since {int},
    failing_reason TEXT,
    failures {int} NOT NULL DEFAULT 0,
    definitive {bool} NOT NULL DEFAULT {false},
    cut_off {int},
    expires_at {int},
    data_access_expires_at {int},
    created_at {int} NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CHECK ((failing_since IS NULL) = (failing_reason IS NULL))
) {strict};
CREATE INDEX assets_by_business ON assets (tenant_id, business_id, id) WHERE business_id IS NOT NULL;
CREATE INDEX assets_by_person ON assets (tenant_id, person_id, id) WHERE person_id IS NOT NULL;",
    down: "DROP TABLE assets;",
};
