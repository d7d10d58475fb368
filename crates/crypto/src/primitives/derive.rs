//! Key derivation: HKDF-SHA256 (RFC 5869), the only way to derive one key from another.

use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

/// Derives `N` bytes. The parts of `info` are concatenated, so they must have fixed lengths.
pub(crate) fn derive_key<const N: usize>(
    ikm: &[u8],
    salt: &[u8],
    info: &[&[u8]],
) -> Zeroizing<[u8; N]> {
    const { assert!(N <= 255 * 32, "HKDF-SHA256 gives at most 255 blocks") };
    let mut okm = Zeroizing::new([0; N]);
    Hkdf::<Sha256>::new(Some(salt), ikm)
        .expand_multi_info(info, okm.as_mut_slice())
        .expect("the length was checked when this compiled");
    okm
}
