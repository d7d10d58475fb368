//! Failed log-ins by hashed name and hashed address, and their sums until the audit has them.
//!
//! The failures so far were counted by name alone, so they are forgotten.

use crate::step::Step;

pub(crate) const STEP: Step = Step {
    name: "m20261128_000044_login_refusals",
    tenant_table: None,
    up: "
DROP TABLE login_attempts;
CREATE TABLE login_attempts (
    name_hash {bytes} NOT NULL,
    address_hash {bytes} NOT NULL,
    failures {int} NOT NULL,
    locked_until {int},
    last_at {int} NOT NULL,
    PRIMARY KEY (name_hash, address_hash)
) {strict};
CREATE INDEX login_attempts_by_age ON login_attempts (last_at);
CREATE TABLE login_refusals (
    minute {int} NOT NULL,
    subject TEXT NOT NULL,
    refusals {int} NOT NULL,
    locks {int} NOT NULL,
    first_at {int} NOT NULL,
    last_at {int} NOT NULL,
    PRIMARY KEY (minute, subject)
) {strict};",
    down: "
DROP TABLE login_refusals;
DROP TABLE login_attempts;
CREATE TABLE login_attempts (
    name_hash {bytes} NOT NULL PRIMARY KEY,
    failures {int} NOT NULL,
    locked_until {int},
    last_at {int} NOT NULL
) {strict};
CREATE INDEX login_attempts_by_age ON login_attempts (last_at);",
};
