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
    let (environment, wanted) = (config.environment, config.provider);
    let mut opened = Vec::new();
    if let Some(settings) = config.aws_kms {
        let kind = ProviderKind::AwsKms;
        let source = open_aws_kms(settings, &environment, kind == wanted).await;
        opened.push((kind, source));
    }
    if let Some(settings) = config.pkcs11 {
        let kind = ProviderKind::Pkcs11;
        let source = open_pkcs11(settings, &environment, kind == wanted).await;
        opened.push((kind, source));
    }
    if let Some(settings) = config.transit {
        let kind = ProviderKind::Transit;
        let source = open_transit(settings, &environment, kind == wanted).await;
        opened.push((kind, source));
    }
    opened
}

/// Opens one kind of service, or says that it was not compiled. The key of the one that wraps must be there; that of a
/// former one may be destroyed.
macro_rules! open_with {
    ($name:ident, $feature:literal, $settings:ident, $open:path) => {
        #[cfg(feature = $feature)]
        async fn $name(
            settings: $settings,
            environment: &str,
            wraps: bool,
        ) -> anyhow::Result<KeySource> {
            let fault = format!("cannot use {}", settings.describe());
            let opened = Box::pin($open(settings)).await;
            let service = std::sync::Arc::new(opened.context(fault.clone())?);
            let source = KeySource::of_service(service, environment.to_owned());
            if wraps {
                source.check_wrapping_kek().context(fault)?;
            }
            Ok(source)
        }

        #[cfg(not(feature = $feature))]
        async fn $name(_: $settings, _: &str, _: bool) -> anyhow::Result<KeySource> {
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
