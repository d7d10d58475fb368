//! Secrets of API clients, and the proofs that a client makes with a key of its own.

mod client_secret;
mod key_proof;

pub use client_secret::{SecretHash, mint_client_secret};
pub use key_proof::{KeyProof, PROOF_ALGORITHMS, ProvedCall};
