//! The ids of key-encryption keys (KEKs) that a service names in its own way.
//!
//! The rule: the id follows from the name alone, so that every process computes the same one.

use regrant_crypto::ProviderKind;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The id of the key with this name.
pub(crate) fn derive_kek_id(kind: ProviderKind, names: &[&str]) -> Uuid {
    let mut hash = Sha256::new_with_prefix(b"regrant/kek-id/v1\0");
    for part in std::iter::once(&kind.name()).chain(names) {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let digest: [u8; 32] = hash.finalize().into();
    let (head, _) = digest.split_first_chunk::<16>().unwrap_or((&[0; 16], &[]));
    Uuid::new_v8(*head)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_depends_on_the_provider_and_on_every_name() {
        let id = derive_kek_id(ProviderKind::Transit, &["transit", "regrant"]);
        assert_eq!(id.to_string(), "23cb040c-6c7d-894d-8434-ff2df7d65bd4");
        for (kind, names) in [
            (ProviderKind::Pkcs11, ["transit", "regrant"]),
            (ProviderKind::Transit, ["transit", "regranT"]),
            (ProviderKind::Transit, ["transi", "tregrant"]),
        ] {
            assert_ne!(derive_kek_id(kind, &names), id);
        }
    }
}
