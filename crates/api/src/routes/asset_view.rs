//! An asset as its tenant sees it: facts and slots, never a token.

use chrono::{DateTime, Utc};
use regrant_domain::{
    Asset, AssetId, AssetKind, Confidence, Credential, CredentialId, CredentialKind, CutOffSource,
    GrantId, PersonId, Slot, Who,
    forecast::promotes_when,
    state::{AssetState, Ending, EndingCause, Status},
};
use regrant_vault::{AssetView, CutOffNote};
use serde::Serialize;
use utoipa::ToSchema;

use super::ReasonOut;
use crate::schema;

/// An asset.
#[derive(Serialize, ToSchema)]
#[schema(as = Asset)]
pub(crate) struct AssetOut {
    /// Its canonical Graph id.
    #[schema(schema_with = schema::asset_id)]
    id: AssetId,
    /// Its kind.
    #[schema(schema_with = schema::asset_kind)]
    kind: AssetKind,
    /// A name for people.
    name: Option<String>,
    /// The business it belongs to.
    #[schema(schema_with = schema::graph_id_or_null)]
    business_id: Option<AssetId>,
    /// The person behind the active credential.
    #[schema(schema_with = schema::graph_id_or_null)]
    person_id: Option<PersonId>,
    /// Its state now.
    #[schema(schema_with = schema::asset_state)]
    state: Status,
    /// Since when it is in this state.
    since: DateTime<Utc>,
    /// The earliest known ending.
    ending: Option<EndingOut>,
    /// Who must act.
    #[schema(schema_with = schema::who)]
    who: Who,
    /// Why it is in this state, and what comes next.
    reason: ReasonOut,
    /// When a probe asks next; `null` where there is nothing to ask with.
    next_check_at: Option<DateTime<Utc>>,
    /// When the person's access to it ends; unknown where absent, never safe.
    cut_off: Option<DateTime<Utc>>,
    /// When the active credential was last proved on it.
    proved_at: Option<DateTime<Utc>>,
    /// When a probe last asked, whatever it heard.
    checked_at: Option<DateTime<Utc>>,
    /// The credentials that stand for it; left out in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    slots: Option<Slots>,
    /// What was told about its cut-off, the newest word first, at most 50; left out in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    cut_offs: Option<Vec<CutOffOut>>,
    /// When it was registered.
    created_at: DateTime<Utc>,
}

/// One word about the cut-off of an asset.
#[derive(Serialize, ToSchema)]
#[schema(as = CutOffNote)]
struct CutOffOut {
    /// The cut-off; null where one that was known is not told any more.
    at: Option<DateTime<Utc>>,
    /// How it was learned.
    #[schema(schema_with = schema::cut_off_source)]
    source: CutOffSource,
    /// When it was learned.
    learned_at: DateTime<Utc>,
    /// The person whose access ends.
    #[schema(schema_with = schema::graph_id_or_null)]
    person_id: Option<PersonId>,
}

/// The earliest known moment at which an asset stops working.
#[derive(Serialize, ToSchema)]
#[schema(as = Ending)]
pub(crate) struct EndingOut {
    /// When.
    at: DateTime<Utc>,
    /// Why.
    #[schema(schema_with = schema::ending_cause)]
    cause: EndingCause,
    /// Since when it is known.
    since: DateTime<Utc>,
    /// How far it may be relied on.
    #[schema(schema_with = schema::confidence)]
    confidence: Confidence,
    /// How a cut-off was learned.
    #[schema(schema_with = schema::cut_off_source_or_null)]
    source: Option<CutOffSource>,
    /// Who must act.
    #[schema(schema_with = schema::who)]
    who: Who,
}

/// The credentials that stand for an asset.
#[derive(Default, Serialize, ToSchema)]
struct Slots {
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

impl AssetOut {
    /// An entry of a list.
    pub(crate) fn without_slots(view: AssetView) -> Self {
        Self::of(view.asset, view.state)
    }

    /// The asset with its credentials.
    pub(crate) fn with_slots(view: AssetView) -> Self {
        let mut slots = Slots::default();
        for it in view.credentials {
            slots.put(it.credential, it.tasks, view.state.next_check_at);
        }
        let cut_offs = view.cut_offs.into_iter().map(CutOffOut::from).collect();
        Self {
            slots: Some(slots),
            cut_offs: Some(cut_offs),
            ..Self::of(view.asset, view.state)
        }
    }

    fn of(asset: Asset, state: AssetState) -> Self {
        Self {
            id: asset.id,
            kind: asset.kind,
            name: asset.name,
            business_id: asset.business_id,
            person_id: asset.person_id,
            state: state.status,
            since: state.since,
            ending: state.ending.map(EndingOut::from),
            who: state.who(),
            reason: state.reason.into(),
            next_check_at: state.next_check_at,
            cut_off: asset.facts.cut_off.map(|it| it.at),
            proved_at: asset.facts.proved_at,
            checked_at: asset.facts.checked_at,
            slots: None,
            cut_offs: None,
            created_at: asset.created_at,
        }
    }
}

impl Slots {
    fn put(
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

impl From<CutOffNote> for CutOffOut {
    fn from(it: CutOffNote) -> Self {
        Self {
            at: it.at,
            source: it.source,
            learned_at: it.learned_at,
            person_id: it.person_id,
        }
    }
}

impl From<Ending> for EndingOut {
    fn from(it: Ending) -> Self {
        let Ending {
            at,
            cause,
            since,
            confidence,
            source,
            who,
        } = it;
        Self {
            at,
            cause,
            since,
            confidence,
            source,
            who,
        }
    }
}
