//! Notices from Meta, and the directory of the persons and assets that they are about.

mod deletion;
mod directory;
mod notice;
mod person;
mod reopen;

pub use deletion::StoredDeletion;
pub use directory::PersonHash;
pub use notice::{NewNotice, StoredNotice};
pub use person::RevokedConsent;
pub use reopen::GrantedConsent;
