//! Random bytes, only from the operating system. A failure is returned: there is no fallback.

use zeroize::Zeroizing;

/// `N` fresh bytes.
pub(crate) fn random_bytes<const N: usize>() -> Result<Zeroizing<[u8; N]>, getrandom::Error> {
    let mut bytes = Zeroizing::new([0; N]);
    getrandom::fill(bytes.as_mut_slice())?;
    Ok(bytes)
}
