//! What each kind of refusal means for people: the code, who must act, and the next step.
//!
//! The rule: this is the one table of meanings. A refusal of the serving token and one of an offered token differ only in
//! the next step.

use crate::{ObjectCondition, ReasonCode, RefusalKind, Who};

/// What a kind of refusal means for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// The stable code.
    pub code: ReasonCode,
    /// Who must act.
    pub who: Who,
    /// The next step where the token that serves the asset was refused.
    pub serving: &'static str,
    /// The next step where a token that was offered in a reconnect was refused.
    pub offered: &'static str,
}

impl Meaning {
    const fn new(code: ReasonCode, who: Who, serving: &'static str, offered: &'static str) -> Self {
        Self {
            code,
            who,
            serving,
            offered,
        }
    }
}

impl RefusalKind {
    /// What the refusal means for people.
    #[must_use]
    pub const fn meaning(&self) -> Meaning {
        use ReasonCode as Code;
        use Who::{BusinessAdmin, NoOne, Person, Provider};
        match self {
            Self::NotReached => {
                Meaning::new(Code::NotReached, BusinessAdmin, GIVE_ROLE, ROLE_AGAIN)
            }
            Self::NoRole => Meaning::new(Code::NoRole, BusinessAdmin, GIVE_ROLE, ROLE_AGAIN),
            Self::MissingScope(_) => Meaning::new(Code::MissingScope, Person, GRANT, GRANT_AGAIN),
            Self::MissingTask(_) => {
                Meaning::new(Code::MissingTask, BusinessAdmin, ASSIGN, ASSIGN_AGAIN)
            }
            Self::Checkpoint => Meaning::new(
                Code::Checkpoint,
                Person,
                "Pass the checkpoint at facebook.com; then the token works again.",
                "Pass the checkpoint at facebook.com, then replace the token again.",
            ),
            Self::Unconfirmed => Meaning::new(
                Code::Unconfirmed,
                Person,
                "Confirm the account at facebook.com; then the token works again.",
                "Confirm the account at facebook.com, then replace the token again.",
            ),
            Self::TwoFactorRequired => Meaning::new(
                Code::TwoFactorRequired,
                Person,
                "Turn on two-factor authentication, which the business requires.",
                "Turn on two-factor authentication, then replace the token again.",
            ),
            Self::ConsentRequired => Meaning::new(
                Code::ConsentRequired,
                Person,
                REPLACE,
                "Log in to the app again and consent, then replace the token again.",
            ),
            Self::DataAccessExpired => Meaning::new(
                Code::DataAccessExpired,
                Person,
                REPLACE,
                "Log in to the app again to renew data access, then replace the token again.",
            ),
            Self::TokenDead => Meaning::new(Code::TokenDead, Person, REPLACE, REPLACE),
            Self::TokenRefused | Self::Unclassified => {
                Meaning::new(Code::Unclassified, Provider, LOOK_UP, LOOK_UP_AGAIN)
            }
            Self::Contradicted => Meaning::new(
                Code::Contradiction,
                Provider,
                "Graph refuses the token and calls it valid: look up the message, or replace the token.",
                "Graph refuses the token and calls it valid: look up the message, then replace the token again.",
            ),
            Self::AppRestricted => Meaning::new(
                Code::AppRestricted,
                Provider,
                "Look up the message in the app's settings: its country or age restrictions, its mode, its access.",
                "Lift the restriction in the app's settings, then replace the token again.",
            ),
            Self::AppFault => Meaning::new(
                Code::AppFault,
                Provider,
                "Correct the app's settings.",
                "Correct the app's settings; the reconnect continues by itself.",
            ),
            Self::PageMoved(_) => Meaning::new(
                Code::PageMoved,
                Provider,
                "Register the page under its new id and delete this one.",
                "Register the page under its new id and delete this one.",
            ),
            Self::RequestFault => Meaning::new(Code::RequestFault, Provider, REPORT, REPORT),
            Self::Throttled { .. } => Meaning::new(Code::Throttled, NoOne, WAIT, CONTINUES),
            Self::Unavailable => Meaning::new(Code::GraphUnavailable, NoOne, WAIT, CONTINUES),
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

const GIVE_ROLE: &str =
    "Give the person a role on the asset in its business, or replace the token.";
const ROLE_AGAIN: &str =
    "Give the person a role on the asset in its business, then replace the token again.";
const GRANT: &str = "Log in again, grant the permission, then replace the token.";
const GRANT_AGAIN: &str = "Log in again and grant the permission, then replace the token again.";
const ASSIGN: &str = "Assign the task to the person on this asset.";
const ASSIGN_AGAIN: &str =
    "Assign the task to the person on this asset, then replace the token again.";
const REPLACE: &str = "Log in again and replace the token.";
const LOOK_UP: &str = "Look up the message; Regrant asks again by itself.";
const LOOK_UP_AGAIN: &str = "Look up the message and replace the token again.";
const REPORT: &str = "Report this to the operator of Regrant.";
const WAIT: &str = "Regrant asks again by itself.";
const CONTINUES: &str = "The reconnect continues by itself.";
