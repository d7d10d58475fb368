//! Errors of Graph that the table of errors does not know, counted for operators. No tenant's data: the texts are
//! redacted and hold no ids.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261128_000038_graph_errors",
    tenant_table: None,
    up: "
CREATE TABLE graph_errors (
    error_key TEXT NOT NULL PRIMARY KEY,
    app_id TEXT NOT NULL,
    code {int},
    subcode {int},
    kind TEXT NOT NULL,
    http_status {int} NOT NULL,
    object_kind TEXT,
    message TEXT NOT NULL,
    occurrences {int} NOT NULL,
    first_at {int} NOT NULL,
    last_at {int} NOT NULL
) {strict};
CREATE INDEX graph_errors_by_age ON graph_errors (last_at, error_key);",
    down: "
DROP TABLE graph_errors;",
};
