//! Notices from Meta, the directory of persons, and errors of Graph that are not known.

mod graph_error;
mod notice;
mod person;

pub use graph_error::StoredUnknownError;
pub use notice::{NewNotice, StoredDeletion, StoredNotice};
pub use person::{PersonHash, RevokedConsent};
