//! The states that a request can conflict with.

use regrant_domain::{AssetId, Reason, Timestamp};

use super::Resource;

/// The states that a request can conflict with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// The asset has no token that works.
    #[error("asset {asset} has no token that works: {}", .reason.detail)]
    NoToken {
        /// The asset.
        asset: AssetId,
        /// Why, and who must act.
        reason: Reason,
    },
    /// The idempotency key was used with another body.
    #[error("this Idempotency-Key was used with another body")]
    OtherBody,
    /// The reconnect has ended.
    #[error("the reconnect has ended")]
    Ended,
    /// The reconnect is still running, so it cannot be undone yet.
    #[error("the reconnect is still running")]
    StillRunning,
    /// The reconnect was undone as often as it may be.
    #[error("a reconnect can be undone at most {0} times")]
    UndoLimit(usize),
    /// The tenant has as many webhook endpoints as it may have.
    #[error("a tenant may have at most {0} webhook endpoints")]
    EndpointLimit(usize),
    /// The webhook endpoint is disabled, so nothing can be sent to it.
    #[error("the webhook endpoint is disabled")]
    EndpointDisabled,
    /// The tenant has as many clients as it may have.
    #[error("a tenant may have at most {0} clients")]
    ClientLimit(usize),
    /// An older secret is accepted until then, and the change would end it early.
    #[error("an older secret is in use until {0}; an overlap of 0 ends all older secrets at once")]
    SecretOverlapOpen(Timestamp),
    /// No other owner could log in.
    #[error("this is the last owner who can log in")]
    LastOwner,
    /// The tenant was deleted or shredded, or is to be deleted.
    #[error("the tenant was deleted or shredded, or is to be deleted")]
    TenantGone,
    /// The tenant is still active.
    #[error("the tenant must be suspended first")]
    TenantNotSuspended,
    /// The assets or the token changed since the preview.
    #[error("the assets or the token changed since the preview")]
    PlanOutdated,
    /// The browser session has no reconnects or no previews left.
    #[error("the session has no use left")]
    SessionUsedUp,
    /// The browser session was ended, or is too old to be refreshed.
    #[error("the session has ended")]
    SessionEnded,
    /// The tenant has as many open sessions as it may have.
    #[error("a tenant may have at most {0} open sessions")]
    SessionLimit(usize),
    /// The tenant has as many consents as it may have.
    #[error("a tenant may have at most {0} consents that were not used")]
    ConsentLimit(usize),
    /// The tenant has as many links that open their page as it may have.
    #[error("a tenant may have at most {0} links that have not ended")]
    LinkLimit(usize),
    /// The tenant has as many calendar feeds as it may have.
    #[error("a tenant may have at most {0} calendar feeds")]
    FeedLimit(usize),
    /// The tenant would have more assets than it may have.
    #[error("the tenant may have at most {0} assets")]
    AssetLimit(usize),
    /// No version of the key-encryption key is staged.
    #[error("no version of the key-encryption key is staged")]
    NoStagedKey,
    /// Processes that run cannot open the key, or still wrap with an older one.
    #[error("these processes lack the newest keyring: {}", .0.join(", "))]
    NodesLackKey(Vec<String>),
    /// The key is not in the state that the step requires.
    #[error("the key is not in the state that this step requires")]
    KeyState,
    /// The key still wraps data keys.
    #[error("the key still wraps {0} data keys")]
    KeyInUse(u64),
    /// Another owner must approve.
    #[error("another owner must approve")]
    SecondOwner,
    /// The account of the caller is too new to approve anything until then.
    #[error("this account may approve from {0} on")]
    NewAccount(Timestamp),
    /// The command line may carry the request out from then on.
    #[error("the command line may carry the request out from {0} on")]
    TooEarly(Timestamp),
    /// This process cannot change the keyring.
    #[error("the keyring cannot be changed here: {0}")]
    KeyringNotWritable(String),
    /// The provider of the keys does not take this step; another way is named.
    #[error("{0}")]
    KeyStepUnsupported(&'static str),
    /// An object with this id or name exists.
    #[error("this {0} exists already")]
    Exists(Resource),
}
