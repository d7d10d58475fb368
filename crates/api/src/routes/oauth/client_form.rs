//! The form of a call under `/oauth`, and the client that sends it (RFC 6749 §2.3.1).
//!
//! The rule: a call authenticates in one way and gives each parameter once; unknown parameters are ignored. Failed log-ins
//! are counted, and an unknown client looks like a wrong secret. A call that passes counts as one of its tenant before it
//! has an effect.

use std::{future::Future, pin::Pin};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{self, HeaderMap},
    web::Data,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use regrant_domain::{ClientId, ClientSecret};
use regrant_vault::{ClientLogIn, Error, LoggedInClient, Vault};
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::{
    extract::CallerAddress,
    json::{Body, parse_pairs, read_request},
    problem::{Code, Problem},
    rate_limit::RateLimits,
};

const FORM_MEDIA_TYPE: &str = "application/x-www-form-urlencoded";

/// A form, and the client that sends it; the client is not verified yet.
struct ClientForm<T> {
    /// `None` if the text is no id of a client; it is handled like an unknown one.
    id: Option<ClientId>,
    secret: ClientSecret,
    address: CallerAddress,
    form: T,
}

/// A form of a client that is logged in, and whose call is counted.
pub(crate) struct LoggedInForm<T> {
    pub(crate) client: LoggedInClient,
    pub(crate) form: T,
}

/// A form that may name the client that sends it.
pub(crate) trait FormOfClient {
    /// The id and the secret in the form.
    fn take_client(&mut self) -> (Option<String>, Option<ClientSecret>);
}

impl<T: DeserializeOwned + FormOfClient + 'static> FromRequest for ClientForm<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let basic = read_basic(request.headers());
        let address = CallerAddress::find_behind_proxies(request);
        let body = Body::take_from(request, payload);
        Box::pin(async move {
            let bytes = body.read_bytes(FORM_MEDIA_TYPE).await?;
            let mut form: T = read_form(&bytes)?;
            let (id, secret) = choose_credentials(basic?, form.take_client())?;
            let id = id.parse().ok();
            Ok(Self {
                id,
                secret,
                address,
                form,
            })
        })
    }
}

impl<T> ClientForm<T> {
    /// Logs the client in, unless too many log-ins failed, and counts a failure.
    async fn log_in(&self, vault: &Vault, limits: &RateLimits) -> Result<LoggedInClient, Problem> {
        let failures = &limits.failures;
        let attempt = failures.describe_attempt(self.address, self.id, &self.secret);
        failures.admit_attempt(attempt)?;
        let client = ClientLogIn {
            client: self.id,
            secret: &self.secret,
            address: self.address.0,
        };
        let done = vault.authenticate_client(client).await;
        match &done {
            Ok(_) => failures.record_success(attempt),
            Err(Error::Unauthenticated) => failures.record_failure(attempt),
            Err(_) => (),
        }
        done.map_err(|error| match error {
            Error::Unauthenticated => invalid_client(),
            other => other.into(),
        })
    }
}

impl<T: DeserializeOwned + FormOfClient + 'static> FromRequest for LoggedInForm<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let form = ClientForm::<T>::from_request(request, payload);
        let vault = request.app_data::<Data<Vault>>().cloned();
        let limits = request.app_data::<Data<RateLimits>>().cloned();
        Box::pin(async move {
            let (Some(vault), Some(limits)) = (vault, limits) else {
                return Err(Problem::new(Code::Internal, "not set up"));
            };
            let call = form.await?;
            let client = call.log_in(&vault, &limits).await?;
            limits.count_caller(&client.caller)?;
            let form = call.form;
            Ok(Self { client, form })
        })
    }
}

fn choose_credentials(
    basic: Option<(String, ClientSecret)>,
    in_form: (Option<String>, Option<ClientSecret>),
) -> Result<(String, ClientSecret), Problem> {
    match (basic, in_form) {
        (Some(basic), (None, None)) => Ok(basic),
        (Some((id, secret)), (Some(same), None)) if same == id => Ok((id, secret)),
        (None, (Some(id), Some(secret))) => Ok((id, secret)),
        (Some(_), _) => Err(malformed_form(
            "Authenticate with HTTP Basic or with form fields, not with both.",
        )),
        (None, _) => Err(invalid_client()),
    }
}

/// The parameters of a form that the type names; others are ignored.
fn read_form<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|_| malformed_form("The form is not UTF-8."))?;
    let pairs = parse_pairs(text).map_err(|_| malformed_form("The form is not URL-encoded."))?;
    read_request(pairs)
        .map_err(|_| malformed_form("A parameter is missing, repeated or not valid."))
}

fn malformed_form(detail: &'static str) -> Problem {
    Problem::new(Code::MalformedForm, detail)
}

fn invalid_client() -> Problem {
    Problem::new(
        Code::InvalidClient,
        "The client is unknown, or its secret is wrong.",
    )
}

/// The id and the secret of HTTP Basic, which are URL-encoded in it.
fn read_basic(headers: &HeaderMap) -> Result<Option<(String, ClientSecret)>, Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else {
        return Ok(None);
    };
    parse_basic(value.to_str().unwrap_or_default())
        .map(Some)
        .ok_or_else(invalid_client)
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
    use crate::routes::oauth::token::TokenRequest;

    fn refusal(form: &str, basic: Option<&str>) -> Option<String> {
        let form = read_form::<TokenRequest>(form.as_bytes());
        form.and_then(|mut it| choose_credentials(basic.and_then(parse_basic), it.take_client()))
            .err()
            .map(|it| it.to_string())
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
        assert_eq!(refusal("grant_type=x", basic), None);
        assert_eq!(refusal("grant_type=x&client_id=cli_1", basic), None);
        let in_form = "grant_type=x&client_id=cli_1&client_secret=s";
        assert_eq!(refusal(in_form, None), None);
        assert_eq!(refusal(in_form, basic).as_deref(), Some("malformed_form"));
        let none = refusal("grant_type=x", None);
        assert_eq!(none.as_deref(), Some("invalid_client"));
    }

    #[test]
    fn a_repeated_parameter_is_refused_and_an_unknown_one_is_ignored() {
        let basic = Some("Basic Y2xpXzE6c2VjcmV0");
        let repeated = refusal("grant_type=x&grant_type=y", basic);
        assert_eq!(repeated.as_deref(), Some("malformed_form"));
        assert_eq!(refusal("grant_type=x&resource=b", basic), None);
    }
}
