//! Outcomes of a reconnect's items: a closed list, each with a reason a person can act on.
//!
//! The rule: an item ends in exactly one final outcome; only `deferred` is not final.

use serde::{Deserialize, Serialize};

use crate::closed_list;

closed_list! {
    /// What became of one item.
    pub enum Outcome: "outcome", serde {
        /// The new token is proved on this asset, sealed and active.
        Replaced = "replaced",
        /// What served before serves on, proved; nothing was written over it.
        Unchanged = "unchanged",
        /// The new token is good but does not reach this asset yet; the old one still serves.
        Parked = "parked",
        /// The new token does not reach it, and no old one serves.
        NoAccess = "no_access",
        /// Reached, but a scope or a task is lacking.
        MissingPermission = "missing_permission",
        /// A person has to do something at facebook.com first.
        UserActionRequired = "user_action_required",
        /// Not an asset of this tenant.
        UnknownAsset = "unknown_asset",
        /// A later reconnect of the same asset won.
        Superseded = "superseded",
        /// Throttled, or the Graph is down; the job goes on by itself. Not final.
        Deferred = "deferred",
        /// Gave up.
        Failed = "failed",
    }
}

impl Outcome {
    /// Whether the item has ended.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Deferred)
    }
}

closed_list! {
    /// What a reconnect would do to one asset.
    pub enum Coverage: "coverage", serde {
        /// The new token works on it and would serve.
        WillReplace = "will_replace",
        /// The new token works on it, and what serves would stay: the same token, or one that outranks it.
        Unchanged = "unchanged",
        /// The new token does not reach it yet: it would wait, and the old one would go on serving.
        WouldPark = "would_park",
        /// The new token reaches it and may do less than the old one, so the old one would stay.
        WouldNarrow = "would_narrow",
        /// The new token does not serve it, and would not wait for it either.
        Uncovered = "uncovered",
        /// Nobody can say: it is no asset of the caller's, or Graph does not tell.
        Unknown = "unknown",
    }
}

closed_list! {
    /// Which token serves after the item.
    pub enum Serving: "serving token", serde {
        /// The new one.
        New = "new",
        /// The one that served before.
        Old = "old",
        /// None.
        None = "none",
    }
}

closed_list! {
    /// Who must act.
    pub enum Who: "party that must act", serde {
        /// The person who granted the token.
        Person = "person",
        /// An administrator of the business.
        BusinessAdmin = "business_admin",
        /// The provider that runs the app.
        Provider = "provider",
        /// Nobody.
        Nobody = "nobody",
    }
}

closed_list! {
    /// Why, as a stable code.
    pub enum ReasonCode: "code of a reason", serde {
        /// The same token is already active and was proved again.
        SameToken = "same_token",
        /// A system user's token serves and outranks a person's; the new one stands by.
        Outranked = "outranked",
        /// The token does not reach the asset yet.
        NotReachedYet = "not_reached_yet",
        /// The token does not reach the asset.
        NotReached = "not_reached",
        /// The person has no role on the asset.
        NoRole = "no_role",
        /// The asset's cut-off has passed for the token's person.
        CutOffPassed = "cut_off_passed",
        /// A permission was not granted to the app.
        MissingScope = "missing_scope",
        /// A task on the asset is lacking.
        MissingTask = "missing_task",
        /// The person is at a security checkpoint.
        Checkpoint = "checkpoint",
        /// The person's account is not confirmed.
        Unconfirmed = "unconfirmed",
        /// The business demands two-factor authentication.
        TwoFactorRequired = "two_factor_required",
        /// The person has to consent again.
        ConsentRequired = "consent_required",
        /// Data access has lapsed after 90 days.
        DataAccessExpired = "data_access_expired",
        /// The tenant has no such asset.
        UnknownAsset = "unknown_asset",
        /// A later reconnect settled first.
        NewerReconnect = "newer_reconnect",
        /// The reconnect was cancelled before this item was reached.
        Cancelled = "cancelled",
        /// Throttled.
        Throttled = "throttled",
        /// The Graph did not answer.
        GraphUnavailable = "graph_unavailable",
        /// The app is misconfigured, blocked or deleted.
        AppFault = "app_fault",
        /// The token died.
        TokenDead = "token_dead",
        /// The page has moved to another id.
        PageMoved = "page_moved",
        /// The token was proved and no ending is near.
        Works = "works",
        /// The token was imported and no probe has asked yet.
        NotProbed = "not_probed",
        /// An ending is near.
        EndsSoon = "ends_soon",
        /// A cut-off is known: the person's access to the asset ends.
        CutOffKnown = "cut_off_known",
        /// No token was ever stored.
        NeverConnected = "never_connected",
        /// The token has expired.
        TokenExpired = "token_expired",
        /// The person took the app's access back.
        Revoked = "revoked",
        /// The request was ours to get right.
        RequestFault = "request_fault",
        /// An error that is in no table.
        Unclassified = "unclassified",
    }
}

/// Why an item or an asset is as it is, and who can change it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The stable code.
    pub code: ReasonCode,
    /// One sentence.
    pub detail: String,
    /// Who must act.
    pub who: Who,
    /// What that party should do next.
    pub next_step: String,
}

impl Reason {
    /// A reason; `detail` is a whole sentence without secrets.
    #[must_use]
    pub fn new(
        code: ReasonCode,
        who: Who,
        detail: impl Into<String>,
        next_step: impl Into<String>,
    ) -> Self {
        Self {
            code,
            detail: detail.into(),
            who,
            next_step: next_step.into(),
        }
    }
}
