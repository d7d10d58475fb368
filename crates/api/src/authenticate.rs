//! The wall before `/v1`: nobody passes without a good access token, whatever the body holds.
//!
//! The rule: the token comes in the Authorization header and nowhere else, and it is decided on before a
//! byte of the body is read. Who passes is left for [`crate::caller::Caller`].

use std::net::IpAddr;

use actix_web::{
    Error, HttpMessage, HttpRequest,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    http::header::{self, HeaderMap},
    middleware::Next,
    web::Data,
};
use regrant_vault::{Presented, Principal, Vault};

use crate::problem::{Code, Problem, unauthenticated};

/// Middleware: answers 401 or leaves the [`Principal`] with the request.
pub(crate) async fn authenticate(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    match identify(&request).await {
        Ok(principal) => {
            request.extensions_mut().insert(principal);
            Ok(next.call(request).await?.map_into_left_body())
        }
        Err(problem) => Ok(request.error_response(problem).map_into_right_body()),
    }
}

async fn identify(request: &ServiceRequest) -> Result<Principal, Problem> {
    let vault =
        request.app_data::<Data<Vault>>().ok_or_else(|| Problem::new(Code::Internal, "not set up"))?;
    let token = bearer(request.headers())?;
    let (address, proof) = (caller_address(request.request()), proof(request.headers()));
    Ok(vault.authenticate(Presented { token, address, proof }).await?)
}

/// Where a call comes from. An address that is not known is nobody's: no client is confined to it.
pub(crate) fn caller_address(request: &HttpRequest) -> IpAddr {
    request.peer_addr().map_or(IpAddr::from([0, 0, 0, 0]), |it| it.ip())
}

/// The one proof of a call. Two are none: which of them counts, nobody can say.
fn proof(headers: &HeaderMap) -> Option<&str> {
    let mut given = headers.get_all("x-regrant-proof");
    match (given.next(), given.next()) {
        (Some(value), None) => value.to_str().ok(),
        _ => None,
    }
}

/// The one bearer token of the one Authorization header (RFC 6750 §2.1).
pub(crate) fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut given = headers.get_all(header::AUTHORIZATION);
    let value = match (given.next(), given.next()) {
        (Some(value), None) => value.to_str().ok(),
        (None, _) => return Err(unauthenticated("", "This call needs an access token.")),
        (Some(_), Some(_)) => None,
    };
    let token =
        value.and_then(|it| it.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let malformed = || unauthenticated("invalid_request", "Send one header `Authorization: Bearer …`.");
    token.map(|(_, token)| token.trim()).filter(|it| !it.is_empty()).ok_or_else(malformed)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn read(values: &[&str]) -> Option<String> {
        let request = values
            .iter()
            .fold(TestRequest::default(), |it, value| it.append_header(("Authorization", *value)));
        bearer(request.to_http_request().headers()).ok().map(str::to_owned)
    }

    #[test]
    fn one_bearer_token_is_read_in_any_spelling_of_the_scheme() {
        assert_eq!(read(&["Bearer a.b.c"]).as_deref(), Some("a.b.c"));
        assert_eq!(read(&["bearer a.b.c"]).as_deref(), Some("a.b.c"));
    }

    #[test]
    fn everything_else_is_no_token() {
        for values in
            [&[][..], &["Basic YTpi"], &["Bearer"], &["Bearer "], &["a.b.c"], &["Bearer a", "Bearer b"]]
        {
            assert_eq!(read(values), None, "{values:?}");
        }
    }
}
