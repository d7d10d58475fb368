//! The credentials of an asset by slot.
//!
//! The rule: no field holds a token.

use chrono::{DateTime, Utc};
use regrant_domain::{
    Credential, CredentialId, CredentialKind, GrantId, PersonId, Slot, forecast::promotion_reason,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{reason::ReasonOut, schema};

/// The credentials of an asset by slot.
#[derive(Default, Serialize, ToSchema)]
pub(super) struct Slots {
    /// Credential that the token endpoint returns.
    active: Option<CredentialOut>,
    /// Parked credential: its token is valid but does not reach the asset yet.
    candidate: Option<CandidateOut>,
    /// Previous credential, kept for undo.
    previous: Option<CredentialOut>,
    /// Standby credentials.
    standby: Vec<CredentialOut>,
}

/// A parked credential, and when it becomes active.
#[derive(Serialize, ToSchema)]
#[schema(as = Candidate)]
struct CandidateOut {
    /// Facts of the credential.
    #[serde(flatten)]
    credential: CredentialOut,
    /// What must happen before it becomes active, and who must act.
    promotes_when: ReasonOut,
    /// Time of the next probe.
    next_check_at: Option<DateTime<Utc>>,
}

/// Facts of a credential, without its token.
#[derive(Serialize, ToSchema)]
#[schema(as = Credential)]
struct CredentialOut {
    /// Id of the credential.
    #[schema(value_type = String, example = "crd_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6")]
    id: CredentialId,
    /// Kind of its token.
    #[schema(schema_with = schema::credential_kind)]
    kind: CredentialKind,
    /// Person who granted it.
    #[schema(schema_with = schema::graph_id_or_null)]
    person_id: Option<PersonId>,
    /// Grant that it came from.
    #[schema(value_type = Option<String>)]
    grant_id: Option<GrantId>,
    /// Generation of the asset that it was sealed for.
    generation: i64,
    /// Tasks of its person on the asset, as far as known.
    tasks: Vec<String>,
    /// When the token expires; null if it does not.
    expires_at: Option<DateTime<Utc>>,
    /// When data access expires; null if it does not.
    data_access_expires_at: Option<DateTime<Utc>>,
    /// When a probe with it last worked on this asset.
    proved_at: Option<DateTime<Utc>>,
    /// When it was first sealed.
    created_at: DateTime<Utc>,
}

impl Slots {
    pub(super) fn put_credential(
        &mut self,
        credential: Credential,
        tasks: Vec<String>,
        next_check_at: Option<DateTime<Utc>>,
    ) {
        let slot = credential.slot;
        let it = CredentialOut::with_tasks(credential, tasks);
        match slot {
            Slot::Active => self.active = Some(it),
            Slot::Candidate => {
                let promotes_when = promotion_reason().into();
                self.candidate = Some(CandidateOut {
                    credential: it,
                    promotes_when,
                    next_check_at,
                });
            }
            Slot::Previous => self.previous = Some(it),
            Slot::Standby => self.standby.push(it),
        }
    }
}

impl CredentialOut {
    fn with_tasks(it: Credential, tasks: Vec<String>) -> Self {
        Self {
            id: it.id,
            kind: it.kind,
            person_id: it.person_id,
            grant_id: it.grant_id,
            generation: it.generation,
            tasks,
            expires_at: it.expires_at,
            data_access_expires_at: it.data_access_expires_at,
            proved_at: it.proved_at,
            created_at: it.created_at,
        }
    }
}
