//! Covers: how an asset keeps working after an ending of its active credential.
//!
//! The rule: only a credential that outlives the ending covers it, and an ending of a person is covered only by
//! another person.

use crate::{
    CredentialKind, PersonId, Slot, Timestamp, closed_list,
    state::{Ending, EndingCause},
};

/// The facts of a credential that decide whether it can cover an ending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialOutlook {
    /// The slot of the credential.
    pub slot: Slot,
    /// The kind of token.
    pub kind: CredentialKind,
    /// Whether it belongs to a system user: such tokens outlive departures and migrations of persons.
    pub system_user: bool,
    /// The person it belongs to, if known.
    pub person_id: Option<PersonId>,
    /// Whether it has worked in a probe of the asset.
    pub proved: bool,
    /// Whether the worker can refresh the token of its grant.
    pub refreshable: bool,
    /// When the token expires, if ever.
    pub expires_at: Option<Timestamp>,
    /// When data access expires, if ever.
    pub data_access_expires_at: Option<Timestamp>,
}

closed_list! {
    /// How an asset keeps working after an ending.
    pub enum Cover: "cover of an ending", serde {
        /// A standby that works on the asset becomes active.
        Standby = "standby",
        /// The worker refreshes the token before it expires.
        Refresh = "refresh",
        /// A parked token becomes active once it reaches the asset.
        Candidate = "candidate",
    }
}

impl Cover {
    /// Whether the asset works without interruption. A candidate may leave a gap.
    #[must_use]
    pub const fn is_seamless(self) -> bool {
        !matches!(self, Self::Candidate)
    }
}

/// The cover of an ending of the active credential, with the credential that provides it.
///
/// `credentials` are all credentials of the asset; those of the person `gone` are ignored.
#[must_use]
pub fn find_cover(
    ending: &Ending,
    credentials: &[CredentialOutlook],
    gone: Option<&PersonId>,
    now: Timestamp,
) -> Option<(Cover, CredentialOutlook)> {
    let active = credentials.iter().find(|it| it.slot == Slot::Active);
    let behind = |slot| find_successor(ending, active, credentials, gone, slot);
    if let Some(it) = behind(Slot::Standby) {
        return Some((Cover::Standby, it.clone()));
    }
    if let Some(it) = active.filter(|it| is_refreshed(ending, it, gone, now)) {
        return Some((Cover::Refresh, it.clone()));
    }
    behind(Slot::Candidate).map(|it| (Cover::Candidate, it.clone()))
}

/// The best credential of a slot that outlives an ending: a system user's comes before a person's.
fn find_successor<'a>(
    ending: &Ending,
    active: Option<&CredentialOutlook>,
    credentials: &'a [CredentialOutlook],
    gone: Option<&PersonId>,
    slot: Slot,
) -> Option<&'a CredentialOutlook> {
    let outlives = |end: Option<Timestamp>| end.is_none_or(|end| end > ending.at);
    let counts = |it: &&CredentialOutlook| {
        it.slot == slot
            && (it.proved || slot == Slot::Candidate)
            && outlives(it.expires_at)
            && outlives(it.data_access_expires_at)
            && (gone.is_none() || it.person_id.as_ref() != gone)
            && (!is_personal(ending.cause) || belongs_to_another_person(it, active))
    };
    credentials
        .iter()
        .filter(counts)
        .max_by_key(|it| it.system_user)
}

/// Whether the ending affects all credentials of one person.
const fn is_personal(cause: EndingCause) -> bool {
    matches!(
        cause,
        EndingCause::CutOff | EndingCause::Revoked | EndingCause::PersonLeaves
    )
}

/// Whether a credential surely belongs to another person. One without a known person may belong to the same.
fn belongs_to_another_person(it: &CredentialOutlook, active: Option<&CredentialOutlook>) -> bool {
    it.person_id.is_some() && it.person_id.as_ref() != active.and_then(|it| it.person_id.as_ref())
}

fn is_refreshed(
    ending: &Ending,
    active: &CredentialOutlook,
    gone: Option<&PersonId>,
    now: Timestamp,
) -> bool {
    let by_date = matches!(
        ending.cause,
        EndingCause::TokenExpiry | EndingCause::SystemUser60Days
    );
    let stays = gone.is_none() || active.person_id.as_ref() != gone;
    by_date && active.refreshable && ending.at > now && stays
}
