//! Seals of the rows that decide who may do what: clients, operators, sessions, tenants, and which credential serves.
//!
//! The rule: a row that carries a seal is changed only by [`TenantTx::change_sealed`], which refuses a row that was
//! changed around the application, and is checked wherever it decides something. `table.rs` lists the tables and columns.
//! Start at [`RowSeals`]; [`TenantTx::inspect_sealed_rows`] is what verifying the audit compares.
//!
//! [`TenantTx::change_sealed`]: crate::TenantTx

mod adopt;
mod inspect;
mod rows;
mod seals;
mod slot;
mod table;

pub use inspect::{RowName, SealedRow};
pub(crate) use rows::without_seals;
pub use seals::RowSeals;
pub(crate) use seals::SealRecords;
pub use slot::SlottedCredential;
pub(crate) use slot::slotted_from_row;
pub(crate) use table::{
    CALENDAR_FEEDS, CLIENTS, KEK_RETIREMENTS, LINK_LOGINS, LINKS, OPERATOR_SESSIONS, OPERATORS,
    RECONNECT_SESSIONS, STREAM_TICKETS, TENANTS,
};
