//! The keys that sign access tokens: names and times, never the keys.

use actix_web::{HttpResponse, get, post, web::Data};
use chrono::{DateTime, Utc};
use regrant_vault::{SigningKeyState, SigningKeyView, Vault};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::caller::Operator;
use crate::{cursor::Page, extract::Repeat, json::CanonicalJson, problem::Problem, schema};

/// Which keys to rotate.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RotateKeys {
    /// `signing`: what signs access tokens. Keys that seal are rotated at the command line.
    kind: KeyKind,
    /// Ends every token issued so far at once; otherwise they live to their end.
    #[serde(default)]
    immediately: bool,
}

/// A kind of keys.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum KeyKind {
    /// What signs access tokens.
    Signing,
}

/// A signing key.
#[derive(Serialize, ToSchema)]
#[schema(as = SigningKey)]
pub(super) struct SigningKeyOut {
    /// Its name in a token's header.
    kid: String,
    /// What it is used for now.
    #[schema(schema_with = schema::signing_key_state)]
    state: SigningKeyState,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// From when on it signs.
    active_from: DateTime<Utc>,
    /// From when on nothing signed by it is believed.
    retired_at: Option<DateTime<Utc>>,
}

/// List the signing keys, oldest first.
#[utoipa::path(tag = "keys", responses((status = 200, description = "All of them.", body = Page<SigningKeyOut>)))]
#[get("/keys")]
pub(super) async fn list_keys(vault: Data<Vault>, _: Operator) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(page(vault.signing_keys().await?)))
}

/// Make another key sign: after ten minutes, and what was signed before is believed to its end; or immediately, and
/// every token issued so far dies.
#[utoipa::path(
    tag = "keys",
    request_body = RotateKeys,
    responses((status = 200, description = "All keys.", body = Page<SigningKeyOut>)),
)]
#[post("/keys/rotate")]
pub(super) async fn rotate_keys(
    vault: Data<Vault>,
    caller: Operator,
    repeat: Repeat,
    body: CanonicalJson<RotateKeys>,
) -> Result<HttpResponse, Problem> {
    let repeatable = repeat.of("POST /admin/v1/keys/rotate", &body.canonical);
    let RotateKeys {
        kind: KeyKind::Signing,
        immediately,
    } = body.value;
    let keys = vault
        .rotate_signing_keys(caller.0.acting(), immediately, repeatable)
        .await?;
    Ok(HttpResponse::Ok().json(page(keys)))
}

fn page(keys: Vec<SigningKeyView>) -> Page<SigningKeyOut> {
    Page::whole(keys.into_iter().map(SigningKeyOut::from).collect())
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
