//! What a scheduled probe of the serving credential says about it.
//!
//! The rule: only what Graph said about this token on this asset counts. An outage, a throttle, a fault of
//! the app or of our request says nothing; and after a known cut-off "does not exist" means that the
//! cut-off has passed, not that the asset is gone.

use crate::{
    CutOff, CutOffSource, Proof, Reason, ReasonCode, Refusal, RefusalKind, Timestamp, Who,
};

/// What a probe said about the credential that serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It works.
    Alive,
    /// It was refused.
    Doubt {
        /// Why.
        reason: Reason,
        /// Whether one such word is enough.
        definitive: bool,
    },
    /// Nobody can say; not before the moment, if one was told.
    Unknown(Option<Timestamp>),
    /// An answer that proves nothing either way and will not change by asking again soon.
    Unclear,
}

/// What `proof` says of a credential whose asset has the cut-off `known`.
#[must_use]
pub fn judge(proof: &Proof, known: Option<CutOff>, now: Timestamp) -> Verdict {
    match proof {
        Proof::Proven(_) => Verdict::Alive,
        Proof::Refused(refusal) => judge_refusal(refusal, known.is_some_and(|it| it.at <= now)),
    }
}

/// The cut-off after a probe that proved the credential. A reading without one is no proof that there is
/// none; but a credential that works after its cut-off has disproved it.
#[must_use]
pub fn cut_off_after(
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
            "Log in with the managed account and replace with the new token.",
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
            "Pass the checkpoint at facebook.com; the token works again then.",
            true,
        ),
        Kind::Unconfirmed => (
            ReasonCode::Unconfirmed,
            Who::Person,
            "Confirm the account at facebook.com; the token works again then.",
            true,
        ),
        Kind::TwoFactorRequired => (
            ReasonCode::TwoFactorRequired,
            Who::Person,
            "Turn on two-factor authentication, which the business demands.",
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
const GRANT: &str = "Log in again and grant the permission, then replace with the new token.";
const REPLACE: &str = "Log in again and replace with the new token.";

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Duration};

    use super::*;
    use crate::Proven;

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

    fn heard(kind: RefusalKind, known: Option<CutOff>) -> Verdict {
        let refusal = Refusal {
            kind,
            message: "(#100) words".to_owned(),
            fbtrace_id: None,
        };
        judge(&Proof::Refused(refusal), known, day(10))
    }

    fn code(verdict: Verdict) -> Option<(ReasonCode, bool)> {
        match verdict {
            Verdict::Doubt { reason, definitive } => Some((reason.code, definitive)),
            _ => None,
        }
    }

    #[test]
    fn an_outage_a_throttle_and_an_app_fault_say_nothing() {
        assert_eq!(
            heard(RefusalKind::Unavailable, None),
            Verdict::Unknown(None)
        );
        assert_eq!(heard(RefusalKind::AppFault, None), Verdict::Unknown(None));
        let throttled = RefusalKind::Throttled { retry_at: day(11) };
        assert_eq!(heard(throttled, None), Verdict::Unknown(Some(day(11))));
        for unclear in [RefusalKind::RequestFault, RefusalKind::Unclassified] {
            assert_eq!(heard(unclear, None), Verdict::Unclear);
        }
    }

    #[test]
    fn does_not_exist_means_the_cut_off_has_passed_once_one_is_known() {
        for kind in [RefusalKind::NotReached, RefusalKind::NoRole] {
            for source in CutOffSource::ALL {
                let verdict = heard(kind.clone(), Some(cut_off(9, source)));
                assert_eq!(
                    code(verdict),
                    Some((ReasonCode::CutOffPassed, true)),
                    "{kind:?}"
                );
            }
        }
        let before = heard(
            RefusalKind::NotReached,
            Some(cut_off(11, CutOffSource::Probe)),
        );
        assert_eq!(code(before), Some((ReasonCode::NotReached, false)));
    }

    #[test]
    fn only_definitive_classes_need_one_word() {
        use RefusalKind as Kind;
        let definitive = |kind| code(heard(kind, None)).is_some_and(|(_, definitive)| definitive);
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
    fn what_works_is_alive() {
        assert_eq!(
            judge(&Proof::Proven(Proven::default()), None, day(1)),
            Verdict::Alive
        );
    }

    #[test]
    fn the_newest_reading_wins_and_an_absent_one_takes_nothing_away() {
        let known = Some(cut_off(20, CutOffSource::Webhook));
        assert_eq!(cut_off_after(known, None, day(10)), known);
        let read = cut_off_after(known, Some(day(15)), day(10));
        assert_eq!(
            read,
            Some(CutOff {
                at: day(15),
                source: CutOffSource::Probe,
                learned_at: day(10)
            })
        );
        assert_eq!(
            cut_off_after(read, Some(day(15)), day(12)),
            read,
            "the same word is not news"
        );
        assert_eq!(
            cut_off_after(known, None, day(20)),
            None,
            "it works after its cut-off"
        );
    }
}
