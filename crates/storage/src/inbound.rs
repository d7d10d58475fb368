//! Notices from Meta and the directory of persons.

mod notice;
mod person;

pub use notice::{NewNotice, StoredDeletion, StoredNotice};
pub use person::{PersonHash, RevokedConsent};
