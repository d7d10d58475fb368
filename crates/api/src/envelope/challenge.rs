//! Challenges of responses that refuse a credential.
//!
//! The rule: a challenge under `/v1` says where a program finds out how to log in (RFC 9728 §5.1). Under `/oauth` only a
//! call that used the Authorization header is challenged (RFC 6749 §5.2): programs that sent a form read the error.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{self, HeaderMap, HeaderValue},
    },
};

use crate::{extract::public_address, routes::RESOURCE_METADATA_PATH};

const BASIC: HeaderValue = HeaderValue::from_static(r#"Basic realm="regrant", charset="UTF-8""#);

/// Adds what the challenges of a refusal lack.
pub(super) fn complete_challenges(request: &HttpRequest, response: &mut HttpResponse) {
    let path = request.match_info().as_str();
    let is_unauthenticated = response.status() == StatusCode::UNAUTHORIZED;
    if path.starts_with("/v1") {
        let base = public_address(request);
        name_metadata(
            response.headers_mut(),
            &format!("{base}{RESOURCE_METADATA_PATH}"),
        );
    } else if path.starts_with("/oauth/")
        && is_unauthenticated
        && request.headers().contains_key(header::AUTHORIZATION)
    {
        let headers = response.headers_mut();
        headers.insert(header::WWW_AUTHENTICATE, BASIC);
    }
}

/// Names the address of the metadata in each challenge.
fn name_metadata(headers: &mut HeaderMap, metadata: &str) {
    let challenges: Vec<_> = headers.remove(header::WWW_AUTHENTICATE).collect();
    for challenge in challenges {
        let named = challenge.to_str().ok().and_then(|it| {
            format!(r#"{it}, resource_metadata="{metadata}""#)
                .parse()
                .ok()
        });
        headers.append(header::WWW_AUTHENTICATE, named.unwrap_or(challenge));
    }
}
