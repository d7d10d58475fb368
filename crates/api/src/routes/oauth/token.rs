//! The token endpoint (RFC 6749 §4.4).

use actix_web::{HttpResponse, http::header, post, web::Data};
use regrant_domain::{ClientSecret, Permission, Permissions};
use regrant_vault::{ApiToken, Error, Vault};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    client_form::{FormOfClient, LoggedInForm},
    errors::OauthErrors,
};
use crate::{
    extract::ProvedRequest,
    problem::{Code, Problem},
};

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

impl FormOfClient for TokenRequest {
    fn take_client(&mut self) -> (Option<String>, Option<ClientSecret>) {
        (self.client_id.take(), self.client_secret.take())
    }
}

/// An access token for this API.
#[derive(Serialize, ToSchema)]
#[schema(as = AccessToken)]
pub(crate) struct AccessTokenOut {
    /// Access token, to be sent as `Authorization: Bearer …` or `Authorization: DPoP …`.
    access_token: String,
    /// `Bearer`, or `DPoP` if the call was proved with a key.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Lifetime in seconds.
    expires_in: i64,
    /// Scopes of the token.
    #[schema(example = "assets:read reconnects:write")]
    scope: String,
}

/// Exchange a client's id and secret for an access token.
///
/// The client authenticates with HTTP Basic or with form fields, not with both. With a header `DPoP` the token is bound to
/// the key of the proof (RFC 9449).
#[utoipa::path(
    tag = "access",
    security((), ("client" = [])),
    params(("DPoP" = Option<String>, Header, description = "Proof of a key (RFC 9449), to which the token is bound. Required \
        if an operator requires proofs of the client.")),
    request_body(content = TokenRequest, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, description = "The token.", body = AccessTokenOut), OauthErrors),
)]
#[post("/oauth/token")]
pub(crate) async fn create_token(
    vault: Data<Vault>,
    proved: ProvedRequest,
    call: LoggedInForm<TokenRequest>,
) -> Result<HttpResponse, Problem> {
    let wanted = call.form.read_scope()?;
    let issued = vault.issue_token(&call.client, wanted, proved.proof());
    let issued = issued.await.map_err(token_problem)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::PRAGMA, "no-cache"))
        .json(AccessTokenOut::from(issued)))
}

impl TokenRequest {
    /// The scopes that are requested, if some are named.
    fn read_scope(&self) -> Result<Option<Permissions>, Problem> {
        if self.grant_type != "client_credentials" {
            let detail = "Only client_credentials is supported.";
            return Err(Problem::new(Code::UnsupportedGrantType, detail));
        }
        let Some(text) = self.scope.as_deref() else {
            return Ok(None);
        };
        let scope = text.parse().ok().filter(|it: &Permissions| !it.is_empty());
        scope.map(Some).ok_or_else(unknown_scope)
    }
}

/// The problem of a client that has logged in and gets no token.
fn token_problem(error: Error) -> Problem {
    match error {
        Error::ProofRefused => Problem::new(
            Code::InvalidDpopProof,
            "The proof of the key is missing, was used before, or is not for this call.",
        ),
        Error::NonceRequired => Problem::new(
            Code::UseDpopNonce,
            "The proof of the key needs the nonce of the header `DPoP-Nonce`.",
        ),
        other => other.into(),
    }
}

fn unknown_scope() -> Problem {
    let all = Permission::ALL.map(Permission::as_str).join(", ");
    Problem::new(Code::UnknownScope, format!("The scopes are {all}."))
}

impl From<ApiToken> for AccessTokenOut {
    fn from(it: ApiToken) -> Self {
        let (access_token, expires_in) = (it.access_token, it.expires_in);
        Self {
            access_token,
            token_type: if it.is_bound { "DPoP" } else { "Bearer" },
            expires_in,
            scope: it.scope.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(grant_type: &str, scope: Option<&str>) -> Option<String> {
        let request = TokenRequest {
            grant_type: grant_type.to_owned(),
            scope: scope.map(str::to_owned),
            client_id: None,
            client_secret: None,
        };
        request.read_scope().err().map(|it| it.to_string())
    }

    #[test]
    fn other_grants_and_scopes_are_refused_by_name() {
        let refused = |scope| refusal("client_credentials", scope);
        assert_eq!(refused(None), None);
        assert_eq!(refused(Some("assets:read audit:read")), None);
        assert_eq!(
            refused(Some("everything")).as_deref(),
            Some("unknown_scope")
        );
        assert_eq!(refused(Some("")).as_deref(), Some("unknown_scope"));
        let password = refusal("password", None);
        assert_eq!(password.as_deref(), Some("unsupported_grant_type"));
    }
}
