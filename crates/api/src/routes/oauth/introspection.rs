//! Introspection of access tokens (RFC 7662).

use actix_web::{HttpResponse, post, web::Data};
use regrant_domain::ClientSecret;
use regrant_vault::{OwnToken, Vault};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    client_form::{FormOfClient, LoggedInForm},
    errors::OauthErrors,
};
use crate::problem::Problem;

/// The form of an introspection.
#[derive(Deserialize, ToSchema)]
pub(crate) struct IntrospectionRequest {
    /// Access token of the client, or of a reconnect session that it opened.
    token: String,
    /// Ignored: there is one type of token.
    #[expect(dead_code, reason = "read, so that it may be sent only once")]
    token_type_hint: Option<String>,
    /// Id of the client, unless HTTP Basic gives it.
    client_id: Option<String>,
    /// Secret of the client, unless HTTP Basic gives it.
    #[schema(value_type = Option<String>)]
    client_secret: Option<ClientSecret>,
}

impl FormOfClient for IntrospectionRequest {
    fn take_client(&mut self) -> (Option<String>, Option<ClientSecret>) {
        (self.client_id.take(), self.client_secret.take())
    }
}

/// What a token is (RFC 7662 §2.2); of a token that is not active only that.
#[derive(Serialize, ToSchema)]
#[schema(as = TokenIntrospection)]
pub(crate) struct IntrospectionOut {
    /// Whether the token is valid, and of this client.
    active: bool,
    #[serde(flatten)]
    token: Option<ActiveTokenOut>,
}

/// A token that is active.
#[derive(Serialize, ToSchema)]
#[schema(as = ActiveToken)]
pub(crate) struct ActiveTokenOut {
    /// Scopes, separated by spaces.
    scope: String,
    /// Client that the token was issued to.
    client_id: String,
    /// `Bearer` or `DPoP`.
    token_type: &'static str,
    /// When it ends, in seconds since 1970.
    exp: i64,
    /// When it was issued, in seconds since 1970.
    iat: i64,
    /// From when it is valid, in seconds since 1970.
    nbf: i64,
    /// Client or reconnect session that holds it.
    sub: String,
    /// Listener that accepts it.
    aud: String,
    /// Issuer.
    iss: String,
    /// Id of the token.
    jti: String,
    /// Key that calls with the token prove.
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<ConfirmationOut>,
}

/// The key of a token (RFC 9449 §6.2).
#[derive(Serialize, ToSchema)]
#[schema(as = TokenConfirmation)]
pub(crate) struct ConfirmationOut {
    /// Thumbprint of the key (RFC 7638).
    jkt: String,
}

/// Ask whether an access token of the client is valid.
///
/// The token may be one of a reconnect session that the client opened. A token of another client looks like one that does
/// not exist.
#[utoipa::path(
    tag = "access",
    security((), ("client" = [])),
    request_body(content = IntrospectionRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "What the token is.", body = IntrospectionOut), OauthErrors),
)]
#[post("/oauth/introspect")]
pub(crate) async fn introspect_token(
    vault: Data<Vault>,
    call: LoggedInForm<IntrospectionRequest>,
) -> Result<HttpResponse, Problem> {
    let found = vault
        .introspect_own_token(&call.client.caller, &call.form.token)
        .await?;
    Ok(HttpResponse::Ok().json(IntrospectionOut {
        active: found.is_some(),
        token: found.map(ActiveTokenOut::from),
    }))
}

impl From<OwnToken> for ActiveTokenOut {
    fn from(it: OwnToken) -> Self {
        Self {
            scope: it.scope,
            client_id: it.client_id,
            token_type: if it.key.is_some() { "DPoP" } else { "Bearer" },
            cnf: it.key.map(|jkt| ConfirmationOut { jkt }),
            exp: it.ends_at,
            iat: it.issued_at,
            nbf: it.issued_at,
            sub: it.subject,
            aud: it.audience,
            iss: it.issuer,
            jti: it.id,
        }
    }
}
