//! Challenges of responses that refuse a credential.
//!
//! The rule: a challenge under `/v1` says where a program finds out how to log in (RFC 9728 §5.1). It is for the scheme that
//! the call used; a call without a valid token learns of both schemes (RFC 9449 §7.1). Under `/oauth` only a call that used
//! the Authorization header is challenged (RFC 6749 §5.2): programs that sent a form read the error.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{self, HeaderMap, HeaderValue},
    },
};

use crate::{
    access::uses_dpop_scheme,
    extract::public_address,
    problem::{REALM, proof_algorithms},
    routes::RESOURCE_METADATA_PATH,
};

const BASIC: HeaderValue = HeaderValue::from_static(r#"Basic realm="regrant", charset="UTF-8""#);

/// Adds what the challenges of a refusal lack.
pub(super) fn complete_challenges(request: &HttpRequest, response: &mut HttpResponse) {
    let path = request.match_info().as_str();
    let is_unauthenticated = response.status() == StatusCode::UNAUTHORIZED;
    if path.starts_with("/v1") {
        let metadata = format!("{}{RESOURCE_METADATA_PATH}", public_address(request));
        let schemes = if uses_dpop_scheme(request.headers()) {
            Schemes::Dpop
        } else if is_unauthenticated {
            Schemes::Both
        } else {
            Schemes::AsRefused
        };
        complete_api_challenges(response.headers_mut(), schemes, &metadata);
    } else if path.starts_with("/oauth/")
        && is_unauthenticated
        && request.headers().contains_key(header::AUTHORIZATION)
    {
        let headers = response.headers_mut();
        headers.insert(header::WWW_AUTHENTICATE, BASIC);
    }
}

/// The schemes that the challenges of a refusal are for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Schemes {
    /// The call used the scheme DPoP.
    Dpop,
    /// The call has no valid token of either scheme.
    Both,
    /// As the problem says.
    AsRefused,
}

/// Changes each challenge to the scheme of the call, and names the address of the metadata in it.
fn complete_api_challenges(headers: &mut HeaderMap, schemes: Schemes, metadata: &str) {
    let refused: Vec<_> = headers.remove(header::WWW_AUTHENTICATE).collect();
    let refused = refused.iter().filter_map(|it| it.to_str().ok());
    let mut challenges: Vec<_> = refused.map(str::to_owned).collect();
    let dpop = |members: &str| format!("DPoP {members}, {}", proof_algorithms());
    for challenge in &mut challenges {
        if schemes == Schemes::Dpop
            && let Some(members) = challenge.strip_prefix("Bearer ")
        {
            *challenge = dpop(members);
        }
    }
    if schemes == Schemes::Both && challenges.iter().all(|it| it.starts_with("Bearer ")) {
        challenges.push(dpop(REALM));
    }
    for challenge in challenges {
        let named = format!(r#"{challenge}, resource_metadata="{metadata}""#);
        if let Ok(named) = HeaderValue::try_from(named) {
            headers.append(header::WWW_AUTHENTICATE, named);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complete(challenge: &'static str, schemes: Schemes) -> Vec<String> {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static(challenge),
        );
        complete_api_challenges(&mut headers, schemes, "https://a.example/m");
        let named = r#", resource_metadata="https://a.example/m""#;
        headers
            .get_all(header::WWW_AUTHENTICATE)
            .map(|it| it.to_str().unwrap().strip_suffix(named).unwrap().to_owned())
            .collect()
    }

    #[test]
    fn a_challenge_is_for_the_scheme_of_the_call() {
        let algorithms = r#"algs="ES256 ES384 EdDSA Ed25519 PS256 RS256""#;
        let bearer = r#"Bearer realm="regrant", error="invalid_token""#;
        let of_proof = format!(r#"DPoP realm="regrant", error="invalid_token", {algorithms}"#);
        assert_eq!(complete(bearer, Schemes::Dpop), [of_proof]);
        let offered = format!(r#"DPoP realm="regrant", {algorithms}"#);
        assert_eq!(complete(bearer, Schemes::Both), [bearer, &offered]);
        let scope = r#"Bearer realm="regrant", error="insufficient_scope", scope="audit:read""#;
        assert_eq!(complete(scope, Schemes::AsRefused), [scope]);
    }

    #[test]
    fn a_challenge_about_a_proof_stays() {
        let about_proof = r#"DPoP realm="regrant", error="use_dpop_nonce", algs="ES256""#;
        for schemes in [Schemes::Dpop, Schemes::Both] {
            assert_eq!(complete(about_proof, schemes), [about_proof]);
        }
    }
}
