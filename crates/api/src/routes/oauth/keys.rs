//! The public keys of the installation (RFC 7517).

use actix_web::{HttpRequest, HttpResponse, get, web::Data};
use regrant_vault::Vault;
use utoipa::ToSchema;

use crate::public_body::PublicBody;

/// Public keys of this installation.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the JSON that the vault returns")]
pub(crate) struct KeySet {
    /// Keys (RFC 7517).
    keys: Vec<serde_json::Map<String, serde_json::Value>>,
}

/// List the public keys that verify access tokens.
#[utoipa::path(tag = "access", responses((status = 200, description = "The keys.", body = KeySet)))]
#[get("/.well-known/jwks.json")]
pub(crate) async fn list_signing_keys(request: HttpRequest, vault: Data<Vault>) -> HttpResponse {
    serve_keys(&request, &vault.public_key_set().await)
}

/// List the public keys that verify checkpoints and receipts: those of retired keys, too, for as long as the audit is kept.
#[utoipa::path(tag = "access", responses((status = 200, description = "The keys.", body = KeySet)))]
#[get("/.well-known/statement-keys.json")]
pub(crate) async fn list_statement_keys(request: HttpRequest, vault: Data<Vault>) -> HttpResponse {
    serve_keys(&request, &vault.statement_key_set().await)
}

fn serve_keys(request: &HttpRequest, keys: &serde_json::Value) -> HttpResponse {
    PublicBody::new("application/json", keys.to_string()).respond(request)
}
