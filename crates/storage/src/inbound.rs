//! Notices from Meta, the directory of the persons and assets that they are about, and errors of Graph that are not
//! known.

mod deletion;
mod directory;
mod graph_error;
mod notice;
mod person;
mod reopen;

pub use deletion::StoredDeletion;
pub use directory::PersonHash;
pub use graph_error::StoredUnknownError;
pub use notice::{NewNotice, StoredNotice};
pub use person::RevokedConsent;
pub use reopen::GrantedConsent;
