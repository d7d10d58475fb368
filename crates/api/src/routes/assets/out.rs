//! An asset as its tenant sees it: facts, state and slots.
//!
//! The rule: no field holds a token.

use chrono::{DateTime, Utc};
use regrant_domain::{
    Asset, AssetId, AssetKind, BusinessSource, Confidence, Credential, CutOffSource, FactName,
    PersonId, Slot, Who,
    state::{AssetState, Ending, EndingCause, Status},
};
use regrant_vault::{AssetView, CutOffNote, RegisteredAsset, RegistrationStatus};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    facts::{ConditionOut, FactOut},
    slots::Slots,
};
use crate::{reason::ReasonOut, schema};

/// An asset.
#[derive(Serialize, ToSchema)]
#[schema(as = Asset)]
pub(crate) struct AssetOut {
    /// Canonical Graph id.
    #[schema(schema_with = schema::asset_id)]
    id: AssetId,
    /// Kind of the asset.
    #[schema(schema_with = schema::asset_kind)]
    kind: AssetKind,
    /// Display name.
    name: Option<String>,
    /// Business that owns the asset.
    #[schema(schema_with = schema::graph_id_or_null)]
    business_id: Option<AssetId>,
    /// Who named the business: a client that reaches the whole tenant, or Graph in a probe. Null if that is not known;
    /// such a business brings the asset into no client's reach.
    #[schema(schema_with = schema::business_source)]
    business_source: Option<BusinessSource>,
    /// Person who granted the active credential.
    #[schema(schema_with = schema::graph_id_or_null)]
    person_id: Option<PersonId>,
    /// State of the asset.
    #[schema(schema_with = schema::asset_state)]
    state: Status,
    /// When the asset entered this state.
    since: DateTime<Utc>,
    /// Earliest known ending; null if none is known.
    ending: Option<EndingOut>,
    /// Who must act.
    #[schema(schema_with = schema::acting_party)]
    who: Who,
    /// Why the asset is in this state, and the next step.
    reason: ReasonOut,
    /// Name of the fact that explains the state.
    #[schema(schema_with = schema::fact_name)]
    fact: FactName,
    /// What Graph says of the object beside access, such as a disabled ad account; null if nothing.
    condition: Option<ConditionOut>,
    /// Time of the next probe; null if there is no token to probe with.
    next_check_at: Option<DateTime<Utc>>,
    /// When the person's access to the asset ends; null means unknown, not safe.
    cut_off: Option<DateTime<Utc>>,
    /// When a probe with the active credential last worked.
    proved_at: Option<DateTime<Utc>>,
    /// When the asset was last probed, with any result.
    checked_at: Option<DateTime<Utc>>,
    /// Credentials by slot; omitted in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    slots: Option<Slots>,
    /// History of the cut-off, newest first, at most 50 entries; omitted in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    cut_offs: Option<Vec<CutOffOut>>,
    /// All that is known about the asset and its token, with source and time; omitted in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    facts: Option<Vec<FactOut>>,
    /// When the asset was registered.
    created_at: DateTime<Utc>,
}

/// One entry in the history of a cut-off.
#[derive(Serialize, ToSchema)]
#[schema(as = CutOffNote)]
struct CutOffOut {
    /// The cut-off; null if Meta no longer reports one.
    at: Option<DateTime<Utc>>,
    /// Source of this entry.
    #[schema(schema_with = schema::cut_off_source)]
    source: CutOffSource,
    /// When Regrant learned it.
    learned_at: DateTime<Utc>,
    /// Person whose access ends.
    #[schema(schema_with = schema::graph_id_or_null)]
    person_id: Option<PersonId>,
}

/// The earliest known date on which an asset stops working.
#[derive(Serialize, ToSchema)]
#[schema(as = Ending)]
pub(crate) struct EndingOut {
    /// Time of the ending.
    at: DateTime<Utc>,
    /// Cause of the ending.
    #[schema(schema_with = schema::ending_cause)]
    cause: EndingCause,
    /// Since when the ending is known.
    since: DateTime<Utc>,
    /// How reliable the ending is.
    #[schema(schema_with = schema::confidence_level)]
    confidence: Confidence,
    /// Source of a cut-off; null for other causes.
    #[schema(schema_with = schema::cut_off_source_or_null)]
    source: Option<CutOffSource>,
    /// Who must act.
    #[schema(schema_with = schema::acting_party)]
    who: Who,
}

impl AssetOut {
    /// The asset as an entry of a list, without its slots.
    pub(crate) fn without_slots(view: AssetView) -> Self {
        Self::from_state(view.asset, view.state)
    }

    /// The asset with its credentials, the history of its cut-off, and what is known about it.
    pub(crate) fn with_slots(view: AssetView) -> Self {
        let mut slots = Slots::default();
        for it in view.credentials {
            let credential = with_dates_of_asset(it.credential, &view.asset);
            slots.put_credential(credential, it.tasks, view.state.next_check_at);
        }
        let cut_offs = view.cut_offs.into_iter().map(CutOffOut::from).collect();
        let facts = view.asset.facts.list_facts();
        Self {
            slots: Some(slots),
            cut_offs: Some(cut_offs),
            facts: Some(facts.into_iter().map(FactOut::from).collect()),
            ..Self::from_state(view.asset, view.state)
        }
    }

    fn from_state(asset: Asset, state: AssetState) -> Self {
        Self {
            id: asset.id,
            kind: asset.kind,
            name: asset.name,
            business_id: asset.business_id,
            business_source: asset.business_source,
            person_id: asset.person_id,
            state: state.status,
            since: state.since,
            ending: state.ending.map(EndingOut::from),
            who: state.who_must_act(),
            reason: state.reason.into(),
            fact: state.fact.name,
            condition: asset.facts.condition.map(ConditionOut::from),
            next_check_at: state.next_check_at,
            cut_off: asset.facts.cut_off.map(|it| it.at),
            proved_at: asset.facts.proved_at,
            checked_at: asset.facts.checked_at,
            slots: None,
            cut_offs: None,
            facts: None,
            created_at: asset.created_at,
        }
    }
}

/// The active credential with the dates of the asset, which are read again; its own are as old as its seal.
fn with_dates_of_asset(credential: Credential, asset: &Asset) -> Credential {
    if credential.slot != Slot::Active {
        return credential;
    }
    Credential {
        expires_at: asset.facts.expires_at,
        data_access_expires_at: asset.facts.data_access_expires_at,
        ..credential
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

/// The result of one registration.
#[derive(Serialize, ToSchema)]
pub(crate) struct Registration {
    /// Canonical id of the asset.
    #[schema(schema_with = schema::asset_id)]
    id: AssetId,
    /// Result of the registration.
    status: RegistrationOutcome,
    /// Slot of the given token; absent if no token was given or accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::slot_name, required = false)]
    slot: Option<Slot>,
}

/// The result of a registration.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RegistrationOutcome {
    /// The asset is new.
    Created,
    /// The asset existed; its name and business were updated.
    Exists,
    /// The asset exists with another kind; nothing was changed.
    KindMismatch,
    /// The same asset came earlier in this call; nothing was changed.
    Duplicate,
    /// The id does not have the format of this kind.
    Malformed,
}

impl From<RegisteredAsset> for Registration {
    fn from(it: RegisteredAsset) -> Self {
        let status = match it.status {
            RegistrationStatus::Created => RegistrationOutcome::Created,
            RegistrationStatus::Exists => RegistrationOutcome::Exists,
            RegistrationStatus::KindMismatch(_) => RegistrationOutcome::KindMismatch,
            RegistrationStatus::Duplicate => RegistrationOutcome::Duplicate,
            RegistrationStatus::Malformed => RegistrationOutcome::Malformed,
        };
        Self {
            id: it.id,
            status,
            slot: it.slot,
        }
    }
}
