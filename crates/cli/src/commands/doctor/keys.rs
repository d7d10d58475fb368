//! The checks of the key providers: each opens, the active one wraps and unwraps, and together they hold the keys that the
//! database needs.

use std::time::Duration;

use regrant_crypto::{KeyProvider, KeySource, ProviderKind};
use regrant_domain::error_chain;
use regrant_storage::{KekUse, Store};
use regrant_vault::KeyDiagnosis;

use super::{Finding, Level};
use crate::{
    config::{KeyringFile, KeysConfig},
    installation, key_provider,
};

/// A round trip that takes longer is worth a look: the first call of each tenant waits for it.
const SLOW: Duration = Duration::from_secs(1);

/// Opens the keyring, if there is one, and each other provider. The keys of all, if every one opens.
pub(super) async fn open_keys(mut config: KeysConfig) -> (Vec<Finding>, Option<KeyProvider>) {
    let (wanted, mut findings, mut opened) = (config.provider, Vec::new(), Vec::new());
    let mut is_whole = true;
    if let Some(keyring) = config.keyring.take() {
        let (finding, source) = open_keyring(keyring).await;
        findings.push(finding);
        is_whole &= source.is_some();
        opened.extend(source.map(|it| (ProviderKind::Local, it)));
    }
    for (kind, source) in Box::pin(key_provider::open_services(config)).await {
        match source {
            Ok(source) => {
                let message = format!("reachable, opens: {source:?}");
                findings.push(Finding::new(Level::Ok, kind.name(), message));
                opened.push((kind, source));
            }
            Err(error) => {
                is_whole = false;
                findings.push(Finding::new(Level::Fail, kind.name(), format!("{error:#}")));
            }
        }
    }
    let provider = is_whole.then(|| key_provider::join_sources(wanted, opened));
    (findings, provider.and_then(Result::ok))
}

async fn open_keyring(keyring: KeyringFile) -> (Finding, Option<KeySource>) {
    let is_short = keyring.passphrase.is_short();
    match installation::unlock_keyring(keyring).await {
        Ok(open) => {
            let keys = open.list_keks().len();
            let (level, message) = if is_short {
                (Level::Warn, installation::SHORT_PASSPHRASE.to_owned())
            } else {
                (Level::Ok, format!("mode 0600, opens, {keys} key(s)"))
            };
            (Finding::new(level, "keyring", message), Some(open.into()))
        }
        Err(error) => {
            let message = format!("{error:#}; `regrant keys init` creates a keyring");
            (Finding::new(Level::Fail, "keyring", message), None)
        }
    }
}

/// Whether these are the keys of this database.
pub(super) async fn check_data_keys(store: &Store, provider: KeyProvider) -> Vec<Finding> {
    match regrant_vault::diagnose_keys(store, provider).await {
        Ok(diagnosis) => {
            let mut findings = vec![describe_round_trip(&diagnosis)];
            findings.extend(diagnosis.missing.iter().map(describe_missing));
            findings.extend(diagnosis.held.iter().map(describe_held));
            findings
        }
        Err(error) => vec![Finding::new(Level::Fail, "data keys", error_chain(&error))],
    }
}

fn describe_round_trip(diagnosis: &KeyDiagnosis) -> Finding {
    let active = diagnosis.active;
    let (level, message) = match &diagnosis.round_trip {
        Ok(it) => {
            let level = if *it > SLOW { Level::Warn } else { Level::Ok };
            let ms = it.as_secs_f64() * 1_000.0;
            let message = format!("{active} wraps and unwraps a data key in {ms:.1} ms");
            (level, message)
        }
        Err(reason) => (Level::Fail, format!("{active}: {reason}")),
    };
    Finding::new(level, "key", message)
}

fn describe_missing(it: &KekUse) -> Finding {
    let message = format!(
        "no provider holds {}, which wraps {}: give the keyring that has it, or the settings of its provider",
        name_of(it),
        count_of(it)
    );
    Finding::new(Level::Fail, "data keys", message)
}

fn describe_held((it, fault): &(KekUse, Option<String>)) -> Finding {
    match fault {
        None => {
            let message = format!("{} opens its data keys, {}", name_of(it), count_of(it));
            Finding::new(Level::Ok, "data keys", message)
        }
        Some(fault) => Finding::new(
            Level::Fail,
            "data keys",
            format!("{}: {fault}", name_of(it)),
        ),
    }
}

fn name_of(it: &KekUse) -> String {
    it.kek
        .map_or_else(|| "a key without a name".to_owned(), |kek| kek.to_string())
}

fn count_of(it: &KekUse) -> String {
    format!("{} data key(s)", it.data_keys)
}
