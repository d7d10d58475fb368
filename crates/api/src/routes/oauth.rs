//! Access tokens for clients (RFC 6749 §4.4), and the public keys that verify them.
//!
//! The rule: the token endpoint answers with OAuth errors, and an unknown client gets the response of a wrong secret.
//! `oauth/client_credentials.rs` reads the request.

mod client_credentials;

use actix_web::{
    HttpResponse, HttpResponseBuilder, ResponseError, get,
    http::{StatusCode, header},
    post,
    web::Data,
};
use regrant_vault::{ApiToken, Error, Vault};
use serde::Serialize;
use utoipa::ToSchema;

use self::client_credentials::{ClientCredentials, TokenRequest};
use crate::{extract::CallerAddress, problem::Problem, rate_limit::RateLimits};

/// An access token for this API.
#[derive(Serialize, ToSchema)]
#[schema(as = AccessToken)]
pub(crate) struct AccessTokenOut {
    /// Access token, to be sent as `Authorization: Bearer …`.
    access_token: String,
    /// `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Lifetime in seconds.
    expires_in: i64,
    /// Scopes of the token.
    #[schema(example = "assets:read reconnects:write")]
    scope: String,
}

/// An error of the token endpoint (RFC 6749 §5.2).
#[derive(Debug, Serialize, ToSchema, thiserror::Error)]
#[error("{error}")]
pub(crate) struct OauthError {
    #[serde(skip)]
    status: u16,
    /// `invalid_request`, `invalid_client`, `invalid_scope`, `unsupported_grant_type` or `server_error`.
    #[schema(example = "invalid_client")]
    error: &'static str,
    /// Description in one sentence.
    error_description: String,
}

/// Public keys of this installation.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the JSON that the vault returns")]
pub(crate) struct KeySet {
    /// Keys (RFC 7517).
    keys: Vec<serde_json::Map<String, serde_json::Value>>,
}

/// Exchange a client's id and secret for an access token.
///
/// The client authenticates with HTTP Basic or with form fields, not with both.
#[utoipa::path(
    tag = "access",
    security((), ("client" = [])),
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The token.", body = AccessTokenOut),
        (status = 400, description = "The request is not valid.", body = OauthError),
        (status = 401, description = "The client is unknown, or its secret is wrong.", body = OauthError),
        (status = 500, description = "This installation has a fault.", body = OauthError),
    ),
)]
#[post("/oauth/token")]
pub(crate) async fn create_token(
    vault: Data<Vault>,
    address: CallerAddress,
    client: ClientCredentials,
    limits: Data<RateLimits>,
) -> Result<HttpResponse, actix_web::Error> {
    let failures = &limits.failures;
    let attempt = failures.describe_attempt(address, client.id, &client.secret);
    failures.admit_attempt(attempt).map_err(Problem::from)?;
    let issued = vault
        .issue_token(client.id, &client.secret, client.scope, address.0)
        .await;
    match &issued {
        Ok(_) => failures.record_success(attempt),
        Err(Error::Unauthenticated) => failures.record_failure(attempt),
        Err(_) => (),
    }
    let issued = issued.map_err(OauthError::from)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::PRAGMA, "no-cache"))
        .json(AccessTokenOut::from(issued)))
}

/// List the public keys that verify access tokens.
#[utoipa::path(tag = "access", responses((status = 200, description = "The keys.", body = KeySet)))]
#[get("/.well-known/jwks.json")]
pub(crate) async fn list_signing_keys(vault: Data<Vault>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .json(vault.public_key_set().await)
}

/// List the public keys that verify checkpoints and receipts: those of retired keys, too, for as long as the audit is kept.
#[utoipa::path(tag = "access", responses((status = 200, description = "The keys.", body = KeySet)))]
#[get("/.well-known/statement-keys.json")]
pub(crate) async fn list_statement_keys(vault: Data<Vault>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=300"))
        .json(vault.statement_key_set().await)
}

impl From<ApiToken> for AccessTokenOut {
    fn from(it: ApiToken) -> Self {
        let (access_token, expires_in) = (it.access_token, it.expires_in);
        Self {
            access_token,
            token_type: "Bearer",
            expires_in,
            scope: it.scope.to_string(),
        }
    }
}

impl OauthError {
    pub(crate) fn with_code(error: &'static str, description: impl Into<String>) -> Self {
        Self {
            status: 400,
            error,
            error_description: description.into(),
        }
    }

    pub(crate) fn invalid_client() -> Self {
        let error_description = "The client is unknown, or its secret is wrong.".to_owned();
        Self {
            status: 401,
            error: "invalid_client",
            error_description,
        }
    }
}

impl From<Error> for OauthError {
    fn from(error: Error) -> Self {
        match error {
            Error::Unauthenticated => Self::invalid_client(),
            Error::ScopeNotHeld => Self::with_code(
                "invalid_scope",
                "The client does not hold a requested scope.",
            ),
            other => {
                let problem = Problem::from(other);
                let error_description = format!("Internal error ({problem}).");
                Self {
                    status: problem.status_code().as_u16(),
                    error: "server_error",
                    error_description,
                }
            }
        }
    }
}

impl ResponseError for OauthError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponseBuilder::new(self.status_code());
        if self.status == 401 {
            response.insert_header((
                header::WWW_AUTHENTICATE,
                r#"Basic realm="regrant", charset="UTF-8""#,
            ));
        }
        response.json(self)
    }
}
