//! Opens the key providers of the settings.
//!
//! The rule: every configured provider is opened, and one that does not open stops the start.
//! Start at [`open_provider`].

use anyhow::Context as _;
use regrant_crypto::{KeyProvider, KeySource, ProviderKind};
use regrant_providers::{AwsKmsSettings, Pkcs11Settings, TransitSettings};

use crate::{config::KeysConfig, installation::unlock_keyring};

/// A provider with what opening it gave.
pub(crate) type Opened = (ProviderKind, anyhow::Result<KeySource>);

/// Opens the provider that wraps, and those that only open.
pub(crate) async fn open_provider(mut config: KeysConfig) -> anyhow::Result<KeyProvider> {
    let (wanted, mut opened) = (config.provider, Vec::new());
    if let Some(keyring) = config.keyring.take() {
        let keys = unlock_keyring(keyring).await;
        opened.push((ProviderKind::Local, keys.map(KeySource::from)));
    }
    opened.extend(open_services(config).await);
    let opened = opened
        .into_iter()
        .map(|(kind, source)| Ok((kind, source?)))
        .collect::<anyhow::Result<Vec<_>>>()?;
    join_sources(wanted, opened)
}

/// The keys of all sources, of which those of `wanted` wrap.
pub(crate) fn join_sources(
    wanted: ProviderKind,
    opened: Vec<(ProviderKind, KeySource)>,
) -> anyhow::Result<KeyProvider> {
    let (active, others): (Vec<_>, Vec<_>) =
        opened.into_iter().partition(|(kind, _)| *kind == wanted);
    let (_, active) = active
        .into_iter()
        .next()
        .with_context(|| format!("the provider {wanted} has no settings"))?;
    let others = others.into_iter().map(|(_, source)| source).collect();
    Ok(KeyProvider::new(active, others))
}

/// Opens the key services.
pub(crate) async fn open_services(config: KeysConfig) -> Vec<Opened> {
    let environment = config.environment;
    let mut opened = Vec::new();
    if let Some(settings) = config.aws_kms {
        opened.push((
            ProviderKind::AwsKms,
            open_aws_kms(settings, &environment).await,
        ));
    }
    if let Some(settings) = config.pkcs11 {
        opened.push((
            ProviderKind::Pkcs11,
            open_pkcs11(settings, &environment).await,
        ));
    }
    if let Some(settings) = config.transit {
        opened.push((
            ProviderKind::Transit,
            open_transit(settings, &environment).await,
        ));
    }
    opened
}

/// Opens one kind of service, or says that it was not compiled.
macro_rules! open_with {
    ($name:ident, $feature:literal, $settings:ident, $open:path) => {
        #[cfg(feature = $feature)]
        async fn $name(settings: $settings, environment: &str) -> anyhow::Result<KeySource> {
            let fault = format!("cannot use {}", settings.describe());
            let opened = Box::pin($open(settings)).await.context(fault)?;
            let service = std::sync::Arc::new(opened);
            Ok(KeySource::of_service(service, environment.to_owned()))
        }

        #[cfg(not(feature = $feature))]
        async fn $name(_: $settings, _: &str) -> anyhow::Result<KeySource> {
            anyhow::bail!(concat!(
                "this program was built without the feature ",
                $feature
            ))
        }
    };
}

open_with!(
    open_aws_kms,
    "aws-kms",
    AwsKmsSettings,
    regrant_providers::AwsKms::connect
);
open_with!(
    open_pkcs11,
    "pkcs11",
    Pkcs11Settings,
    regrant_providers::Pkcs11::open
);
open_with!(
    open_transit,
    "transit",
    TransitSettings,
    regrant_providers::Transit::connect
);
