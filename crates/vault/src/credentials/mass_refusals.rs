//! Refusals of many persons at once, observed by every use case that asks Graph with a token that serves.
//!
//! The rule: a refusal of a serving token is observed here before it is counted, and a held one is counted as held.
//! Start at [`Vault::observe_refusals`].

use std::{
    collections::{HashMap, HashSet},
    sync::PoisonError,
};

use regrant_domain::{AssetKind, Hold, Timestamp};
use regrant_storage::TenantScope;
use tracing::error;

use crate::Vault;

/// The latest result of one person's token on assets of one kind.
pub(crate) struct RefusalObservation {
    pub(crate) kind: AssetKind,
    /// The person, or the asset where no person is known.
    pub(crate) person: String,
    /// Refused without an explanation; otherwise it worked.
    pub(crate) is_refused: bool,
}

impl Vault {
    /// Adds the results of one pass, and gives the kinds of assets whose refusals are held now.
    pub(crate) fn observe_refusals(
        &self,
        scope: &TenantScope,
        observations: impl IntoIterator<Item = RefusalObservation>,
        now: Timestamp,
    ) -> HashSet<AssetKind> {
        let mut by_kind = HashMap::<AssetKind, Vec<(String, bool)>>::new();
        for it in observations {
            let results = by_kind.entry(it.kind).or_default();
            results.push((it.person, it.is_refused));
        }
        let app = scope.app_id();
        let mut window = self
            .refusal_window
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mut held = HashSet::new();
        for (kind, results) in by_kind {
            let results = results.iter().map(|(person, it)| (person.as_str(), *it));
            match window.observe(app, scope.tenant(), kind, results, now) {
                Hold::Open => continue,
                Hold::Begins => error!(
                    alarm = "mass_refusal", app.id = %app, asset.kind = %kind,
                    "tokens of many persons are refused at once"
                ),
                Hold::Holds => {}
            }
            held.insert(kind);
        }
        held
    }
}
