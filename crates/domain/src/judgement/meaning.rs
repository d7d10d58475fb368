//! What each kind of refusal means for people: the code, who must act, and the next step.
//!
//! The rule: this is the one table of meanings. A refusal of the serving token and one of an offered token differ only in
//! the next step.

use crate::{NextStep, ObjectCondition, ReasonCode, RefusalKind, Who};

/// What a kind of refusal means for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// The stable code.
    pub code: ReasonCode,
    /// Who must act.
    pub who: Who,
    /// The next step where the token that serves the asset was refused.
    pub serving: NextStep,
    /// The next step where a token that was offered in a reconnect was refused.
    pub offered: NextStep,
}

impl Meaning {
    /// Who must act where no retry follows: what waited for Graph alone now waits for the person, who asks again.
    #[must_use]
    pub const fn who_after_last_try(&self) -> Who {
        match self.who {
            Who::NoOne => Who::Person,
            who => who,
        }
    }
}

impl RefusalKind {
    /// What the refusal means for people.
    #[must_use]
    pub const fn meaning(&self) -> Meaning {
        let (code, who) = self.party();
        let (serving, offered) = self.steps();
        Meaning {
            code,
            who,
            serving,
            offered,
        }
    }

    /// The code, and who must act.
    const fn party(&self) -> (ReasonCode, Who) {
        use ReasonCode as Code;
        match self {
            Self::NotReached => (Code::NotReached, Who::BusinessAdmin),
            Self::NoRole => (Code::NoRole, Who::BusinessAdmin),
            Self::MissingScope(_) | Self::NotReachedWithoutScope(_) => {
                (Code::MissingScope, Who::Person)
            }
            Self::MissingTask(_) => (Code::MissingTask, Who::BusinessAdmin),
            Self::Checkpoint => (Code::Checkpoint, Who::Person),
            Self::Unconfirmed => (Code::Unconfirmed, Who::Person),
            Self::TwoFactorRequired => (Code::TwoFactorRequired, Who::Person),
            Self::ConsentRequired => (Code::ConsentRequired, Who::Person),
            Self::DataAccessExpired => (Code::DataAccessExpired, Who::Person),
            Self::TokenDead => (Code::TokenDead, Who::Person),
            Self::TokenRefused | Self::Unclassified => (Code::Unclassified, Who::Provider),
            Self::Contradicted => (Code::Contradiction, Who::Provider),
            Self::AppRestricted => (Code::AppRestricted, Who::Provider),
            Self::AppFault => (Code::AppFault, Who::Provider),
            Self::PageMoved(_) => (Code::PageMoved, Who::Provider),
            Self::RequestFault => (Code::RequestFault, Who::Provider),
            Self::Throttled { .. } => (Code::Throttled, Who::NoOne),
            Self::Unavailable => (Code::GraphUnavailable, Who::NoOne),
        }
    }

    /// The next steps where the serving token and where an offered token was refused.
    const fn steps(&self) -> (NextStep, NextStep) {
        use NextStep as Step;
        match self {
            Self::NotReached | Self::NoRole => (Step::GiveRole, Step::GiveRoleThenReplace),
            Self::MissingScope(_) | Self::NotReachedWithoutScope(_) => {
                (Step::Grant, Step::GrantThenReplace)
            }
            Self::MissingTask(_) => (Step::AssignTask, Step::AssignTaskThenReplace),
            Self::Checkpoint => (Step::PassCheckpoint, Step::PassCheckpointThenReplace),
            Self::Unconfirmed => (Step::ConfirmAccount, Step::ConfirmAccountThenReplace),
            Self::TwoFactorRequired => (Step::TurnOnTwoFactor, Step::TurnOnTwoFactorThenReplace),
            Self::ConsentRequired => (Step::Replace, Step::ConsentThenReplace),
            Self::DataAccessExpired => (Step::Replace, Step::RenewDataAccess),
            Self::TokenDead => (Step::Replace, Step::Replace),
            Self::TokenRefused | Self::Unclassified => (Step::LookUp, Step::LookUpThenReplace),
            Self::Contradicted => (
                Step::LookUpContradiction,
                Step::LookUpContradictionThenReplace,
            ),
            Self::AppRestricted => (Step::CheckRestriction, Step::LiftRestriction),
            Self::AppFault => (Step::CorrectApp, Step::CorrectAppWhileRunning),
            Self::PageMoved(_) => (Step::RegisterNewId, Step::RegisterNewId),
            Self::RequestFault => (Step::Report, Step::Report),
            Self::Throttled { .. } | Self::Unavailable => (Step::Wait, Step::WaitForReconnect),
        }
    }
}

impl ObjectCondition {
    /// What the condition means, in one sentence.
    #[must_use]
    pub const fn as_sentence(self) -> &'static str {
        match self {
            Self::AccountDisabled => "Meta has disabled the ad account; the token works.",
            Self::AccountUnsettled => "The ad account has an unpaid balance; the token works.",
            Self::AccountInReview => "Meta reviews the ad account; the token works.",
            Self::AccountClosed => "The ad account is closed or is about to be; the token works.",
            Self::PageUnpublished => "The page is not published; the token works.",
        }
    }
}
