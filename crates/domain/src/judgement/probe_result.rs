//! The result of one probe: the token works on the asset, or Graph refused it.

use crate::{AccessToken, Timestamp};

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

/// The meaning of a refusal for the token, the asset and the run (graph-facts §5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefusalKind {
    /// The token does not reach this object; it may work on others.
    NotReached,
    /// The token's person has no role on this object.
    NoRole,
    /// Permissions for this object are missing; the list is empty if Graph named none.
    MissingScope(Vec<String>),
    /// The token reaches the object, but these tasks are missing.
    MissingTask(Vec<String>),
    /// The person is at a security checkpoint (459).
    Checkpoint,
    /// The person's account is not confirmed (464).
    Unconfirmed,
    /// The business requires two-factor authentication (415).
    TwoFactorRequired,
    /// The person must consent again (483).
    ConsentRequired,
    /// Data access expired (493).
    DataAccessExpired,
    /// The token is dead for every object.
    TokenDead,
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

impl RefusalKind {
    /// Whether a retry with the same token may succeed.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Throttled { .. } | Self::Unavailable | Self::AppFault
        )
    }
}
