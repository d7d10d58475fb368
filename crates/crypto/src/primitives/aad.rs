//! Associated data: what a ciphertext is bound to without holding it.

/// The domain, then each field as `u32 length, bytes`: no field can bleed into its neighbour.
/// `None`: a field is longer than its length can say.
pub(crate) fn aad(domain: &[u8], fields: &[&[u8]]) -> Option<Vec<u8>> {
    let mut aad = domain.to_vec();
    for field in fields {
        aad.extend_from_slice(&u32::try_from(field.len()).ok()?.to_be_bytes());
        aad.extend_from_slice(field);
    }
    Some(aad)
}
