//! Secrets of API clients, and the proofs that a client makes with its secret.

mod client_secret;
mod request_proof;

pub use client_secret::{SecretHash, mint_client_secret};
pub use request_proof::{ProofKey, RequestProof};
