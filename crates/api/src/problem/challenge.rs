//! Problems of calls whose credential is refused, each with its challenge (RFC 6750 §3, RFC 9449 §7.1).
//!
//! The rule: a problem has the challenge of the scheme it speaks of; `envelope/challenge.rs` adds what depends on the call.

use actix_web::http::header;
use regrant_domain::Permission;
use regrant_vault::PROOF_ALGORITHMS;

use super::{Code, Problem};

/// The realm of all challenges.
pub(crate) const REALM: &str = r#"realm="regrant""#;

/// The access token is missing or not valid; `error` is the code of RFC 6750, empty if no token came.
pub(crate) fn unauthenticated_problem(error: &str, detail: &'static str) -> Problem {
    let challenge = match error {
        "" => format!("Bearer {REALM}"),
        error => format!(r#"Bearer {REALM}, error="{error}""#),
    };
    Problem::new(Code::Unauthenticated, detail).with_header(header::WWW_AUTHENTICATE, challenge)
}

/// The access token lacks this scope (RFC 6750 §3.1).
pub(super) fn missing_scope(permission: Permission) -> Problem {
    let scope = permission.as_str();
    let challenge = format!(r#"Bearer {REALM}, error="insufficient_scope", scope="{scope}""#);
    Problem::new(
        Code::MissingScope,
        format!("This call needs the scope `{scope}`."),
    )
    .with_header(header::WWW_AUTHENTICATE, challenge)
}

/// The call needs a proof of the client's key. The response does not say which check failed.
pub(super) fn proof_problem() -> Problem {
    let detail = "This call must be proved with the key of the client: send `Authorization: DPoP …` with a token that is \
                  bound to the key, and a header `DPoP` with a new proof for this call.";
    Problem::new(Code::ProofRequired, detail).with_header(
        header::WWW_AUTHENTICATE,
        proof_challenge("invalid_dpop_proof"),
    )
}

/// The proof needs a nonce, which the response has.
pub(super) fn nonce_problem() -> Problem {
    let detail = "The proof of the key needs the nonce of the header `DPoP-Nonce`.";
    Problem::new(Code::NonceRequired, detail)
        .with_header(header::WWW_AUTHENTICATE, proof_challenge("use_dpop_nonce"))
}

/// The member of a challenge that names the algorithms of proofs.
pub(crate) fn proof_algorithms() -> String {
    format!(r#"algs="{}""#, PROOF_ALGORITHMS.join(" "))
}

fn proof_challenge(error: &str) -> String {
    format!(r#"DPoP {REALM}, error="{error}", {}"#, proof_algorithms())
}
