//! The credentials of an asset by slot; never a token.

use chrono::{DateTime, Utc};
use regrant_domain::{
    Credential, CredentialId, CredentialKind, GrantId, PersonId, Slot, forecast::promotes_when,
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{reason::ReasonOut, schema};

/// The credentials that stand for an asset.
#[derive(Default, Serialize, ToSchema)]
pub(super) struct Slots {
    /// Served by the token endpoint.
    active: Option<CredentialOut>,
    /// Parked: good, but not yet able to reach the asset.
    candidate: Option<CandidateOut>,
    /// Kept for undo.
    previous: Option<CredentialOut>,
    /// Spares.
    standby: Vec<CredentialOut>,
}

/// A parked credential and when it takes over.
#[derive(Serialize, ToSchema)]
#[schema(as = Candidate)]
struct CandidateOut {
    /// What is known of it.
    #[serde(flatten)]
    credential: CredentialOut,
    /// What has to happen for it to take over, and who does it.
    promotes_when: ReasonOut,
    /// When it is tried next.
    next_check_at: Option<DateTime<Utc>>,
}

/// What is known of a credential; never its token.
#[derive(Serialize, ToSchema)]
#[schema(as = Credential)]
struct CredentialOut {
    /// Its id.
    #[schema(value_type = String, example = "crd_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6")]
    id: CredentialId,
    /// What kind of token it holds.
    #[schema(schema_with = schema::credential_kind)]
    kind: CredentialKind,
    /// The person who granted it.
    #[schema(schema_with = schema::graph_id_or_null)]
    person_id: Option<PersonId>,
    /// The grant it came from.
    #[schema(value_type = Option<String>)]
    grant_id: Option<GrantId>,
    /// The asset's generation it was sealed for.
    generation: i64,
    /// The tasks its person holds on the asset, where they are known.
    tasks: Vec<String>,
    /// The end of the token, if it has one.
    expires_at: Option<DateTime<Utc>>,
    /// The end of data access, if there is one.
    data_access_expires_at: Option<DateTime<Utc>>,
    /// When it was proved on this asset.
    proved_at: Option<DateTime<Utc>>,
    /// When it was sealed first.
    created_at: DateTime<Utc>,
}

impl Slots {
    pub(super) fn put(
        &mut self,
        credential: Credential,
        tasks: Vec<String>,
        next_check_at: Option<DateTime<Utc>>,
    ) {
        let slot = credential.slot;
        let it = CredentialOut::of(credential, tasks);
        match slot {
            Slot::Active => self.active = Some(it),
            Slot::Candidate => {
                let promotes_when = promotes_when().into();
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
    fn of(it: Credential, tasks: Vec<String>) -> Self {
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
