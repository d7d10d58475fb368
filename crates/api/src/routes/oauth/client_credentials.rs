//! The request of the token endpoint: who the client is (RFC 6749 §2.3.1), and which scopes it requests.
//!
//! The rule: a call authenticates in one way and gives each parameter once; unknown parameters are ignored.

use std::{future::Future, pin::Pin};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{self, HeaderMap},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use regrant_domain::{ClientId, ClientSecret, Permissions};
use serde::Deserialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::OauthError;
use crate::json::{Body, parse_pairs, read_request};

const FORM_MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

/// The form of the token endpoint.
#[derive(Deserialize, ToSchema)]
pub(crate) struct TokenRequest {
    /// `client_credentials`.
    #[schema(example = "client_credentials")]
    grant_type: String,
    /// Scopes, separated by spaces; by default all scopes of the client.
    scope: Option<String>,
    /// Id of the client, unless HTTP Basic gives it.
    client_id: Option<String>,
    /// Secret of the client, unless HTTP Basic gives it.
    #[schema(value_type = Option<String>)]
    client_secret: Option<ClientSecret>,
}

/// A client that requests an access token.
pub(crate) struct ClientCredentials {
    /// `None` if the text is no id of a client; it is handled like an unknown one.
    pub(crate) id: Option<ClientId>,
    pub(crate) secret: ClientSecret,
    pub(crate) scope: Option<Permissions>,
}

impl FromRequest for ClientCredentials {
    type Error = OauthError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, OauthError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let basic = read_basic(request.headers());
        let body = Body::take_from(request, payload);
        Box::pin(async move {
            let bytes = body
                .read_bytes(FORM_MEDIA_TYPE)
                .await
                .map_err(|_| malformed_request("Send a small URL-encoded form."))?;
            let text = std::str::from_utf8(&bytes)
                .map_err(|_| malformed_request("The form is not UTF-8."))?;
            let form =
                parse_pairs(text).map_err(|_| malformed_request("The form is not URL-encoded."))?;
            let form: TokenRequest = read_request(form)
                .map_err(|_| malformed_request("A parameter is missing, repeated or not valid."))?;
            form.into_credentials(basic?)
        })
    }
}

impl TokenRequest {
    fn into_credentials(
        self,
        basic: Option<(String, ClientSecret)>,
    ) -> Result<ClientCredentials, OauthError> {
        if self.grant_type != "client_credentials" {
            return Err(OauthError::with_code(
                "unsupported_grant_type",
                "Only client_credentials is supported.",
            ));
        }
        let scope = self.scope.as_deref().map(parse_scope).transpose()?;
        let (id, secret) = match (basic, self.client_id, self.client_secret) {
            (Some(basic), None, None) => basic,
            (Some((id, secret)), Some(same), None) if same == id => (id, secret),
            (None, Some(id), Some(secret)) => (id, secret),
            (Some(_), _, _) => {
                return Err(malformed_request(
                    "Authenticate with HTTP Basic or with form fields, not with both.",
                ));
            }
            (None, _, _) => return Err(OauthError::invalid_client()),
        };
        Ok(ClientCredentials {
            id: id.parse().ok(),
            secret,
            scope,
        })
    }
}

fn parse_scope(text: &str) -> Result<Permissions, OauthError> {
    let scope = text.parse().ok().filter(|it: &Permissions| !it.is_empty());
    scope.ok_or_else(|| OauthError::with_code("invalid_scope", "The scope is unknown."))
}

fn malformed_request(description: &str) -> OauthError {
    OauthError::with_code("invalid_request", description)
}

/// The id and the secret of HTTP Basic, which are URL-encoded in it.
fn read_basic(headers: &HeaderMap) -> Result<Option<(String, ClientSecret)>, OauthError> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    parse_basic(value.to_str().unwrap_or_default())
        .map(Some)
        .ok_or_else(OauthError::invalid_client)
}

fn parse_basic(value: &str) -> Option<(String, ClientSecret)> {
    let (scheme, encoded) = value.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = Zeroizing::new(STANDARD.decode(encoded.trim()).ok()?);
    let (id, secret) = std::str::from_utf8(&bytes).ok()?.split_once(':')?;
    Some((
        decode_form_value(id)?.to_string(),
        ClientSecret::parse(decode_form_value(secret)?).ok()?,
    ))
}

/// Decodes one value of `application/x-www-form-urlencoded`.
fn decode_form_value(text: &str) -> Option<Zeroizing<String>> {
    let mut decoded = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => hex_value(bytes.next()?)?
                .checked_mul(16)?
                .checked_add(hex_value(bytes.next()?)?)?,
            other => other,
        });
    }
    Some(Zeroizing::new(
        std::str::from_utf8(&decoded).ok()?.to_owned(),
    ))
}

fn hex_value(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|it| u8::try_from(it).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(text: &str) -> TokenRequest {
        read_request(parse_pairs(text).unwrap()).unwrap_or_else(|faults| panic!("{faults:?}"))
    }

    fn refusal(form: &str, basic: Option<&str>) -> Option<OauthError> {
        request(form)
            .into_credentials(basic.and_then(parse_basic))
            .err()
    }

    #[test]
    fn basic_credentials_are_url_decoded() {
        // cli_1:a+b%2Fc
        let (id, secret) = parse_basic("Basic Y2xpXzE6YSUyYmIlMkZj").unwrap();
        assert_eq!((id.as_str(), secret.expose()), ("cli_1", "a+b/c"));
    }

    #[test]
    fn malformed_basic_credentials_are_refused() {
        for value in [
            "Bearer x",
            "Basic",
            "Basic !!!",
            "Basic YWJj",
            "Basic YTo=",
            "Basic YTolZw==",
        ] {
            assert!(parse_basic(value).is_none(), "{value}");
        }
    }

    #[test]
    fn a_client_authenticates_in_one_way() {
        let basic = Some("Basic Y2xpXzE6c2VjcmV0");
        let grant = "grant_type=client_credentials";
        assert!(refusal(grant, basic).is_none());
        assert!(refusal(&format!("{grant}&client_id=cli_1&client_secret=s"), None).is_none());
        let both = refusal(&format!("{grant}&client_id=cli_1&client_secret=s"), basic).unwrap();
        assert_eq!(both.to_string(), "invalid_request");
        assert_eq!(refusal(grant, None).unwrap().to_string(), "invalid_client");
    }

    #[test]
    fn other_grants_and_scopes_are_refused_by_name() {
        let basic = Some("Basic Y2xpXzE6c2VjcmV0");
        assert_eq!(
            refusal("grant_type=password", basic).unwrap().to_string(),
            "unsupported_grant_type"
        );
        let scope = refusal("grant_type=client_credentials&scope=everything", basic).unwrap();
        assert_eq!(scope.to_string(), "invalid_scope");
    }

    #[test]
    fn a_repeated_parameter_is_refused() {
        assert!(
            read_request::<TokenRequest>(parse_pairs("grant_type=a&grant_type=b").unwrap())
                .is_err()
        );
        assert!(
            read_request::<TokenRequest>(parse_pairs("grant_type=a&resource=b").unwrap()).is_ok(),
            "unknown ones are ignored"
        );
    }
}
