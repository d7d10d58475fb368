//! Operators, their sessions, and failed log-ins by hashed name, whether or not an operator has that name.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261122_000026_operators",
    tenant_table: None,
    up: "
CREATE TABLE operators (
    id {uuid} NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL CHECK (role IN ('owner', 'support')),
    password_hash TEXT NOT NULL,
    created_at {int} NOT NULL,
    disabled_at {int},
    last_login_at {int}
) {strict};
CREATE TABLE operator_sessions (
    id {uuid} NOT NULL PRIMARY KEY,
    operator_id {uuid} NOT NULL REFERENCES operators (id) ON DELETE CASCADE,
    created_at {int} NOT NULL,
    expires_at {int} NOT NULL
) {strict};
CREATE INDEX operator_sessions_by_operator ON operator_sessions (operator_id);
CREATE INDEX operator_sessions_by_end ON operator_sessions (expires_at);
CREATE TABLE login_attempts (
    name_hash {bytes} NOT NULL PRIMARY KEY,
    failures {int} NOT NULL,
    locked_until {int},
    last_at {int} NOT NULL
) {strict};
CREATE INDEX login_attempts_by_age ON login_attempts (last_at);",
    down: "
DROP TABLE login_attempts;
DROP TABLE operator_sessions;
DROP TABLE operators;",
};
