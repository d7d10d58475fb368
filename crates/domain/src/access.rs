//! What clients, operators and browsers may do.

mod operator;
mod permission;
mod reach;
mod read_reason;
mod web_origin;

pub use operator::{InvalidOperatorName, OperatorName, OperatorRole};
pub use permission::{Permission, Permissions};
pub use reach::{Reach, Within};
pub use read_reason::{InvalidReadReason, ReadReason};
pub use web_origin::{InvalidOrigin, Origin};
