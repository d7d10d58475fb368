//! The refusals of an active credential since it was last proved, and what they amount to.
//!
//! The rule: a refusal counts only if the doubt pause lies between it and the one that counted before, no matter who asked
//! Graph. A proof removes all refusals that are older than it.
//! Start at [`AssetFacts::after_refusal`].

use chrono::Duration;

use crate::{AssetFacts, Certainty, NextStep, NoticeKind, Reason, ReasonCode, Timestamp, Who};

/// The refusals of the active credential since its last proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusals {
    /// When the first of them was observed.
    pub since: Timestamp,
    /// When the last one that counted was observed.
    pub counted_at: Timestamp,
    /// The reason of the weightiest one; of equals, of the latest.
    pub reason: Reason,
    /// How many spaced refusals have a class against the credential.
    pub classified: u32,
    /// How many spaced refusals have none: unknown errors, contradictions, refusals of many persons at once.
    pub unclassified: u32,
    /// Whether one was definitive.
    pub definitive: bool,
}

/// What refusals amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Too little: ask again soon.
    Light,
    /// The asset is suspect.
    Suspect,
    /// The asset is disconnected.
    Final,
}

/// How many spaced refusals of a class disconnect an asset.
pub const CLASSIFIED_TO_DISCONNECT: u32 = 2;
/// How many spaced refusals without a class make an asset suspect.
pub const UNCLASSIFIED_TO_SUSPECT: u32 = 2;

impl Refusals {
    /// What the refusals amount to.
    #[must_use]
    pub const fn weight(&self) -> Weight {
        if self.definitive || self.classified >= CLASSIFIED_TO_DISCONNECT {
            Weight::Final
        } else if self.classified > 0 || self.unclassified >= UNCLASSIFIED_TO_SUSPECT {
            Weight::Suspect
        } else {
            Weight::Light
        }
    }

    fn first(reason: Reason, certainty: Certainty, at: Timestamp) -> Self {
        Self {
            since: at,
            counted_at: at,
            reason,
            classified: u32::from(matches!(
                certainty,
                Certainty::Spaced | Certainty::Definitive
            )),
            unclassified: u32::from(certainty == Certainty::Doubtful),
            definitive: certainty == Certainty::Definitive,
        }
    }

    fn add(mut self, reason: Reason, certainty: Certainty, at: Timestamp, pause: Duration) -> Self {
        // An observation may arrive late: then it is spaced if it lies long enough before the first one.
        let is_spaced = at - self.counted_at >= pause || self.since - at >= pause;
        let outweighs = match certainty {
            // A dead token is what a revocation leaves: the revocation explains more.
            Certainty::Definitive => self.reason.code != ReasonCode::Revoked,
            Certainty::Spaced => !self.definitive,
            Certainty::Doubtful => !self.definitive && self.classified == 0,
            Certainty::Silent => false,
        };
        match certainty {
            Certainty::Definitive => {
                self.definitive = true;
                self.note_counted(at);
            }
            // The first of a class counts at once: it alone disconnects nothing.
            Certainty::Spaced if is_spaced || self.classified == 0 => {
                self.classified = self.classified.saturating_add(1);
                self.note_counted(at);
            }
            Certainty::Doubtful if is_spaced => {
                self.unclassified = self.unclassified.saturating_add(1);
                self.note_counted(at);
            }
            Certainty::Spaced | Certainty::Doubtful | Certainty::Silent => {}
        }
        if outweighs {
            self.reason = reason;
        }
        self
    }

    fn note_counted(&mut self, at: Timestamp) {
        self.since = self.since.min(at);
        self.counted_at = self.counted_at.max(at);
    }
}

impl AssetFacts {
    /// The refusals after one more was observed at `at`; `pause` is the doubt pause.
    ///
    /// Nothing changes where the refusal is silent, or where the credential was proved after it.
    #[must_use]
    pub fn after_refusal(
        &self,
        reason: Reason,
        certainty: Certainty,
        at: Timestamp,
        pause: Duration,
    ) -> Option<Refusals> {
        let is_outdated = self.proved_at.is_some_and(|proved| proved > at);
        if certainty == Certainty::Silent || is_outdated {
            return self.refusals.clone();
        }
        Some(match self.refusals.clone() {
            None => Refusals::first(reason, certainty, at),
            Some(known) => known.add(reason, certainty, at, pause),
        })
    }

    /// The refusals after Meta said that the person took the app's access back: one is enough. A later proof disproves
    /// it, unless the notice demands deletion: then the proven credential is deleted, too.
    #[must_use]
    pub fn after_revocation(
        &self,
        notice: NoticeKind,
        at: Timestamp,
        pause: Duration,
    ) -> Option<Refusals> {
        let proved_at = self
            .proved_at
            .filter(|_| notice != NoticeKind::DataDeletion);
        let before = Self {
            proved_at,
            ..self.clone()
        };
        before.after_refusal(revocation_reason(notice), Certainty::Definitive, at, pause)
    }

    /// Whether the refusals are a revocation.
    #[must_use]
    pub fn is_revoked(&self) -> bool {
        matches!(&self.refusals, Some(it) if it.reason.code == ReasonCode::Revoked)
    }

    /// Whether a proof at this moment is older than what is stored, so that it changes nothing.
    #[must_use]
    pub fn is_outdated_proof(&self, at: Timestamp) -> bool {
        let counted_at = self.refusals.as_ref().map(|it| it.counted_at);
        self.proved_at.max(counted_at) > Some(at)
    }

    /// Whether one more refusal of a class at `at` would disconnect the asset; `pause` is the doubt pause.
    #[must_use]
    pub fn next_refusal_ends(&self, at: Timestamp, pause: Duration) -> bool {
        let reason = Reason::new(ReasonCode::NotReached, Who::NoOne, "", NextStep::Nothing);
        self.after_refusal(reason, Certainty::Spaced, at, pause)
            .is_some_and(|it| it.weight() == Weight::Final)
    }

    /// What the refusals amount to; `None` where there are none.
    #[must_use]
    pub fn refusal_weight(&self) -> Option<Weight> {
        self.refusals.as_ref().map(Refusals::weight)
    }
}

fn revocation_reason(notice: NoticeKind) -> Reason {
    let detail = match notice {
        NoticeKind::DataDeletion => "The person had their data deleted.",
        _ => "The person took the app's access back.",
    };
    Reason::new(ReasonCode::Revoked, Who::Person, detail, NextStep::Replace)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    const PAUSE: Duration = Duration::minutes(10);

    fn minute(n: i64) -> Timestamp {
        DateTime::UNIX_EPOCH + Duration::days(1) + Duration::minutes(n)
    }

    fn reason(code: ReasonCode) -> Reason {
        Reason::new(code, Who::Person, "x", NextStep::Replace)
    }

    /// The refusals after a series of (minute, certainty, code).
    fn after(series: &[(i64, Certainty, ReasonCode)]) -> Option<Refusals> {
        let mut facts = AssetFacts::default();
        for (at, certainty, code) in series {
            facts.refusals = facts.after_refusal(reason(*code), *certainty, minute(*at), PAUSE);
        }
        facts.refusals
    }

    fn weight(series: &[(i64, Certainty, ReasonCode)]) -> Option<Weight> {
        after(series).map(|it| it.weight())
    }

    #[test]
    fn two_refusals_within_the_doubt_pause_are_one() {
        use Certainty::Spaced;
        let code = ReasonCode::NotReached;
        let hurried = [(0, Spaced, code), (1, Spaced, code), (9, Spaced, code)];
        assert_eq!(weight(&hurried), Some(Weight::Suspect));
        let spaced = [(0, Spaced, code), (10, Spaced, code)];
        assert_eq!(weight(&spaced), Some(Weight::Final));
    }

    #[test]
    fn the_next_refusal_disconnects_only_after_a_spaced_one_of_a_class() {
        use Certainty::{Doubtful, Spaced};
        let ends_at = |series: &[(i64, Certainty, ReasonCode)], at| {
            let refusals = after(series);
            let facts = AssetFacts {
                refusals,
                ..AssetFacts::default()
            };
            facts.next_refusal_ends(minute(at), PAUSE)
        };
        let once = [(0, Spaced, ReasonCode::NotReached)];
        assert!(!ends_at(&[], 20));
        assert!(!ends_at(&[(0, Doubtful, ReasonCode::Unclassified)], 20));
        assert!(!ends_at(&once, 9));
        assert!(ends_at(&once, 10));
    }

    #[test]
    fn refusals_without_a_class_never_disconnect() {
        let series: Vec<_> = (0..50)
            .map(|n| (n * 10, Certainty::Doubtful, ReasonCode::Unclassified))
            .collect();
        assert_eq!(weight(&series[..1]), Some(Weight::Light));
        assert_eq!(weight(&series[..2]), Some(Weight::Suspect));
        assert_eq!(weight(&series), Some(Weight::Suspect));
    }

    #[test]
    fn a_refusal_older_than_the_proof_changes_nothing() {
        let facts = AssetFacts {
            proved_at: Some(minute(5)),
            ..AssetFacts::default()
        };
        let refused = |at| {
            let late = reason(ReasonCode::TokenDead);
            facts.after_refusal(late, Certainty::Definitive, minute(at), PAUSE)
        };
        assert_eq!(refused(4), None);
        assert!(refused(5).is_some_and(|it| it.weight() == Weight::Final));
    }

    #[test]
    fn the_weightiest_reason_stays() {
        use Certainty::{Definitive, Doubtful, Spaced};
        let code = |series: &[(i64, Certainty, ReasonCode)]| after(series).map(|it| it.reason.code);
        let known = (0, Spaced, ReasonCode::NotReached);
        let unknown = (20, Doubtful, ReasonCode::Unclassified);
        assert_eq!(code(&[known, unknown]), Some(ReasonCode::NotReached));
        let dead = (21, Definitive, ReasonCode::TokenDead);
        assert_eq!(code(&[known, unknown, dead]), Some(ReasonCode::TokenDead));
        let late = (40, Spaced, ReasonCode::NoRole);
        assert_eq!(code(&[dead, late]), Some(ReasonCode::TokenDead));
    }

    #[test]
    fn a_refusal_that_says_nothing_is_not_counted() {
        assert_eq!(
            weight(&[(0, Certainty::Silent, ReasonCode::Throttled)]),
            None
        );
    }
}
