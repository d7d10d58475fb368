//! A keyring in a file and a key service beside it: what an installation has while it moves from one to the other.

use std::sync::Arc;

use regrant_crypto::{KeyProvider, KeySource, Keyring, LocalKeys, ProviderKind, Strength};
use regrant_domain::Passphrase;
use regrant_providers::{Transit, TransitSettings};
use zeroize::Zeroizing;

#[path = "../../../../../crates/providers/tests/it/transit/stub.rs"]
#[expect(
    clippy::unwrap_used,
    dead_code,
    reason = "a stub fails as the test does; the suite of the providers uses the rest"
)]
pub mod stub;

#[cfg(feature = "aws-kms")]
#[path = "../../../../../crates/providers/tests/it/aws_kms/moto.rs"]
#[expect(
    clippy::unwrap_used,
    dead_code,
    reason = "it fails as the test does; the suite of the providers uses the rest"
)]
mod moto;

use stub::Stub;

/// The key service.
enum Service {
    Transit(Stub),
    #[cfg(feature = "aws-kms")]
    AwsKms(moto::Moto),
}

/// A keyring in a file, and a service.
pub struct Keys {
    directory: tempfile::TempDir,
    service: Service,
}

impl Keys {
    pub async fn with_transit() -> Self {
        Self::with_service(Service::Transit(Stub::start().await))
    }

    #[cfg(feature = "aws-kms")]
    pub async fn with_aws_kms() -> Self {
        Self::with_service(Service::AwsKms(moto::Moto::start().await))
    }

    fn with_service(service: Service) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("keyring");
        Keyring::create(&path, &passphrase(), Strength::floor()).expect("a keyring");
        Self { directory, service }
    }

    /// The kind of the service.
    pub fn kind(&self) -> ProviderKind {
        match &self.service {
            Service::Transit(_) => ProviderKind::Transit,
            #[cfg(feature = "aws-kms")]
            Service::AwsKms(_) => ProviderKind::AwsKms,
        }
    }

    /// The stub of the transit engine.
    pub fn stub(&self) -> &Stub {
        match &self.service {
            Service::Transit(stub) => stub,
            #[cfg(feature = "aws-kms")]
            Service::AwsKms(_) => panic!("the service is not the stub"),
        }
    }

    /// Keys of which `active` wraps, and `others` only open.
    pub async fn provider(&self, active: ProviderKind, others: &[ProviderKind]) -> KeyProvider {
        let mut opened = Vec::new();
        for kind in others {
            opened.push(self.source(*kind).await);
        }
        KeyProvider::new(self.source(active).await, opened)
    }

    async fn source(&self, kind: ProviderKind) -> KeySource {
        if kind == ProviderKind::Local {
            return self.open_keyring();
        }
        match &self.service {
            Service::Transit(stub) => open_transit(stub).await,
            #[cfg(feature = "aws-kms")]
            Service::AwsKms(moto) => open_aws_kms(moto).await,
        }
    }

    fn open_keyring(&self) -> KeySource {
        let path = self.directory.path().join("keyring");
        let again = Box::new(|| Ok(passphrase()));
        let keys = LocalKeys::open(path, &passphrase(), again);
        keys.expect("a keyring").into()
    }
}

async fn open_transit(stub: &Stub) -> KeySource {
    let settings = TransitSettings {
        address: stub.url.parse().expect("a url"),
        mount: "transit".to_owned(),
        key: "regrant".to_owned(),
        namespace: None,
        ca_certificate: None,
        read_token: Box::new(|| Ok(Zeroizing::new("first".to_owned()))),
    };
    let transit = Transit::connect(settings).await.expect("the stub responds");
    KeySource::of_service(Arc::new(transit), "test".to_owned())
}

#[cfg(feature = "aws-kms")]
async fn open_aws_kms(moto: &moto::Moto) -> KeySource {
    let settings = regrant_providers::AwsKmsSettings {
        key_arn: moto.arn.clone(),
        former_key_arns: Vec::new(),
        endpoint: Some(moto.url.clone()),
    };
    let kms = regrant_providers::AwsKms::connect(settings).await;
    KeySource::of_service(Arc::new(kms.expect("moto responds")), "test".to_owned())
}

fn passphrase() -> Passphrase {
    Passphrase::parse("correct horse battery staple".to_owned()).expect("a passphrase")
}
