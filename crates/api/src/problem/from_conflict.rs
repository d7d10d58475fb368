//! The problem for each conflict with the state of the tenant or the installation.
//!
//! The rule: the match is exhaustive, so that a new conflict does not compile until it has a response.

use std::fmt::Display;

use regrant_vault::Conflict;

use super::{Code, Problem};

impl From<Conflict> for Problem {
    fn from(conflict: Conflict) -> Self {
        match conflict {
            Conflict::NoToken { reason, .. } => {
                let detail = reason.detail.clone();
                Self {
                    reason: Some(Box::new(reason)),
                    ..Self::new(Code::NoToken, detail)
                }
            }
            Conflict::OtherBody => Self::new(
                Code::IdempotencyKeyReused,
                "This Idempotency-Key was used with another body.",
            ),
            Conflict::Ended => Self::new(Code::ReconnectEnded, "The reconnect has ended."),
            Conflict::StillRunning => {
                Self::new(Code::ReconnectRunning, "The reconnect has not ended.")
            }
            Conflict::UndoLimit(limit) => Self::new(
                Code::TooManyUndos,
                format!("A reconnect can be undone at most {limit} times."),
            ),
            Conflict::EndpointLimit(limit) => {
                at_most(Code::TooManyWebhookEndpoints, limit, "webhook endpoints")
            }
            Conflict::EndpointDisabled => Self::new(
                Code::WebhookEndpointDisabled,
                "The webhook endpoint is disabled.",
            ),
            Conflict::ClientLimit(limit) => at_most(Code::TooManyClients, limit, "clients"),
            Conflict::TenantGone => Self::new(
                Code::TenantGone,
                "The tenant is deleted, shredded or scheduled for deletion.",
            ),
            Conflict::TenantNotSuspended => Self::new(
                Code::TenantNotSuspended,
                "The tenant is active: suspend it first.",
            ),
            Conflict::SecretOverlapOpen(until) => Self::new(
                Code::SecretOverlapOpen,
                format!(
                    "An older secret is in use until {until}. An overlap of 0 ends all older secrets at once."
                ),
            ),
            Conflict::LastOwner => Self::new(
                Code::LastOwner,
                "This is the last owner who can log in. Nothing was changed.",
            ),
            Conflict::SessionLimit(limit) => at_most(Code::TooManySessions, limit, "open sessions"),
            Conflict::LinkLimit(limit) => {
                at_most(Code::TooManyLinks, limit, "links that have not ended")
            }
            Conflict::FeedLimit(limit) => {
                at_most(Code::TooManyCalendarFeeds, limit, "calendar feeds")
            }
            Conflict::SessionEnded => Self::new(Code::SessionEnded, "The session has ended."),
            Conflict::SessionUsedUp => Self::new(
                Code::SessionUsedUp,
                "The session has used all its reconnects or previews, or it has ended.",
            ),
            Conflict::PlanOutdated => Self::new(
                Code::PlanOutdated,
                "Assets or token changed since the preview. Nothing was changed.",
            ),
            Conflict::ConsentLimit(limit) => {
                at_most(Code::TooManyConsents, limit, "consents that were not used")
            }
            Conflict::AssetLimit(limit) => Self::new(
                Code::TooManyAssets,
                format!("A tenant may have at most {limit} assets. Nothing was registered."),
            ),
            Conflict::NoStagedKey => Self::new(Code::KeyState, "No version is staged."),
            Conflict::KeyState => Self::new(
                Code::KeyState,
                "The version is not in the state that this step requires.",
            ),
            Conflict::KeyInUse(data_keys) => Self::new(
                Code::KeyState,
                format!("The version still wraps {data_keys} data keys."),
            ),
            Conflict::NodesLackKey(nodes) => nodes_lack_key(&nodes),
            Conflict::SecondOwner => Self::new(
                Code::ApprovalMissing,
                "Another owner must approve the request; the one who opened it cannot, nor can the command line.",
            ),
            Conflict::NewAccount(from) => Self::new(
                Code::ApprovalMissing,
                format!("Your account is too new; it may approve from {from} on."),
            ),
            Conflict::TooEarly(from) => Self::new(
                Code::ApprovalMissing,
                format!("The command line may carry the request out from {from} on."),
            ),
            Conflict::KeyringNotWritable(reason) => keyring_not_writable(&reason),
            Conflict::KeyStepUnsupported(reason) => Self::new(Code::KeyStepUnsupported, reason),
            Conflict::Exists(resource) => Self::new(
                Code::AlreadyExists,
                format!("This {resource} exists already."),
            ),
        }
    }
}

/// A tenant has as many of something as it may.
fn at_most(code: Code, limit: impl Display, what: &str) -> Problem {
    Problem::new(code, format!("A tenant may have at most {limit} {what}."))
}

fn nodes_lack_key(nodes: &[String]) -> Problem {
    let nodes = nodes.join(", ");
    Problem::new(
        Code::KeyNotEverywhere,
        format!("These processes lack the newest keyring: {nodes}."),
    )
}

fn keyring_not_writable(reason: &str) -> Problem {
    tracing::warn!(reason, "the keyring cannot be changed here");
    Problem::new(
        Code::KeyringNotWritable,
        "This process cannot change the keyring.",
    )
}
