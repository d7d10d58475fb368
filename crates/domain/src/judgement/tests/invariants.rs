//! What holds after every step of every history, by a record that is kept apart from the facts.

use chrono::Duration;

use super::world::{ModelAsset, RULES};
use crate::{
    ActivatedToken, FactName, ReasonCode, RefusalKind, Timestamp, TokenDates,
    schedule::{Pace, schedule_next_probe},
    state::{AssetState, Status},
};

const NOTICE: Duration = Duration::days(30);

/// What was delivered about the active credential since it became active.
#[derive(Debug, Default)]
pub(super) struct Record {
    proved_at: Option<Timestamp>,
    refusals: Vec<(Timestamp, Class)>,
    /// The newest reading of the dates.
    dates: TokenDates,
    dates_read_at: Option<Timestamp>,
    /// Every cut-off that was read or announced.
    cut_offs: Vec<Timestamp>,
    is_deleted: bool,
}

/// How much a refusal proves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Definitive,
    /// Definitive as well, but for an incident at Meta.
    OfPerson,
    /// A cut-off that was read or announced may make it definitive.
    Explained,
    Spaced,
    Doubtful,
}

/// How much such a refusal proves without a cut-off; `None` where it says nothing.
fn class_of(kind: &RefusalKind) -> Option<Class> {
    use RefusalKind as Kind;
    match kind {
        Kind::TokenDead | Kind::PageMoved(_) => Some(Class::Definitive),
        Kind::Checkpoint | Kind::Unconfirmed | Kind::ConsentRequired | Kind::DataAccessExpired => {
            Some(Class::OfPerson)
        }
        Kind::Unclassified | Kind::Contradicted | Kind::TokenRefused | Kind::RequestFault => {
            Some(Class::Doubtful)
        }
        Kind::Throttled { .. } | Kind::Unavailable | Kind::AppFault => None,
        _ => Some(Class::Spaced),
    }
}

impl Record {
    pub(super) fn of_activation(token: &ActivatedToken) -> Self {
        Self {
            proved_at: token.proved_at,
            dates: token.dates,
            dates_read_at: token.dates_read_at,
            cut_offs: token.cut_off.into_iter().map(|it| it.at).collect(),
            ..Self::default()
        }
    }

    pub(super) fn note_proof(&mut self, cut_off: Option<Timestamp>, at: Timestamp) {
        self.proved_at = self.proved_at.max(Some(at));
        self.cut_offs.extend(cut_off);
    }

    pub(super) fn note_refusal(&mut self, kind: &RefusalKind, is_held: bool, at: Timestamp) {
        let stands = |it: &Timestamp| *it <= at && self.proved_at < Some(*it);
        let is_explained = kind.is_not_reached() && self.cut_offs.iter().any(stands);
        let class = class_of(kind).map(|class| match class {
            Class::Spaced if is_explained => Class::Explained,
            Class::Spaced | Class::OfPerson if is_held => Class::Doubtful,
            Class::OfPerson => Class::Definitive,
            _ => class,
        });
        self.refusals.extend(class.map(|class| (at, class)));
    }

    pub(super) fn note_reading(&mut self, dates: TokenDates, at: Timestamp) {
        if self.dates_read_at < Some(at) {
            (self.dates, self.dates_read_at) = (dates, Some(at));
        }
    }

    pub(super) fn note_cut_off(&mut self, at: Timestamp) {
        self.cut_offs.push(at);
    }

    pub(super) fn note_revocation(&mut self, at: Timestamp, is_deletion: bool) {
        self.refusals.push((at, Class::Definitive));
        self.is_deleted |= is_deletion;
    }

    /// Whether a date has arrived that no proof disproves, and was read again since.
    fn has_confirmed_end(&self, now: Timestamp) -> bool {
        let dates = [self.dates.expires_at, self.dates.data_access_expires_at];
        dates.into_iter().flatten().any(|date| {
            date <= now && self.dates_read_at >= Some(date) && self.proved_at < Some(date)
        })
    }

    /// The refusals after the last proof.
    fn refused_since(&self) -> impl Iterator<Item = (Timestamp, Class)> + '_ {
        let after = |it: &(Timestamp, Class)| self.proved_at < Some(it.0);
        self.refusals.iter().copied().filter(after)
    }

    /// Whether refusals alone may have disconnected the asset.
    fn may_be_lost(&self) -> bool {
        let of_class = || {
            let of_class = |it: &&(Timestamp, Class)| it.1 == Class::Spaced;
            self.refusals.iter().filter(of_class).map(|it| it.0)
        };
        let spread = of_class().max().zip(of_class().min());
        self.refusals
            .iter()
            .any(|it| matches!(it.1, Class::Definitive | Class::Explained))
            || spread.is_some_and(|(last, first)| last - first >= RULES.doubt_pause)
    }

    /// How many refusals after the last proof lie apart by the doubt pause.
    fn count_spaced(&self) -> usize {
        let mut times: Vec<_> = self.refused_since().map(|it| it.0).collect();
        times.sort_unstable();
        let (mut count, mut last) = (0, None);
        for at in times {
            if last.is_none_or(|it| at - it >= RULES.doubt_pause) {
                (count, last) = (count + 1, Some(at));
            }
        }
        count
    }
}

/// The invariant that an asset breaks at `now`, if any.
pub(super) fn find_broken(asset: &ModelAsset, now: Timestamp) -> Option<&'static str> {
    let (facts, record) = (&asset.facts, &asset.record);
    let state = AssetState::from_facts(facts, now, NOTICE);
    if record.is_deleted {
        return find_broken_deletion(asset, &state);
    }
    if !facts.is_served() {
        return None;
    }
    let is_lost = state.status == Status::Disconnected;
    let is_at_ease = matches!(
        state.status,
        Status::Healthy | Status::Expiring | Status::Migrating
    );
    let is_refused = record
        .refusals
        .iter()
        .any(|it| record.proved_at <= Some(it.0));
    let has_definitive = record.refused_since().any(|it| it.1 == Class::Definitive);
    let has_confirmed_end = record.has_confirmed_end(now);
    let rules = [
        (
            is_lost && record.proved_at.is_some() && !is_refused && !has_confirmed_end,
            "proved after its last refusal, and not served",
        ),
        (
            is_lost && !record.may_be_lost() && !has_confirmed_end,
            "disconnected by unspaced, unclassified or mass refusals, or by an unread date",
        ),
        (
            is_at_ease && record.count_spaced() >= 3,
            "at ease after three spaced refusals",
        ),
        (
            has_definitive && !is_lost,
            "served after a definitive refusal",
        ),
        (
            !explains(asset, &state, now),
            "explained by no fact that is known",
        ),
        (!is_scheduled(asset, now), "no probe in time"),
    ];
    rules
        .into_iter()
        .find_map(|(is_broken, rule)| is_broken.then_some(rule))
}

fn find_broken_deletion(asset: &ModelAsset, state: &AssetState) -> Option<&'static str> {
    let facts = &asset.facts;
    let is_gone = facts.active.is_none()
        && !facts.has_candidate
        && !facts.has_standby
        && facts.proved_at.is_none()
        && facts.cut_off.is_none()
        && facts.expires_at.is_none()
        && facts.data_access_expires_at.is_none();
    let is_explained = state.status == Status::Disconnected
        && state.reason.code == ReasonCode::Revoked
        && facts.find_fact(FactName::Revocation) == Some(state.fact);
    if is_gone && is_explained {
        return None;
    }
    Some("something of the person is left after a deletion, or the state does not say so")
}

fn explains(asset: &ModelAsset, state: &AssetState, now: Timestamp) -> bool {
    let is_known = asset.facts.find_fact(state.fact.name) == Some(state.fact);
    let fits = match state.status {
        Status::Healthy => state.fact.name == FactName::Proof,
        Status::Unproven => state.fact.name == FactName::Registration,
        Status::Migrating => state.fact.name == FactName::CutOff,
        Status::Expiring => state.fact.at.is_some_and(|at| at - now <= NOTICE),
        Status::Suspect | Status::Disconnected => {
            matches!(state.fact.name, FactName::Refusal | FactName::Revocation)
                || state.fact.at.is_some_and(|at| at <= now)
        }
    };
    is_known && fits
}

/// Whether a probe is planned, and no later than the next date or the start of its notice window.
fn is_scheduled(asset: &ModelAsset, now: Timestamp) -> bool {
    let facts = &asset.facts;
    let Some(probe) = schedule_next_probe(facts, now, NOTICE, &Pace::default(), 128) else {
        return false;
    };
    let cut_off = facts.cut_off.map(|it| it.at);
    let dates = [facts.expires_at, facts.data_access_expires_at, cut_off];
    let moments = dates.into_iter().flatten().flat_map(|it| [it - NOTICE, it]);
    let disproved = facts.proved_at;
    moments
        .filter(|it| *it > now && disproved < Some(*it))
        .all(|it| probe.at <= it)
}
