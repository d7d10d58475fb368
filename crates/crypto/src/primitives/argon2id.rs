//! Argon2id (RFC 9106): the key of a passphrase or a password.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use zeroize::Zeroizing;

/// Memory in KiB, passes and lanes. The user of the costs checks their bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Argon2Costs {
    pub(crate) m_kib: u32,
    pub(crate) t: u32,
    pub(crate) p: u32,
}

/// Derives 32 bytes from a secret with Argon2id. `None`: there is not enough memory.
pub(crate) fn stretch_secret(
    costs: Argon2Costs,
    secret: &[u8],
    salt: &[u8; 16],
) -> Option<Zeroizing<[u8; 32]>> {
    let params = Params::new(costs.m_kib, costs.t, costs.p, Some(32)).ok()?;
    let mut memory = allocate_memory(&params)?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(secret, salt, key.as_mut_slice(), memory.as_mut_slice())
        .ok()?;
    Some(key)
}

/// Allocates the memory here, because the crate frees its own without zeroing it.
fn allocate_memory(params: &Params) -> Option<Zeroizing<Vec<Block>>> {
    let mut blocks = Vec::new();
    blocks.try_reserve_exact(params.block_count()).ok()?;
    blocks.resize(params.block_count(), Block::default());
    Some(Zeroizing::new(blocks))
}
