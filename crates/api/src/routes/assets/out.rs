//! An asset as its tenant sees it: facts and slots, never a token.

use chrono::{DateTime, Utc};
use regrant_domain::{
    Asset, AssetId, AssetKind, Confidence, CutOffSource, PersonId, Slot, Who,
    state::{AssetState, Ending, EndingCause, Status},
};
use regrant_vault::{AssetView, CutOffNote, RegisteredAsset, RegistrationStatus};
use serde::Serialize;
use utoipa::ToSchema;

use super::slots::Slots;
use crate::{reason::ReasonOut, schema};

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

/// What became of one registration.
#[derive(Serialize, ToSchema)]
pub(crate) struct Registration {
    /// The asset's canonical id.
    #[schema(schema_with = schema::asset_id)]
    id: AssetId,
    /// What became of it.
    status: RegistrationOutcome,
    /// Where its token stands; absent where none was given or none was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::slot, required = false)]
    slot: Option<Slot>,
}

/// What became of a registration.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RegistrationOutcome {
    /// It is new.
    Created,
    /// It was there; its name and business were brought up to date.
    Exists,
    /// It was there as another kind; nothing was changed.
    KindMismatch,
    /// The same asset stands earlier in this call; nothing was changed.
    Duplicate,
    /// The id has not the form of this kind.
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
