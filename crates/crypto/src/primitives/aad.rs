//! Associated data: bytes that a ciphertext is bound to without containing them.

/// The domain, then each field as `u32 length, bytes`, so that no byte can move from one field to the next.
/// `None`: a field is longer than a `u32` can express.
pub(crate) fn build_aad(domain: &[u8], fields: &[&[u8]]) -> Option<Vec<u8>> {
    let mut aad = domain.to_vec();
    for field in fields {
        aad.extend_from_slice(&u32::try_from(field.len()).ok()?.to_be_bytes());
        aad.extend_from_slice(field);
    }
    Some(aad)
}
