//! `REGRANT_KEYS_…`: the provider that wraps data keys, and those that only open them.
//!
//! The rule: `keys.provider` wraps; every other provider with a table of its own, and the keyring if it has a path, only
//! opens. A provider that was not compiled in is a fault, never ignored. Secrets come from files alone.

use std::path::{Path, PathBuf};

use regrant_crypto::ProviderKind;
use regrant_providers::{AwsKmsSettings, Pkcs11Settings, SecretReader, TransitSettings};

use super::{SettingsReader, keyring};
use crate::{config::KeyringFile, private_file};

/// The providers of an installation.
pub(crate) struct KeysConfig {
    /// The provider that wraps.
    pub provider: ProviderKind,
    /// The name of the environment that data keys are bound to; the keyring does without.
    pub environment: String,
    /// The keyring, unless another provider wraps and no path is set.
    pub keyring: Option<KeyringFile>,
    /// AWS KMS.
    pub aws_kms: Option<AwsKmsSettings>,
    /// A device that speaks PKCS#11.
    pub pkcs11: Option<Pkcs11Settings>,
    /// The transit engine.
    pub transit: Option<TransitSettings>,
}

const AWS_KMS: [&str; 3] = [
    "keys.aws_kms.key_arn",
    "keys.aws_kms.former_key_arns",
    "keys.aws_kms.endpoint",
];
const PKCS11: [&str; 4] = [
    "keys.pkcs11.module",
    "keys.pkcs11.token_label",
    "keys.pkcs11.key_label",
    "keys.pkcs11.pin_file",
];
const TRANSIT: [&str; 6] = [
    "keys.transit.address",
    "keys.transit.mount",
    "keys.transit.key",
    "keys.transit.namespace",
    "keys.transit.ca_file",
    "keys.transit.token_file",
];

/// Reads the sections `keys` and `keyring`; `None` where a setting without a default is missing.
pub(super) fn read_keys(reader: &mut SettingsReader<'_>) -> Option<KeysConfig> {
    let provider = reader.read_or_default("keys.provider", ProviderKind::Local);
    let environment = reader.read_or_default("keys.environment", "default".to_owned());
    if environment.is_empty() || environment.len() > 100 {
        reader.add_fault("keys.environment", "must have 1 to 100 bytes");
    }
    let is_used = |reader: &mut SettingsReader<'_>, kind, settings: &[&str]| {
        let is_set = reader.is_any_set(settings) || provider == kind;
        is_set && require_compiled(reader, kind)
    };
    let aws_kms = is_used(reader, ProviderKind::AwsKms, &AWS_KMS).then(|| read_aws_kms(reader));
    let pkcs11 = is_used(reader, ProviderKind::Pkcs11, &PKCS11).then(|| read_pkcs11(reader));
    let transit = is_used(reader, ProviderKind::Transit, &TRANSIT).then(|| read_transit(reader));
    let needs_keyring = provider == ProviderKind::Local || reader.is_any_set(&["keyring.path"]);
    let keyring = needs_keyring.then(|| keyring::read_keyring(reader));
    if !needs_keyring {
        reader.ignore(&keyring::SETTINGS);
    }
    Some(KeysConfig {
        provider,
        environment,
        // A table that is there and has a fault ends the reading of the settings.
        keyring: keyring.map_or(Some(None), |it| it.map(Some))?,
        aws_kms: aws_kms.map_or(Some(None), |it| it.map(Some))?,
        pkcs11: pkcs11.map_or(Some(None), |it| it.map(Some))?,
        transit: transit.map_or(Some(None), |it| it.map(Some))?,
    })
}

fn require_compiled(reader: &mut SettingsReader<'_>, kind: ProviderKind) -> bool {
    let (is_compiled, feature) = match kind {
        ProviderKind::Local => (true, ""),
        ProviderKind::AwsKms => (cfg!(feature = "aws-kms"), "aws-kms"),
        ProviderKind::Pkcs11 => (cfg!(feature = "pkcs11"), "pkcs11"),
        ProviderKind::Transit => (cfg!(feature = "transit"), "transit"),
    };
    if !is_compiled {
        let text = format!(
            "the provider {kind} is not in this program: build it with `cargo build --release --features {feature}`, or \
             remove the settings keys.{kind}"
        );
        reader.add_fault("keys.provider", text);
    }
    is_compiled
}

fn read_aws_kms(reader: &mut SettingsReader<'_>) -> Option<AwsKmsSettings> {
    let [key_arn, former_key_arns, endpoint] = AWS_KMS;
    let former: Option<String> = reader.read_optional(former_key_arns);
    let former = former.unwrap_or_default();
    let former = former.split(',').map(str::trim).filter(|it| !it.is_empty());
    let config = AwsKmsSettings {
        former_key_arns: former.map(str::to_owned).collect(),
        endpoint: reader.read_optional(endpoint),
        key_arn: reader.read_required(key_arn)?,
    };
    Some(config)
}

fn read_pkcs11(reader: &mut SettingsReader<'_>) -> Option<Pkcs11Settings> {
    let [module, token_label, key_label, pin_file] = PKCS11;
    let module = reader.read_required(module);
    let token_label = reader.read_required(token_label);
    let key_label = reader.read_or_default(key_label, "regrant".to_owned());
    let read_pin = read_secret_file(reader, pin_file);
    Some(Pkcs11Settings {
        module: module?,
        token_label: token_label?,
        key_label,
        read_pin: read_pin?,
    })
}

fn read_transit(reader: &mut SettingsReader<'_>) -> Option<TransitSettings> {
    let [address, mount, key, namespace, ca_file, token_file] = TRANSIT;
    let address_setting = address;
    let address: Option<url::Url> = reader.read_required(address);
    if let Some(url) = &address
        && !(url.scheme() == "https" || super::loopback::is_loopback_url(url))
    {
        reader.add_fault(address_setting, "must be https, except on loopback");
    }
    let mount = reader.read_or_default(mount, "transit".to_owned());
    let key = reader.read_or_default(key, "regrant".to_owned());
    let namespace = reader.read_optional(namespace);
    let ca_certificate = read_certificate(reader, ca_file);
    let read_token = read_secret_file(reader, token_file);
    Some(TransitSettings {
        address: address?,
        mount,
        key,
        namespace,
        ca_certificate,
        read_token: read_token?,
    })
}

/// `None`: it is not set, or cannot be read, which is a fault.
fn read_certificate(reader: &mut SettingsReader<'_>, setting: &str) -> Option<Vec<u8>> {
    let path: PathBuf = reader.read_optional(setting)?;
    let read = std::fs::read(&path);
    read.map_err(|error| reader.add_fault(setting, format!("cannot be read: {error}")))
        .ok()
}

/// The reader of a secret file, which is read once here, so that a fault of it is found early.
fn read_secret_file(reader: &mut SettingsReader<'_>, setting: &str) -> Option<SecretReader> {
    let path: String = reader.read_required(setting)?;
    private_file::read_secret(Path::new(&path))
        .map_err(|error| reader.add_fault(setting, format!("{error:#}")))
        .ok()?;
    Some(Box::new(move || {
        Ok(private_file::read_secret(Path::new(&path))?)
    }))
}
