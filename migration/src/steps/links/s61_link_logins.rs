//! Log-ins at Meta that a link started: the hash of the state that comes back, and that of the browser's cookie.
//! `notice` is JSON: why one ended without a consent.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261129_000061_link_logins",
    tenant_table: Some("link_logins"),
    up: "
CREATE TABLE link_logins (
    tenant_id {uuid} NOT NULL,
    id {uuid} NOT NULL,
    link_id {uuid} NOT NULL,
    state_hash {bytes} NOT NULL,
    browser_hash {bytes} NOT NULL,
    created_at {int} NOT NULL,
    expires_at {int} NOT NULL,
    spent_at {int},
    notice TEXT,
    seal {bytes},
    PRIMARY KEY (tenant_id, id)
) {strict};
CREATE UNIQUE INDEX link_logins_by_state ON link_logins (tenant_id, state_hash);
CREATE INDEX link_logins_by_link ON link_logins (tenant_id, link_id, id);
CREATE INDEX link_logins_by_end ON link_logins (tenant_id, expires_at);",
    down: "
DROP TABLE link_logins;",
};
