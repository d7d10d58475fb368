//! The access token of a call, and the scheme that it was sent with.
//!
//! The rule: the token comes only in the Authorization header, and that header is there once.

use actix_web::http::header::{self, HeaderMap};

use crate::problem::{Problem, unauthenticated_problem};

/// How a token is sent in the Authorization header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenScheme {
    /// The holder of the token may use it (RFC 6750).
    Bearer,
    /// The call is proved with the key that the token is bound to (RFC 9449).
    Dpop,
}

/// The access token of a call, and its scheme (RFC 6750 §2.1, RFC 9449 §7.1).
pub(super) fn read_access_token(headers: &HeaderMap) -> Result<(TokenScheme, &str), Problem> {
    parse_header(
        headers,
        "Send one header `Authorization: Bearer …` or `Authorization: DPoP …`.",
    )
}

/// The access token of a call that accepts no token that is bound to a key.
pub(crate) fn read_bearer_token(headers: &HeaderMap) -> Result<&str, Problem> {
    let detail = "Send one header `Authorization: Bearer …`.";
    match parse_header(headers, detail)? {
        (TokenScheme::Bearer, token) => Ok(token),
        (TokenScheme::Dpop, _) => Err(unauthenticated_problem("invalid_request", detail)),
    }
}

/// Whether the call has an access token that is said to be bound to a key.
pub(crate) fn uses_dpop_scheme(headers: &HeaderMap) -> bool {
    read_access_token(headers).is_ok_and(|(scheme, _)| scheme == TokenScheme::Dpop)
}

fn parse_header<'a>(
    headers: &'a HeaderMap,
    malformed: &'static str,
) -> Result<(TokenScheme, &'a str), Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION);
    let value = match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().ok(),
        (None, _) => {
            let detail = "This call needs an access token.";
            return Err(unauthenticated_problem("", detail));
        }
        (Some(_), Some(_)) => None,
    };
    value
        .and_then(parse_credential)
        .ok_or_else(|| unauthenticated_problem("invalid_request", malformed))
}

fn parse_credential(value: &str) -> Option<(TokenScheme, &str)> {
    let (name, token) = value.split_once(' ')?;
    let scheme = if name.eq_ignore_ascii_case("bearer") {
        TokenScheme::Bearer
    } else if name.eq_ignore_ascii_case("dpop") {
        TokenScheme::Dpop
    } else {
        return None;
    };
    let token = token.trim();
    (!token.is_empty()).then_some((scheme, token))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn read(values: &[&str]) -> Option<(TokenScheme, String)> {
        let request = values.iter().fold(TestRequest::default(), |it, value| {
            it.append_header(("Authorization", *value))
        });
        let request = request.to_http_request();
        let read = read_access_token(request.headers()).ok();
        read.map(|(scheme, token)| (scheme, token.to_owned()))
    }

    #[test]
    fn one_token_is_read_in_any_spelling_of_the_scheme() {
        for (value, scheme) in [
            ("Bearer a.b.c", TokenScheme::Bearer),
            ("bearer a.b.c", TokenScheme::Bearer),
            ("DPoP a.b.c", TokenScheme::Dpop),
            ("dpop a.b.c", TokenScheme::Dpop),
        ] {
            assert_eq!(
                read(&[value]),
                Some((scheme, "a.b.c".to_owned())),
                "{value}"
            );
        }
    }

    #[test]
    fn any_other_header_is_refused() {
        for values in [
            &[][..],
            &["Basic YTpi"],
            &["Bearer"],
            &["Bearer "],
            &["DPoP "],
            &["a.b.c"],
            &["Bearer a", "Bearer b"],
            &["Bearer a", "DPoP a"],
        ] {
            assert_eq!(read(values), None, "{values:?}");
        }
    }

    #[test]
    fn a_call_that_accepts_no_bound_token_reads_none() {
        let read = |value| {
            let request = TestRequest::default().insert_header(("Authorization", value));
            read_bearer_token(request.to_http_request().headers()).map(str::to_owned)
        };
        assert_eq!(read("Bearer a.b.c").ok().as_deref(), Some("a.b.c"));
        assert!(read("DPoP a.b.c").is_err());
    }
}
