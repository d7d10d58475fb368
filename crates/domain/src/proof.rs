//! What one probe established: the token works on the asset, or why not.

use crate::{AccessToken, Timestamp};

/// What a probe of one asset with one token established.
#[derive(Debug)]
pub enum Proof {
    /// The token reaches the asset and may act on it.
    Proven(Proven),
    /// It does not, or nobody can say yet.
    Refused(Refusal),
}

/// What a successful probe brought.
#[derive(Debug, Default)]
pub struct Proven {
    /// The page token minted by the probe; pages only.
    pub page_token: Option<AccessToken>,
    /// Tasks the person holds on the asset; `None` where its kind has none.
    pub tasks: Option<Vec<String>>,
    /// The cut-off of the probing token's person, where the Graph told one.
    pub cut_off: Option<Timestamp>,
}

/// Why a probe did not prove anything. Holds no secret: texts are redacted where they are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What kind of refusal, and so what to do.
    pub kind: RefusalKind,
    /// Graph's own words, redacted, with its code.
    pub message: String,
    /// Graph's trace id, to quote to Meta.
    pub fbtrace_id: Option<String>,
}

/// What a refusal means for the token, the asset and the job (graph-facts §5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefusalKind {
    /// This object is not reachable with this token; the token may be fine.
    NotReached,
    /// The token's person has no role on this object.
    NoRole,
    /// A permission is lacking for this object; named where the Graph named it.
    MissingScope(Vec<String>),
    /// The object is reached, but these tasks are lacking.
    MissingTask(Vec<String>),
    /// A person is at a checkpoint (459).
    Checkpoint,
    /// The user is unconfirmed (464).
    Unconfirmed,
    /// Two-factor authentication is demanded (415).
    TwoFactorRequired,
    /// Consent is blocked (483).
    ConsentRequired,
    /// Data access lapsed (493).
    DataAccessExpired,
    /// The token is dead for everything.
    TokenDead,
    /// The app is at fault: proof, secret, blocked, deleted. Says nothing about token or asset.
    AppFault,
    /// The page has moved to another id, where the message named it.
    PageMoved(Option<String>),
    /// Our request was wrong. Says nothing about token or asset.
    RequestFault,
    /// A limit was hit; the scope named must rest until then.
    Throttled {
        /// When the scope may be called again.
        retry_at: Timestamp,
    },
    /// Down, timed out or not completed: nobody can say.
    Unavailable,
    /// In no table: keep what is stored, show it to an operator.
    Unclassified,
}

impl RefusalKind {
    /// Whether another try with the same token may succeed by itself.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Throttled { .. } | Self::Unavailable | Self::AppFault
        )
    }
}
