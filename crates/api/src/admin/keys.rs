//! The keys that sign access tokens.
//!
//! The rule: responses contain names and times, never key material.

use actix_web::{HttpResponse, get, post, web::Data};
use chrono::{DateTime, Utc};
use regrant_vault::{SigningKeyState, SigningKeyView, Vault};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::caller::OperatorCaller;
use crate::{
    cursor::Page, extract::IdempotencyHeader, json::CanonicalJson, problem::Problem, schema,
};

/// Which keys to rotate.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RotateKeys {
    /// `signing`: keys that sign access tokens. `/admin/v1/keys/encryption` has the keys that wrap data keys.
    kind: KeyKind,
    /// Whether all access tokens issued so far become invalid at once; by default they stay valid until they expire.
    #[serde(default)]
    immediately: bool,
}

/// A kind of keys.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum KeyKind {
    /// Keys that sign access tokens.
    Signing,
}

/// A signing key.
#[derive(Serialize, ToSchema)]
#[schema(as = SigningKey)]
pub(super) struct SigningKeyOut {
    /// Name of the key in the header of a token.
    kid: String,
    /// State of the key.
    #[schema(schema_with = schema::signing_key_state)]
    state: SigningKeyState,
    /// When the key was created.
    created_at: DateTime<Utc>,
    /// When the key starts to sign.
    active_from: DateTime<Utc>,
    /// When tokens signed with the key stop being valid.
    retired_at: Option<DateTime<Utc>>,
}

/// List the signing keys, oldest first.
#[utoipa::path(
    operation_id = "list_keys",
    tag = "keys",
    responses((status = 200, description = "All signing keys.", body = Page<SigningKeyOut>)),
)]
#[get("/keys")]
pub(super) async fn list_signing_keys(
    vault: Data<Vault>,
    _: OperatorCaller,
) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(page_of_signing_keys(vault.list_signing_keys().await?)))
}

/// Rotate the signing key. The new key signs after ten minutes, and older tokens stay valid until they expire; or with
/// `immediately` it signs at once, and all tokens issued so far become invalid.
#[utoipa::path(
    operation_id = "rotate_keys",
    tag = "keys",
    request_body = RotateKeys,
    responses((status = 200, description = "All signing keys.", body = Page<SigningKeyOut>)),
)]
#[post("/keys/rotate")]
pub(super) async fn rotate_signing_keys(
    vault: Data<Vault>,
    caller: OperatorCaller,
    idempotency: IdempotencyHeader,
    body: CanonicalJson<RotateKeys>,
) -> Result<HttpResponse, Problem> {
    let repeatable = idempotency.into_call("POST /admin/v1/keys/rotate", &body.canonical);
    let RotateKeys {
        kind: KeyKind::Signing,
        immediately,
    } = body.value;
    let keys = vault
        .rotate_signing_keys(caller.0.as_actor(), immediately, repeatable)
        .await?;
    Ok(HttpResponse::Ok().json(page_of_signing_keys(keys)))
}

fn page_of_signing_keys(keys: Vec<SigningKeyView>) -> Page<SigningKeyOut> {
    Page::only_page(keys.into_iter().map(SigningKeyOut::from).collect())
}

impl From<SigningKeyView> for SigningKeyOut {
    fn from(it: SigningKeyView) -> Self {
        let SigningKeyView {
            kid,
            created_at,
            active_from,
            retired_at,
            state,
        } = it;
        Self {
            kid,
            state,
            created_at,
            active_from,
            retired_at,
        }
    }
}
