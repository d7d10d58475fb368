//! What a probe result says about the credential that serves an asset.
//!
//! The rule: only Graph's response for this token on this asset counts. An outage, a throttle or a fault of the app says
//! nothing; every other refusal is counted. After a known cut-off, "does not exist" means that the cut-off has passed,
//! not that the asset is gone.

use crate::{
    Certainty, CutOff, CutOffSource, NextStep, ProbeResult, Reason, ReasonCode, Refusal,
    RefusalKind, Timestamp, Who,
};

/// What a probe result says about the serving credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The credential works.
    Alive,
    /// Graph refused the credential.
    Refused {
        /// Why Graph refused it.
        reason: Reason,
        /// How much the refusal proves; never [`Certainty::Silent`].
        certainty: Certainty,
    },
    /// Not known; ask again, but not before the given time.
    Unknown(Option<Timestamp>),
}

/// What a probe result says about the credential of an asset with the cut-off `known`, which no proof disproved
/// ([`AssetFacts::standing_cut_off`](crate::AssetFacts::standing_cut_off)).
#[must_use]
pub fn judge_probe(result: &ProbeResult, known: Option<CutOff>, now: Timestamp) -> Verdict {
    match result {
        ProbeResult::Works(_) => Verdict::Alive,
        ProbeResult::Refused(refusal) => {
            judge_refusal(refusal, known.is_some_and(|it| it.at <= now))
        }
    }
}

/// The cut-off to store after a probe in which the credential worked; `read` is the date that Graph returned.
///
/// No date does not mean that there is no cut-off, so a known one stays; but if the credential still works after
/// a known cut-off, that cut-off was wrong.
#[must_use]
pub fn cut_off_after_probe(
    known: Option<CutOff>,
    read: Option<Timestamp>,
    now: Timestamp,
) -> Option<CutOff> {
    match (read, known) {
        (Some(at), Some(known)) if known.at == at && known.source == CutOffSource::Probe => {
            Some(known)
        }
        (Some(at), _) => Some(CutOff {
            at,
            source: CutOffSource::Probe,
            learned_at: now,
        }),
        (None, known) => known.filter(|it| it.at > now),
    }
}

/// Whether an announced cut-off replaces the known one: it is not older, and has another date.
#[must_use]
pub fn is_newer_cut_off(known: Option<CutOff>, announced: CutOff) -> bool {
    known.is_none_or(|known| known.learned_at <= announced.learned_at && known.at != announced.at)
}

/// Whether a known cut-off explains this refusal, so that it is no sign of an incident.
#[must_use]
pub fn explains_refusal(known: Option<CutOff>, kind: &RefusalKind, now: Timestamp) -> bool {
    kind.is_not_reached() && known.is_some_and(|it| it.at <= now)
}

/// The reason of a refusal that a cut-off explains.
pub(super) fn reason_cut_off_passed(detail: impl Into<String>) -> Reason {
    let next_step = NextStep::ReplaceWithManaged;
    Reason::new(ReasonCode::CutOffPassed, Who::Person, detail, next_step)
}

fn judge_refusal(refusal: &Refusal, cut_off_passed: bool) -> Verdict {
    if refusal.kind.is_not_reached() && cut_off_passed {
        return Verdict::Refused {
            reason: reason_cut_off_passed(refusal.message.clone()),
            certainty: Certainty::Definitive,
        };
    }
    match (&refusal.kind, refusal.kind.certainty()) {
        (RefusalKind::Throttled { retry_at }, _) => Verdict::Unknown(Some(*retry_at)),
        (_, Certainty::Silent) => Verdict::Unknown(None),
        (kind, certainty) => {
            let meaning = kind.meaning();
            let detail = refusal.message.clone();
            let reason = Reason::new(meaning.code, meaning.who, detail, meaning.serving);
            Verdict::Refused { reason, certainty }
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Duration};

    use super::*;
    use crate::ProbeFacts;

    fn day(n: i64) -> Timestamp {
        DateTime::UNIX_EPOCH + Duration::days(n)
    }

    fn cut_off(at: i64, source: CutOffSource) -> CutOff {
        CutOff {
            at: day(at),
            source,
            learned_at: day(0),
        }
    }

    fn verdict_on(kind: RefusalKind, known: Option<CutOff>) -> Verdict {
        let refusal = Refusal {
            kind,
            message: "(#100) message".to_owned(),
            fbtrace_id: None,
        };
        judge_probe(&ProbeResult::Refused(refusal), known, day(10))
    }

    fn code(verdict: Verdict) -> Option<(ReasonCode, Certainty)> {
        match verdict {
            Verdict::Refused { reason, certainty } => Some((reason.code, certainty)),
            _ => None,
        }
    }

    #[test]
    fn an_outage_a_throttle_or_an_app_fault_says_nothing_about_the_credential() {
        assert_eq!(
            verdict_on(RefusalKind::Unavailable, None),
            Verdict::Unknown(None)
        );
        assert_eq!(
            verdict_on(RefusalKind::AppFault, None),
            Verdict::Unknown(None)
        );
        let throttled = RefusalKind::Throttled { retry_at: day(11) };
        assert_eq!(verdict_on(throttled, None), Verdict::Unknown(Some(day(11))));
    }

    #[test]
    fn a_refusal_without_a_class_is_counted_and_belongs_to_the_provider() {
        for (kind, reason) in [
            (RefusalKind::RequestFault, ReasonCode::RequestFault),
            (RefusalKind::Unclassified, ReasonCode::Unclassified),
            (RefusalKind::TokenRefused, ReasonCode::Unclassified),
            (RefusalKind::Contradicted, ReasonCode::Contradiction),
        ] {
            let verdict = verdict_on(kind.clone(), None);
            assert!(
                matches!(&verdict, Verdict::Refused { reason, .. } if reason.who == Who::Provider)
            );
            assert_eq!(
                code(verdict),
                Some((reason, Certainty::Doubtful)),
                "{kind:?}"
            );
        }
    }

    #[test]
    fn does_not_exist_means_that_a_known_cut_off_has_passed() {
        for kind in [
            RefusalKind::NotReached,
            RefusalKind::NotReachedWithoutScope(vec![]),
            RefusalKind::NoRole,
        ] {
            for source in CutOffSource::ALL {
                let verdict = verdict_on(kind.clone(), Some(cut_off(9, source)));
                assert_eq!(
                    code(verdict),
                    Some((ReasonCode::CutOffPassed, Certainty::Definitive)),
                    "{kind:?}"
                );
            }
        }
        let before = verdict_on(
            RefusalKind::NotReached,
            Some(cut_off(11, CutOffSource::Probe)),
        );
        assert_eq!(
            code(before),
            Some((ReasonCode::NotReached, Certainty::Spaced))
        );
    }

    #[test]
    fn only_refusals_of_definitive_classes_count_at_once() {
        use RefusalKind as Kind;
        let definitive = |kind| {
            code(verdict_on(kind, None))
                .is_some_and(|(_, certainty)| certainty == Certainty::Definitive)
        };
        for kind in [
            Kind::TokenDead,
            Kind::Checkpoint,
            Kind::Unconfirmed,
            Kind::DataAccessExpired,
        ] {
            assert!(definitive(kind.clone()), "{kind:?}");
        }
        for kind in [
            Kind::NotReached,
            Kind::NoRole,
            Kind::MissingScope(vec![]),
            Kind::TwoFactorRequired,
            Kind::AppRestricted,
        ] {
            assert!(!definitive(kind.clone()), "{kind:?}");
        }
    }

    #[test]
    fn a_credential_that_works_is_alive() {
        assert_eq!(
            judge_probe(&ProbeResult::Works(ProbeFacts::default()), None, day(1)),
            Verdict::Alive
        );
    }

    #[test]
    fn the_newest_date_wins_and_a_missing_one_removes_none() {
        let known = Some(cut_off(20, CutOffSource::Webhook));
        assert_eq!(cut_off_after_probe(known, None, day(10)), known);
        let read = cut_off_after_probe(known, Some(day(15)), day(10));
        assert_eq!(
            read,
            Some(CutOff {
                at: day(15),
                source: CutOffSource::Probe,
                learned_at: day(10)
            })
        );
        assert_eq!(
            cut_off_after_probe(read, Some(day(15)), day(12)),
            read,
            "the same date changes nothing"
        );
        assert_eq!(
            cut_off_after_probe(known, None, day(20)),
            None,
            "a credential that works after the cut-off disproves it"
        );
    }
}
