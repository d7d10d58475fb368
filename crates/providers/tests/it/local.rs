//! The keyring.

use regrant_crypto::{KeySource, Keyring, LocalKeys, ProviderKind};

use crate::conformance::{Bench, Rotation, check_provider};

struct LocalBench;

impl Bench for LocalBench {
    const KIND: ProviderKind = ProviderKind::Local;
    const ROTATION: Rotation = Rotation::Versions;

    async fn source(&self, _: &str) -> KeySource {
        LocalKeys::from(Keyring::in_memory().unwrap()).into()
    }

    async fn set_down(&self, _: bool) -> bool {
        false
    }

    async fn replace_key(&self) -> bool {
        false
    }

    async fn remove_key(&self) -> bool {
        false
    }
}

#[tokio::test]
async fn the_keyring_conforms() {
    check_provider(&LocalBench).await;
}
