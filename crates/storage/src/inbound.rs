//! Notices from Meta and the directory of persons.

mod notice;
mod person;

pub use notice::{NewWord, StoredDeletion, StoredWord};
pub use person::{PersonHash, Revoked};
