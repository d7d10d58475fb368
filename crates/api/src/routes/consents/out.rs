//! A consent as responses show it.

use chrono::{DateTime, Utc};
use regrant_domain::{Consent, ConsentId, CredentialKind, PersonId};
use serde::Serialize;
use utoipa::ToSchema;

use crate::schema;

/// A consent.
#[derive(Serialize, ToSchema)]
#[schema(as = Consent)]
pub(crate) struct ConsentOut {
    /// Id of the consent.
    #[schema(value_type = String, example = "cns_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6")]
    consent_id: ConsentId,
    /// Person or system user who logged in.
    person: ConsentingPersonOut,
    /// Kind of the token.
    #[schema(schema_with = schema::person_kind)]
    kind: CredentialKind,
    /// Whether it is a managed account; null if the Graph API did not say.
    is_work_account: Option<bool>,
    /// When the token expires; null if never, or if the Graph API did not say.
    expires_at: Option<DateTime<Utc>>,
    /// Permissions that the app asks for, or that the session's assets need, and that were not granted.
    missing_scopes: Vec<String>,
    /// When the consent was handed over.
    created_at: DateTime<Utc>,
    /// Until when the consent can be used.
    usable_until: DateTime<Utc>,
}

/// The person who logged in.
#[derive(Serialize, ToSchema)]
#[schema(as = ConsentingPerson)]
pub(crate) struct ConsentingPersonOut {
    /// App-scoped id of the person.
    #[schema(schema_with = schema::graph_id)]
    id: PersonId,
    /// Name; null if the Graph API gave none.
    name: Option<String>,
}

impl From<Consent> for ConsentOut {
    fn from(it: Consent) -> Self {
        Self {
            consent_id: it.id,
            person: ConsentingPersonOut {
                id: it.person_id,
                name: it.person_name,
            },
            kind: it.kind,
            is_work_account: it.is_work_account,
            expires_at: it.token_expires_at,
            missing_scopes: it.missing_scopes,
            created_at: it.created_at,
            usable_until: it.ends_at,
        }
    }
}
