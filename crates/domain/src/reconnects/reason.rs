//! Reasons: why an item or an asset is in its state, who must act, and how.
//!
//! The rule: the codes are stable; the sentences are for people and hold no secret. `texts/` has those of each language.

use serde::{Deserialize, Serialize};

use super::next_step::StoredNextStep;
use crate::{Locale, NextStep, closed_list};

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
        /// A token that outranks the new one serves, as a system user's does a person's; the new one is a standby.
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
        /// No token is stored.
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
#[serde(from = "StoredReason", into = "StoredReason")]
pub struct Reason {
    /// The stable code.
    pub code: ReasonCode,
    /// One English sentence for people, with what Graph said.
    pub detail: String,
    /// Who must act.
    pub who: Who,
    /// What they should do next.
    pub next_step: NextStep,
    /// The permissions or tasks that are missing, if the reason is about them.
    pub lacking: Vec<String>,
}

impl Reason {
    /// Builds a reason; `detail` is a whole sentence without secrets.
    #[must_use]
    pub fn new(code: ReasonCode, who: Who, detail: impl Into<String>, next_step: NextStep) -> Self {
        Self {
            code,
            detail: detail.into(),
            who,
            next_step,
            lacking: Vec::new(),
        }
    }

    /// The same reason, naming the permissions or tasks that are missing.
    #[must_use]
    pub fn lacking(self, names: &[String]) -> Self {
        Self {
            lacking: names.to_vec(),
            ..self
        }
    }

    /// The reason in one sentence. English has what Graph said of this asset; the other languages have what the code
    /// says, and the names that are missing.
    #[must_use]
    pub fn sentence(&self, locale: Locale) -> String {
        if locale == Locale::En {
            return self.detail.clone();
        }
        let sentence = self.code.sentence(locale);
        if self.lacking.is_empty() {
            return sentence.to_owned();
        }
        let names = self.lacking.join(", ");
        format!("{}: {names}.", sentence.trim_end_matches('.'))
    }
}

/// A reason as rows store it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct StoredReason {
    code: ReasonCode,
    detail: String,
    who: Who,
    #[serde(flatten)]
    next_step: StoredNextStep,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lacking: Vec<String>,
}

impl From<StoredReason> for Reason {
    fn from(it: StoredReason) -> Self {
        Self {
            code: it.code,
            detail: it.detail,
            next_step: it.next_step.into_next_step(it.who),
            who: it.who,
            lacking: it.lacking,
        }
    }
}

impl From<Reason> for StoredReason {
    fn from(it: Reason) -> Self {
        Self {
            code: it.code,
            detail: it.detail,
            who: it.who,
            next_step: it.next_step.into(),
            lacking: it.lacking,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_read_as_it_was_stored() {
        let names = ["pages_manage_posts".to_owned()];
        let (code, step) = (ReasonCode::MissingScope, NextStep::GrantThenReplace);
        let reason = Reason::new(code, Who::Person, "It lacks one.", step).lacking(&names);
        let stored = serde_json::to_string(&reason).unwrap();
        assert_eq!(serde_json::from_str::<Reason>(&stored).unwrap(), reason);
    }

    #[test]
    fn a_reason_of_an_earlier_release_is_read() {
        let stored = r#"{"code":"token_dead","detail":"It is dead.","who":"person","next_step":"Log in again and replace the token."}"#;
        let reason: Reason = serde_json::from_str(stored).unwrap();
        assert_eq!(reason.next_step, NextStep::Replace);
    }

    #[test]
    fn what_is_missing_is_named_in_every_language() {
        let names = ["MANAGE".to_owned(), "ANALYZE".to_owned()];
        let (code, step) = (ReasonCode::MissingTask, NextStep::AssignTask);
        let reason = Reason::new(code, Who::BusinessAdmin, "It lacks two.", step).lacking(&names);
        let sentence = reason.sentence(Locale::De);
        assert!(sentence.ends_with(": MANAGE, ANALYZE."), "{sentence}");
        assert_eq!(reason.sentence(Locale::En), "It lacks two.");
    }
}
