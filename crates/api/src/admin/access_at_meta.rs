//! What became of the app's access for persons at Meta, whose data was deleted.

use regrant_domain::NotRevoked;
use regrant_vault::{AccessAtMeta, AccessRevocation};
use serde::Serialize;
use utoipa::ToSchema;

/// For how many persons the app's access was ended at Meta, and for how many it was not.
#[derive(Serialize, ToSchema)]
#[schema(as = AccessAtMeta)]
pub(super) struct AccessAtMetaOut {
    /// For how many persons it was ended: every token that they ever gave to the app is dead.
    revoked: u64,
    /// For how many it was not, by the reason.
    not_revoked: Vec<NotRevokedOut>,
}

/// Persons for whom the app's access was not ended.
#[derive(Serialize, ToSchema)]
#[schema(as = NotRevoked)]
pub(super) struct NotRevokedOut {
    /// Why: `used_by_another_tenant` and `owners_unknown`: another tenant of the app holds a credential of the person, or
    /// one whose person is not known yet. `no_token`: none of the person is stored that opens. `system_user`: it is revoked
    /// in the settings of the business. `refused`: Meta refuses the token, which may have ended already. `unavailable`: Meta
    /// did not respond. `not_tried`: there was no time left.
    #[schema(value_type = String, example = "used_by_another_tenant")]
    reason: &'static str,
    /// How many.
    persons: u64,
}

impl From<AccessRevocation> for AccessAtMetaOut {
    fn from(it: AccessRevocation) -> Self {
        let kept = |(reason, persons): (NotRevoked, u64)| NotRevokedOut {
            reason: reason.as_str(),
            persons,
        };
        Self {
            revoked: it.revoked,
            not_revoked: it.not_revoked.into_iter().map(kept).collect(),
        }
    }
}

/// What the field `revoke_at_meta` of a request asks for.
pub(super) const fn access_at_meta(revoke: bool) -> AccessAtMeta {
    if revoke {
        AccessAtMeta::Revoke
    } else {
        AccessAtMeta::Keep
    }
}
