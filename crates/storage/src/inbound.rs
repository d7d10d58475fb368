//! Notices from Meta and the directory of persons.

pub(crate) mod notice;
pub(crate) mod person;

pub use notice::{NewWord, StoredDeletion, StoredWord};
pub use person::{PersonHash, Revoked};
