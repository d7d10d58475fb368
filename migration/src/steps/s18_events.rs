//! Events: what a tenant is told outwards, written in the transaction of the act.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000018_events",
    walled: Some("events"),
    up: "
CREATE TABLE events (
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    data TEXT NOT NULL,
    created_at {int} NOT NULL,
    PRIMARY KEY (tenant_id, id)
) {strict};",
    down: "DROP TABLE events;",
};
