//! Outcomes of a reconnect's items.
//!
//! The rule: an item ends in exactly one final outcome; only `deferred` is not final.

use crate::closed_list;

closed_list! {
    /// The outcome of one item.
    pub enum Outcome: "outcome", serde {
        /// The new token works on this asset; it is sealed and active.
        Replaced = "replaced",
        /// The active token works and stays; nothing was overwritten.
        Unchanged = "unchanged",
        /// The new token is valid but does not reach this asset yet; the old one still serves.
        Parked = "parked",
        /// The new token does not reach the asset, and no other one serves it.
        NoAccess = "no_access",
        /// The token reaches the asset, but a scope or a task is missing.
        MissingPermission = "missing_permission",
        /// A person must do something at facebook.com first.
        UserActionRequired = "user_action_required",
        /// The tenant has no such asset.
        UnknownAsset = "unknown_asset",
        /// A later reconnect of the same asset settled first.
        Superseded = "superseded",
        /// Throttled, or Graph is down; the reconnect retries by itself. Not final.
        Deferred = "deferred",
        /// The item failed for good.
        Failed = "failed",
        /// Undo: the token that served before the reconnect serves again, or the parked token was dropped.
        Restored = "restored",
        /// Undo: the token that served before does not work on this asset any more.
        PreviousDead = "previous_dead",
        /// Undo: there is nothing to undo for this asset.
        NothingToUndo = "nothing_to_undo",
    }
}

impl Outcome {
    /// Whether the item is settled.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Deferred)
    }

    /// Whether the item has put a new token into service, or parked one, so that it can be undone.
    #[must_use]
    pub const fn is_undoable(self) -> bool {
        matches!(self, Self::Replaced | Self::Parked | Self::Restored)
    }
}

closed_list! {
    /// What a reconnect would do to one asset.
    pub enum Coverage: "coverage of an asset", serde {
        /// The new token works on it and would replace the active one.
        WillReplace = "will_replace",
        /// The new token works on it, but the active one stays: it is the same token or outranks the new one.
        Unchanged = "unchanged",
        /// The new token does not reach it yet: it would be parked, and the old one would keep serving.
        WouldPark = "would_park",
        /// The new token reaches it with fewer permissions than the old one, so the old one would stay.
        WouldNarrow = "would_narrow",
        /// The new token would neither serve it nor be parked.
        Uncovered = "uncovered",
        /// Not known: the caller has no such asset, or Graph gave no clear response.
        Unknown = "unknown",
    }
}

closed_list! {
    /// Which token serves once the item is settled. Of an undo, `new` is the token of the reconnect that is undone, and
    /// `old` the one that served before that reconnect.
    pub enum Serving: "serving token", serde {
        /// The new token.
        New = "new",
        /// The token that served before.
        Old = "old",
        /// No token.
        None = "none",
    }
}
