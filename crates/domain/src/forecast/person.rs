//! Persons: the facts of their newest grant and the assets that depend on them.

use crate::{CredentialKind, PersonId, Timestamp};

/// A person with the facts of their newest grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonFacts {
    /// The person's app-scoped id.
    pub id: PersonId,
    /// The kind of token they grant; `None` if no grant is known.
    pub kind: Option<CredentialKind>,
    /// Their name, if the Graph API gave one.
    pub name: Option<String>,
    /// Whether it is a managed account; `None` if the Graph API did not say.
    pub is_work_account: Option<bool>,
    /// When their newest token expires, if it does.
    pub expires_at: Option<Timestamp>,
    /// When the token's data access ends, if it does.
    pub data_access_expires_at: Option<Timestamp>,
}

/// How many assets depend on a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PersonCounts {
    /// Assets served by their token.
    pub active: u64,
    /// Assets with a standby token of theirs.
    pub standby: u64,
    /// Assets with a parked token of theirs.
    pub candidate: u64,
}
