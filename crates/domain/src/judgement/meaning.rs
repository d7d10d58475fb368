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

impl RefusalKind {
    /// What the refusal means for people.
    #[must_use]
    pub const fn meaning(&self) -> Meaning {
        use NextStep as Step;
        use ReasonCode as Code;
        use Who::{BusinessAdmin, NoOne, Person, Provider};
        let (code, who, serving, offered) = match self {
            Self::NotReached => (
                Code::NotReached,
                BusinessAdmin,
                Step::GiveRole,
                Step::GiveRoleThenReplace,
            ),
            Self::NoRole => (
                Code::NoRole,
                BusinessAdmin,
                Step::GiveRole,
                Step::GiveRoleThenReplace,
            ),
            Self::MissingScope(_) => (
                Code::MissingScope,
                Person,
                Step::Grant,
                Step::GrantThenReplace,
            ),
            Self::MissingTask(_) => (
                Code::MissingTask,
                BusinessAdmin,
                Step::AssignTask,
                Step::AssignTaskThenReplace,
            ),
            Self::Checkpoint => (
                Code::Checkpoint,
                Person,
                Step::PassCheckpoint,
                Step::PassCheckpointThenReplace,
            ),
            Self::Unconfirmed => (
                Code::Unconfirmed,
                Person,
                Step::ConfirmAccount,
                Step::ConfirmAccountThenReplace,
            ),
            Self::TwoFactorRequired => (
                Code::TwoFactorRequired,
                Person,
                Step::TurnOnTwoFactor,
                Step::TurnOnTwoFactorThenReplace,
            ),
            Self::ConsentRequired => (
                Code::ConsentRequired,
                Person,
                Step::Replace,
                Step::ConsentThenReplace,
            ),
            Self::DataAccessExpired => (
                Code::DataAccessExpired,
                Person,
                Step::Replace,
                Step::RenewDataAccess,
            ),
            Self::TokenDead => (Code::TokenDead, Person, Step::Replace, Step::Replace),
            Self::TokenRefused | Self::Unclassified => (
                Code::Unclassified,
                Provider,
                Step::LookUp,
                Step::LookUpThenReplace,
            ),
            Self::Contradicted => (
                Code::Contradiction,
                Provider,
                Step::LookUpContradiction,
                Step::LookUpContradictionThenReplace,
            ),
            Self::AppRestricted => (
                Code::AppRestricted,
                Provider,
                Step::CheckRestriction,
                Step::LiftRestriction,
            ),
            Self::AppFault => (
                Code::AppFault,
                Provider,
                Step::CorrectApp,
                Step::CorrectAppWhileRunning,
            ),
            Self::PageMoved(_) => (
                Code::PageMoved,
                Provider,
                Step::RegisterNewId,
                Step::RegisterNewId,
            ),
            Self::RequestFault => (Code::RequestFault, Provider, Step::Report, Step::Report),
            Self::Throttled { .. } => (Code::Throttled, NoOne, Step::Wait, Step::WaitForReconnect),
            Self::Unavailable => (
                Code::GraphUnavailable,
                NoOne,
                Step::Wait,
                Step::WaitForReconnect,
            ),
        };
        Meaning {
            code,
            who,
            serving,
            offered,
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
