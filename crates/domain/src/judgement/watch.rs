//! What the result of a scheduled probe says about the active credential.
//!
//! The rule: only Graph's response for this token on this asset counts. An outage, a throttle, a fault of the app or
//! of our request says nothing. After a known cut-off, "does not exist" means that the cut-off has passed, not that
//! the asset is gone.

use crate::{
    CutOff, CutOffSource, ProbeResult, Reason, ReasonCode, Refusal, RefusalKind, Timestamp, Who,
};

/// What a probe result says about the active credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The credential works.
    Alive,
    /// Graph refused the credential.
    Doubt {
        /// Why Graph refused it.
        reason: Reason,
        /// Whether one such refusal is enough to disconnect the asset.
        definitive: bool,
    },
    /// Not known; ask again, but not before the given time.
    Unknown(Option<Timestamp>),
    /// Graph's response says nothing about the credential, and a retry soon would get the same one.
    Unclear,
}

/// What a probe result says about the credential of an asset with the cut-off `known`.
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

fn judge_refusal(refusal: &Refusal, cut_off_passed: bool) -> Verdict {
    use RefusalKind as Kind;
    let (code, who, next_step, definitive) = match &refusal.kind {
        Kind::NotReached | Kind::NoRole if cut_off_passed => (
            ReasonCode::CutOffPassed,
            Who::Person,
            "Log in with the managed account and replace the token.",
            true,
        ),
        Kind::NotReached => (ReasonCode::NotReached, Who::BusinessAdmin, GIVE_ROLE, false),
        Kind::NoRole => (ReasonCode::NoRole, Who::BusinessAdmin, GIVE_ROLE, false),
        Kind::MissingScope(_) => (ReasonCode::MissingScope, Who::Person, GRANT, false),
        Kind::MissingTask(_) => (
            ReasonCode::MissingTask,
            Who::BusinessAdmin,
            "Assign the task to the person on this asset.",
            false,
        ),
        Kind::Checkpoint => (
            ReasonCode::Checkpoint,
            Who::Person,
            "Pass the checkpoint at facebook.com; then the token works again.",
            true,
        ),
        Kind::Unconfirmed => (
            ReasonCode::Unconfirmed,
            Who::Person,
            "Confirm the account at facebook.com; then the token works again.",
            true,
        ),
        Kind::TwoFactorRequired => (
            ReasonCode::TwoFactorRequired,
            Who::Person,
            "Turn on two-factor authentication, which the business requires.",
            false,
        ),
        Kind::ConsentRequired => (ReasonCode::ConsentRequired, Who::Person, REPLACE, true),
        Kind::DataAccessExpired => (ReasonCode::DataAccessExpired, Who::Person, REPLACE, true),
        Kind::TokenDead => (ReasonCode::TokenDead, Who::Person, REPLACE, true),
        Kind::PageMoved(_) => (
            ReasonCode::PageMoved,
            Who::Provider,
            "Register the page under its new id and delete this one.",
            true,
        ),
        Kind::Throttled { retry_at } => return Verdict::Unknown(Some(*retry_at)),
        Kind::AppFault | Kind::Unavailable => return Verdict::Unknown(None),
        Kind::RequestFault | Kind::Unclassified => return Verdict::Unclear,
    };
    Verdict::Doubt {
        reason: Reason::new(code, who, refusal.message.clone(), next_step),
        definitive,
    }
}

const GIVE_ROLE: &str =
    "Give the person a role on the asset in its business, or replace the token.";
const GRANT: &str = "Log in again, grant the permission, then replace the token.";
const REPLACE: &str = "Log in again and replace the token.";

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

    fn code(verdict: Verdict) -> Option<(ReasonCode, bool)> {
        match verdict {
            Verdict::Doubt { reason, definitive } => Some((reason.code, definitive)),
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
        for unclear in [RefusalKind::RequestFault, RefusalKind::Unclassified] {
            assert_eq!(verdict_on(unclear, None), Verdict::Unclear);
        }
    }

    #[test]
    fn does_not_exist_means_that_a_known_cut_off_has_passed() {
        for kind in [RefusalKind::NotReached, RefusalKind::NoRole] {
            for source in CutOffSource::ALL {
                let verdict = verdict_on(kind.clone(), Some(cut_off(9, source)));
                assert_eq!(
                    code(verdict),
                    Some((ReasonCode::CutOffPassed, true)),
                    "{kind:?}"
                );
            }
        }
        let before = verdict_on(
            RefusalKind::NotReached,
            Some(cut_off(11, CutOffSource::Probe)),
        );
        assert_eq!(code(before), Some((ReasonCode::NotReached, false)));
    }

    #[test]
    fn only_refusals_of_definitive_classes_count_at_once() {
        use RefusalKind as Kind;
        let definitive =
            |kind| code(verdict_on(kind, None)).is_some_and(|(_, definitive)| definitive);
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
