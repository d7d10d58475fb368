//! Reasons: why an item or an asset is in its state, who must act, and how.
//!
//! The rule: the code is stable; the sentences are for people and hold no secret.

use serde::{Deserialize, Serialize};

use crate::closed_list;

closed_list! {
    /// Who must act next.
    pub enum Who: "party that must act", serde {
        /// The person who granted the token.
        Person = "person",
        /// An administrator of the business.
        BusinessAdmin = "business_admin",
        /// The provider that runs the app.
        Provider = "provider",
        /// No action is needed.
        NoOne = "nobody",
    }
}

closed_list! {
    /// The stable code of a reason.
    pub enum ReasonCode: "code of a reason", serde {
        /// The same token is already active, and it works.
        SameToken = "same_token",
        /// A system user's token serves and outranks a person's; the new one is a standby.
        Outranked = "outranked",
        /// The token does not reach the asset yet.
        NotReachedYet = "not_reached_yet",
        /// The token does not reach the asset.
        NotReached = "not_reached",
        /// The person has no role on the asset.
        NoRole = "no_role",
        /// The asset's cut-off has passed for the token's person.
        CutOffPassed = "cut_off_passed",
        /// The person did not grant a permission to the app.
        MissingScope = "missing_scope",
        /// A task on the asset is missing.
        MissingTask = "missing_task",
        /// The person is at a security checkpoint.
        Checkpoint = "checkpoint",
        /// The person's account is not confirmed.
        Unconfirmed = "unconfirmed",
        /// The business requires two-factor authentication.
        TwoFactorRequired = "two_factor_required",
        /// The person must consent again.
        ConsentRequired = "consent_required",
        /// Data access expired after 90 days.
        DataAccessExpired = "data_access_expired",
        /// The tenant has no such asset.
        UnknownAsset = "unknown_asset",
        /// A later reconnect of the asset settled first.
        NewerReconnect = "newer_reconnect",
        /// The reconnect was cancelled before this item was settled.
        Cancelled = "cancelled",
        /// The reconnect that is undone did not change the asset's token.
        NotChanged = "not_changed",
        /// The token of the reconnect that is undone does not serve the asset any more, and does not wait for it.
        NoLongerServes = "no_longer_serves",
        /// No token served before the reconnect that is undone, or it is not kept any more.
        NoPreviousToken = "no_previous_token",
        /// The parked token of the reconnect that is undone was dropped.
        ParkedTokenDropped = "parked_token_dropped",
        /// Graph throttled the calls.
        Throttled = "throttled",
        /// Graph did not respond.
        GraphUnavailable = "graph_unavailable",
        /// The app is misconfigured, blocked or deleted.
        AppFault = "app_fault",
        /// The token is dead.
        TokenDead = "token_dead",
        /// The page has moved to another id.
        PageMoved = "page_moved",
        /// The token works and no ending is near.
        Works = "works",
        /// The token was imported and not probed yet.
        NotProbed = "not_probed",
        /// An ending is near.
        EndsSoon = "ends_soon",
        /// A cut-off is known: the person's access to the asset ends.
        CutOffKnown = "cut_off_known",
        /// No token was ever stored.
        NeverConnected = "never_connected",
        /// The token has expired.
        TokenExpired = "token_expired",
        /// The person revoked the app's access.
        Revoked = "revoked",
        /// Regrant sent a wrong request.
        RequestFault = "request_fault",
        /// The app may not act for this person or object.
        AppRestricted = "app_restricted",
        /// Graph refuses the token and calls it valid at the same time.
        Contradiction = "contradiction",
        /// Tokens of many persons were refused at once: an incident at Meta is likely.
        MassRefusal = "mass_refusal",
        /// A date has arrived, and Graph has not said yet whether it still holds.
        EndNotConfirmed = "end_not_confirmed",
        /// Graph returned an error that Regrant does not know.
        Unclassified = "unclassified",
        /// A stored row of the asset does not parse, or its record does not open.
        Unreadable = "unreadable",
    }
}

/// Why an item or an asset is in its state, and who can change that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// The stable code.
    pub code: ReasonCode,
    /// One sentence for people.
    pub detail: String,
    /// Who must act.
    pub who: Who,
    /// What they should do next.
    pub next_step: String,
}

impl Reason {
    /// Builds a reason; `detail` is a whole sentence without secrets.
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
