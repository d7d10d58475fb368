//! The result of one probe: the token works on the asset, or Graph refused it.
//!
//! The rule: a refusal is as certain as its kind, and [`RefusalKind::certainty`] is the only place that says how
//! certain that is.

use crate::{AccessToken, AssetId, NextStep, Reason, Timestamp, closed_list};

/// The result of a probe of one asset with one token.
#[derive(Debug)]
pub enum ProbeResult {
    /// The token reaches the asset and may act on it.
    Works(ProbeFacts),
    /// The token does not work, or Graph gave no clear response.
    Refused(Refusal),
}

/// The facts that a successful probe read.
#[derive(Debug, Default)]
pub struct ProbeFacts {
    /// The page token minted by the probe; pages only.
    pub page_token: Option<AccessToken>,
    /// Tasks of the person on the asset; `None` for kinds without tasks.
    pub tasks: Option<Vec<String>>,
    /// The cut-off of the token's person, if Graph returned one.
    pub cut_off: Option<Timestamp>,
    /// What Graph says of the object itself, beside access; `None` where it says nothing.
    pub condition: Option<ObjectCondition>,
    /// The business that owns the object, if the probe asked for it.
    pub business: BusinessReading,
}

/// What a probe read of the business that owns an object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum BusinessReading {
    /// The probe did not ask.
    #[default]
    Unread,
    /// Graph names none to this token.
    Absent,
    /// Graph names this one.
    Named(AssetId),
}

closed_list! {
    /// What Graph says of an object beside access to it: the token works, but the object is not in use.
    pub enum ObjectCondition: "condition of an object", serde {
        /// The ad account is disabled (`account_status` 2).
        AccountDisabled = "account_disabled",
        /// The ad account has an unpaid balance (`account_status` 3 and 9).
        AccountUnsettled = "account_unsettled",
        /// The ad account is under review (`account_status` 7 and 8).
        AccountInReview = "account_in_review",
        /// The ad account is closed or is about to be (`account_status` 100 and 101).
        AccountClosed = "account_closed",
        /// The page is not published (`is_published` false).
        PageUnpublished = "page_unpublished",
    }
}

/// Why a probe did not succeed. Holds no secret: Graph's texts are redacted as they are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The kind of refusal, which decides what to do.
    pub kind: RefusalKind,
    /// Graph's message with its code, redacted.
    pub message: String,
    /// Graph's trace id, for questions to Meta.
    pub fbtrace_id: Option<String>,
}

impl Refusal {
    /// The reason that a caller is given who must ask again: `correct` where the app is at fault, `later` where Graph did
    /// not answer.
    #[must_use]
    pub fn to_final_reason(&self, correct: NextStep, later: NextStep) -> Reason {
        let meaning = self.kind.meaning();
        let next_step = match self.kind {
            RefusalKind::AppFault => correct,
            RefusalKind::Throttled { .. } | RefusalKind::Unavailable => later,
            _ => meaning.offered,
        };
        Reason::new(meaning.code, meaning.who, self.message.clone(), next_step)
    }
}

/// The meaning of a refusal for the token, the asset and the run (graph-facts §5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefusalKind {
    /// The token does not reach this object; it may work on others.
    NotReached,
    /// The token does not reach this object, and none of the permissions that read such objects was granted: the first
    /// of them is named. Whether it is the reason, only Graph knows.
    NotReachedWithoutScope(Vec<String>),
    /// The token's person has no role on this object.
    NoRole,
    /// Permissions for this object are missing; the list is empty if Graph named none.
    MissingScope(Vec<String>),
    /// The token reaches the object, but these tasks are missing.
    MissingTask(Vec<String>),
    /// The person is at a security checkpoint (459, 490).
    Checkpoint,
    /// The person's account is not confirmed (464).
    Unconfirmed,
    /// The business requires two-factor authentication (415).
    TwoFactorRequired,
    /// The person must consent again (483).
    ConsentRequired,
    /// Data access expired (493).
    DataAccessExpired,
    /// The token is dead for every object. Believed only after `debug_token` has confirmed it.
    TokenDead,
    /// Graph refused the token under an error that no row of the table knows.
    TokenRefused,
    /// Graph refused the token, and `debug_token` calls it valid at the same time.
    Contradicted,
    /// The app may not act for this person or object: a restriction by country or age, an inactive app.
    AppRestricted,
    /// The app is misconfigured, blocked or deleted. Says nothing about token or asset.
    AppFault,
    /// The page moved to another id, which is given if the message named it.
    PageMoved(Option<String>),
    /// Regrant sent a wrong request. Says nothing about token or asset.
    RequestFault,
    /// A rate limit was hit.
    Throttled {
        /// When calls are allowed again.
        retry_at: Timestamp,
    },
    /// Graph is down, timed out or did not complete the call. Says nothing about token or asset.
    Unavailable,
    /// An unknown error: keep the stored state and show the error to an operator.
    Unclassified,
}

closed_list! {
    /// How much a refusal proves about the credential that was refused.
    pub enum Certainty: "certainty of a refusal" {
        /// One is enough to disconnect.
        Definitive = "definitive",
        /// Two are enough if the doubt pause lies between them.
        Spaced = "spaced",
        /// It can only make the asset suspect, however often it is repeated.
        Doubtful = "doubtful",
        /// It says nothing about the credential.
        Silent = "silent",
    }
}

impl RefusalKind {
    /// Whether a retry with the same token may succeed.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Throttled { .. } | Self::Unavailable | Self::AppFault
        )
    }

    /// Whether Graph says that the token does not reach the object, whatever the names of scopes explain.
    #[must_use]
    pub const fn is_not_reached(&self) -> bool {
        matches!(
            self,
            Self::NotReached | Self::NotReachedWithoutScope(_) | Self::NoRole
        )
    }

    /// How much such a refusal proves about the refused credential.
    #[must_use]
    pub const fn certainty(&self) -> Certainty {
        match self {
            Self::TokenDead
            | Self::Checkpoint
            | Self::Unconfirmed
            | Self::ConsentRequired
            | Self::DataAccessExpired
            | Self::PageMoved(_) => Certainty::Definitive,
            Self::NotReached
            | Self::NotReachedWithoutScope(_)
            | Self::NoRole
            | Self::MissingScope(_)
            | Self::MissingTask(_)
            | Self::TwoFactorRequired
            | Self::AppRestricted => Certainty::Spaced,
            Self::TokenRefused | Self::Contradicted | Self::RequestFault | Self::Unclassified => {
                Certainty::Doubtful
            }
            Self::Throttled { .. } | Self::Unavailable | Self::AppFault => Certainty::Silent,
        }
    }

    /// Whether such refusals of many persons at once look like an incident at Meta rather than a loss of access.
    ///
    /// A dead token is none of them: `debug_token` has confirmed it. What a person must do at Meta first has no second
    /// opinion, so that one wrong response would be enough to disconnect.
    #[must_use]
    pub const fn is_mass_suspect(&self) -> bool {
        match self.certainty() {
            Certainty::Spaced => true,
            Certainty::Definitive => matches!(
                self,
                Self::Checkpoint
                    | Self::Unconfirmed
                    | Self::ConsentRequired
                    | Self::DataAccessExpired
            ),
            Certainty::Doubtful | Certainty::Silent => false,
        }
    }
}
