//! Revocation of access tokens (RFC 7009).

use actix_web::{HttpResponse, post, web::Data};
use regrant_domain::ClientSecret;
use regrant_vault::Vault;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    client_form::{FormOfClient, LoggedInForm},
    errors::OauthErrors,
};
use crate::problem::Problem;

/// The form of a revocation.
#[derive(Deserialize, ToSchema)]
pub(crate) struct RevocationRequest {
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

impl FormOfClient for RevocationRequest {
    fn take_client(&mut self) -> (Option<String>, Option<ClientSecret>) {
        (self.client_id.take(), self.client_secret.take())
    }
}

/// Revoke an access token of the client, from its next call on.
///
/// Of a reconnect session that the client opened, it ends the session. A token that is not valid, or belongs to another
/// client, gets the same response and changes nothing.
#[utoipa::path(
    tag = "access",
    security((), ("client" = [])),
    request_body(content = RevocationRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The token is not valid any more, or it never was."), OauthErrors),
)]
#[post("/oauth/revoke")]
pub(crate) async fn revoke_token(
    vault: Data<Vault>,
    call: LoggedInForm<RevocationRequest>,
) -> Result<HttpResponse, Problem> {
    vault
        .revoke_own_token(&call.client.caller, &call.form.token)
        .await?;
    Ok(HttpResponse::Ok().finish())
}
