//! The disconnect calendar: which asset ends when, why, and what stands behind it.
//!
//! The rule: an ending that is not known is unknown, never safe; a parked token covers nothing for certain,
//! because it does not reach its asset yet; what is dead already cannot end again.
//! Start at [`calendar`] for one asset and at `stands_behind` for what takes over.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use crate::{
    AssetFacts, Confidence, CredentialKind, PersonId, Reason, ReasonCode, Slot, Timestamp, Who,
    closed_list,
    state::{AssetState, Ending, EndingCause, endings},
};

/// A credential of an asset, as far as it matters for what takes over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandIn {
    /// Where it stands.
    pub slot: Slot,
    /// What kind of token it holds.
    pub kind: CredentialKind,
    /// Whether a system user stands behind it: such tokens outlive persons and their migrations.
    pub system_user: bool,
    /// Whose it is, where that is known.
    pub person_id: Option<PersonId>,
    /// Whether it was proved on the asset.
    pub proved: bool,
    /// Whether the worker can give its grant's token a new life.
    pub renewable: bool,
    /// The end of the token.
    pub expires_at: Option<Timestamp>,
    /// The end of data access.
    pub data_access_expires_at: Option<Timestamp>,
}

closed_list! {
    /// What goes on after an ending.
    pub enum Cover: "cover of an ending", serde {
        /// A spare that was proved on the asset takes over.
        Standby = "standby",
        /// The worker gives the token a new life before its end.
        Refresh = "refresh",
        /// A parked token waits; it takes over once it reaches the asset.
        Candidate = "candidate",
    }
}

impl Cover {
    /// Whether nothing is interrupted: a candidate only may follow.
    #[must_use]
    pub const fn is_seamless(self) -> bool {
        !matches!(self, Self::Candidate)
    }
}

closed_list! {
    /// What becomes of an asset when its person leaves.
    pub enum Effect: "effect of a departure", serde {
        /// It stops working, and nothing follows.
        Ends = "ends",
        /// It stops working until the parked token reaches it.
        Waits = "waits",
        /// A spare takes over.
        GoesOn = "goes_on",
    }
}

impl Effect {
    /// What a cover means.
    #[must_use]
    pub const fn of(cover: Option<Cover>) -> Self {
        match cover {
            None => Self::Ends,
            Some(Cover::Candidate) => Self::Waits,
            Some(Cover::Standby | Cover::Refresh) => Self::GoesOn,
        }
    }
}

/// The endings of an asset that a calendar at `now` shows, the earliest first; `leaves` is whether the
/// person behind the active credential is taken to leave at `now`.
///
/// What does not work any more has no endings ahead; neither has what a person takes with them.
#[must_use]
pub fn calendar(facts: &AssetFacts, now: Timestamp, leaves: bool) -> Vec<Ending> {
    let works = AssetState::of(facts, now, chrono::Duration::zero()).serves();
    let mut shown: Vec<_> = endings(facts)
        .into_iter()
        .filter(|it| (works && !leaves) || it.at <= now)
        .collect();
    if works && leaves {
        shown.push(leaving(now));
    }
    // Stable: at one moment the order of `endings` holds.
    shown.sort_by_key(|it| it.at);
    shown
}

/// The ending of what a person takes with them at `now`.
#[must_use]
pub const fn leaving(now: Timestamp) -> Ending {
    let cause = EndingCause::PersonLeaves;
    Ending {
        at: now,
        cause,
        since: now,
        confidence: Confidence::Certain,
        source: None,
        who: cause.who(),
    }
}

/// What goes on after an ending of the active credential, given every credential of the asset; `gone` is a
/// person whose credentials are not counted on.
#[must_use]
pub fn covered_by(
    ending: &Ending,
    credentials: &[StandIn],
    gone: Option<&PersonId>,
    now: Timestamp,
) -> Option<(Cover, StandIn)> {
    let active = credentials.iter().find(|it| it.slot == Slot::Active);
    let behind = |slot| stands_behind(ending, active, credentials, gone, slot);
    if let Some(it) = behind(Slot::Standby) {
        return Some((Cover::Standby, it.clone()));
    }
    if let Some(it) = active.filter(|it| is_refreshed(ending, it, gone, now)) {
        return Some((Cover::Refresh, it.clone()));
    }
    behind(Slot::Candidate).map(|it| (Cover::Candidate, it.clone()))
}

/// The best credential of a slot that outlives an ending: a system user's before a person's.
fn stands_behind<'a>(
    ending: &Ending,
    active: Option<&StandIn>,
    credentials: &'a [StandIn],
    gone: Option<&PersonId>,
    slot: Slot,
) -> Option<&'a StandIn> {
    let outlives = |end: Option<Timestamp>| end.is_none_or(|end| end > ending.at);
    let counts = |it: &&StandIn| {
        it.slot == slot
            && (it.proved || slot == Slot::Candidate)
            && outlives(it.expires_at)
            && outlives(it.data_access_expires_at)
            && (gone.is_none() || it.person_id.as_ref() != gone)
            && (!is_personal(ending.cause) || is_of_another(it, active))
    };
    credentials
        .iter()
        .filter(counts)
        .max_by_key(|it| it.system_user)
}

/// Whether the ending takes everything of one person.
const fn is_personal(cause: EndingCause) -> bool {
    matches!(
        cause,
        EndingCause::CutOff | EndingCause::Revoked | EndingCause::PersonLeaves
    )
}

/// A credential of nobody known may be the same person's: it is not counted on.
fn is_of_another(it: &StandIn, active: Option<&StandIn>) -> bool {
    it.person_id.is_some() && it.person_id.as_ref() != active.and_then(|it| it.person_id.as_ref())
}

fn is_refreshed(
    ending: &Ending,
    active: &StandIn,
    gone: Option<&PersonId>,
    now: Timestamp,
) -> bool {
    let by_date = matches!(
        ending.cause,
        EndingCause::TokenExpiry | EndingCause::SystemUser60Days
    );
    let stays = gone.is_none() || active.person_id.as_ref() != gone;
    by_date && active.renewable && ending.at > now && stays
}

/// When a parked token takes over, and who makes that happen.
#[must_use]
pub fn promotes_when() -> Reason {
    Reason::new(
        ReasonCode::NotReachedYet,
        Who::BusinessAdmin,
        "It takes over by itself as soon as it reaches this asset: when the business has migrated and its person has access.",
        "Complete the migration of this business. Regrant tries on a schedule, when a webhook says so, and more often before the cut-off.",
    )
}

/// One day of the calendar.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Day {
    /// How many assets end.
    pub count: u64,
    /// Those among them that go on without an interruption.
    pub covered: u64,
    /// How many for each cause.
    pub causes: BTreeMap<EndingCause, u64>,
    /// How many of each degree of confidence.
    pub confidence: BTreeMap<Confidence, u64>,
}

/// So many endings of one kind on one day (UTC).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tally {
    /// The day.
    pub date: NaiveDate,
    /// Why.
    pub cause: EndingCause,
    /// How far it may be relied on.
    pub confidence: Confidence,
    /// What goes on afterwards.
    pub cover: Option<Cover>,
    /// How many.
    pub count: u64,
}

/// Tallies by day.
#[must_use]
pub fn by_day(tallies: impl IntoIterator<Item = Tally>) -> BTreeMap<NaiveDate, Day> {
    let mut days: BTreeMap<NaiveDate, Day> = BTreeMap::new();
    for it in tallies {
        let day = days.entry(it.date).or_default();
        day.count += it.count;
        *day.causes.entry(it.cause).or_default() += it.count;
        *day.confidence.entry(it.confidence).or_default() += it.count;
        if it.cover.is_some_and(Cover::is_seamless) {
            day.covered += it.count;
        }
    }
    days
}

#[cfg(test)]
mod tests;
