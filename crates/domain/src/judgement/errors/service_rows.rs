//! Errors of Graph itself: down, timed out, not completed.

use Codes::{Any, In};
use RefusalKind::Unavailable;
use RowClass::Refused;
use When::Always;

use super::row::{Codes, ErrorRow, RowClass, When, row};
use crate::RefusalKind;

#[rustfmt::skip] // a table
pub(super) const ROWS: &[ErrorRow] = &[
    row(In(&[1, 2]), Any, Always, Refused(Unavailable), "Meta, Graph API error handling; java-business-sdk #319"),
    row(In(&[960]), Any, Always, Refused(Unavailable), "graph-facts §4: batch item aborted"),
    row(In(&[-1]), Any, Always, Refused(Unavailable), "Meta, Instagram error codes: server error, try again"),
    row(In(&[-2]), Any, Always, Refused(Unavailable), "OWOX/owox-data-marts PR 837 (1504018: timed out)"),
    row(In(&[131_000, 131_016, 131_057, 133_004]), Any, Always, Refused(Unavailable), "Meta, WhatsApp error codes"),
];
