//! Changes of an asset's cut-off: the note that is stored, and the event that reports it.

use regrant_domain::{Asset, CutOff, CutOffSource, EventKind, PersonId, Timestamp};
use regrant_storage::{CutOffNote, NewEvent};
use serde_json::json;

/// The history entry of a change of the cut-off; `None` where it did not change.
pub(crate) fn cut_off_note(
    asset: &Asset,
    person_id: Option<PersonId>,
    after: Option<CutOff>,
    now: Timestamp,
) -> Option<CutOffNote> {
    let (asset_id, source) = (asset.id.clone(), CutOffSource::Probe);
    let at = after.map(|it| it.at);
    (after != asset.facts.cut_off).then_some(CutOffNote {
        asset_id,
        person_id,
        at,
        source,
        learned_at: now,
    })
}

/// One event for all cut-offs that a transaction changed.
pub(crate) fn forecast_events(notes: &[CutOffNote]) -> Vec<NewEvent> {
    if notes.is_empty() {
        return Vec::new();
    }
    let dates: Vec<_> = notes.iter().filter_map(|it| it.at).collect();
    let data = json!({ "assets": notes.len(), "earliest": dates.iter().min(), "latest": dates.iter().max() });
    vec![NewEvent {
        kind: EventKind::ForecastChanged,
        subject: "forecast".to_owned(),
        data,
    }]
}
