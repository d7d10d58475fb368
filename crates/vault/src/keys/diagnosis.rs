//! Whether the keys of a process and a database belong together, for an operator who looks before a start.
//!
//! The rule: it changes nothing and makes no key; what it wraps is a new data key that it forgets.
//! Start at [`diagnose_keys`].

use std::time::Duration;

use regrant_crypto::{KekRef, KeyProvider};
use regrant_domain::error_chain;
use regrant_storage::{KekUse, Store};

use crate::{Error, credentials::data_keys::DataKeys};

/// What was found out about the keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyDiagnosis {
    /// The key that wraps.
    pub active: KekRef,
    /// How long it took to wrap a data key and to unwrap it; or why that failed, or may not be done.
    pub round_trip: Result<Duration, String>,
    /// The keys that wrap data keys of the database and that no provider holds.
    pub missing: Vec<KekUse>,
    /// How many data keys each key wraps that a provider holds, and why none of those that were tried opens.
    pub held: Vec<(KekUse, Option<String>)>,
}

impl KeyDiagnosis {
    /// Whether a process would start with these keys.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        let is_any_wrong = self.held.iter().any(|(_, fault)| fault.is_some());
        self.round_trip.is_ok() && self.missing.is_empty() && !is_any_wrong
    }
}

/// Wraps and unwraps once, looks for the keys that the database needs, and opens a data key under each of them.
///
/// # Errors
/// The database does not respond.
pub async fn diagnose_keys(store: &Store, provider: KeyProvider) -> Result<KeyDiagnosis, Error> {
    let keys = DataKeys::new(store.clone(), provider);
    let provider = keys.provider();
    let round_trip = match keys.find_wrapping_fault().await? {
        Some(fault) => Err(fault),
        None => measure_round_trip(provider).await,
    };
    let missing = keys.find_missing_keks().await?;
    let mut held = Vec::new();
    for it in store.count_data_keys_by_kek().await? {
        if let Some(kek) = it.kek.filter(|_| !missing.contains(&it)) {
            let fault = keys.check_kek(kek).await.err();
            held.push((it, fault.as_ref().map(|it| error_chain(it))));
        }
    }
    Ok(KeyDiagnosis {
        active: provider.active_kek(),
        round_trip,
        missing,
        held,
    })
}

async fn measure_round_trip(provider: &KeyProvider) -> Result<Duration, String> {
    let measured = provider.measure_round_trip().await;
    measured.map_err(|it| error_chain(&it))
}
