//! Reading tokens, and inspecting submitted ones.
//!
//! The rule: `serialize_token` is the only function of the API that reads the text of a token. Responses go through
//! [`crate::secret_response`], which zeroes their buffer.

mod inspection;

use self::inspection::{InspectToken, TokenReportOut, inspection_request};
use super::assets::EndingOut;
use crate::{
    access::{Caller, ReconnectsPreview, TokensRead},
    cursor::Page,
    extract::{IdempotencyHeader, PathId, ReadReasonHeader},
    json::{CanonicalJson, ListIn},
    problem::{Problem, ProblemOut},
    reason::ReasonOut,
    schema,
    secret_response::secret_response,
};
use actix_web::{HttpResponse, get, post, web::Data};
use chrono::{DateTime, Utc};
use regrant_domain::{AccessToken, AssetId, CredentialKind, PersonId, Who, state::Status};
use regrant_vault::{ServedToken, TokenLookup, Vault};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

/// Assets to look up, at most 500.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LookupTokens {
    /// Graph ids of the assets.
    #[schema(value_type = Vec<String>, max_items = 500)]
    asset_ids: ListIn<AssetId>,
}

/// A token that serves an asset.
#[derive(Serialize, ToSchema)]
#[schema(as = Token)]
pub(crate) struct TokenOut {
    /// Id of the asset.
    #[schema(schema_with = schema::asset_id)]
    asset_id: AssetId,
    /// Text of the token.
    #[serde(serialize_with = "serialize_token")]
    #[schema(value_type = String)]
    access_token: AccessToken,
    /// Kind of the token.
    #[schema(schema_with = schema::credential_kind)]
    kind: CredentialKind,
    /// Person who granted it.
    #[schema(schema_with = schema::graph_id_or_null)]
    person_id: Option<PersonId>,
    /// State of the asset; tokens of `suspect` and `unproven` assets are returned, too.
    #[schema(schema_with = schema::asset_state)]
    state: Status,
    /// When the asset entered this state.
    since: DateTime<Utc>,
    /// Who must act.
    #[schema(schema_with = schema::acting_party)]
    who: Who,
    /// Why the asset is in this state, and the next step.
    reason: ReasonOut,
    /// Earliest known ending; null if none is known.
    ending: Option<EndingOut>,
    /// Time of the next probe; null if none is planned.
    next_check_at: Option<DateTime<Utc>>,
    /// When the token expires; null if it does not.
    expires_at: Option<DateTime<Utc>>,
    /// When data access expires; null if it does not.
    data_access_expires_at: Option<DateTime<Utc>>,
    /// `appsecret_proof` for calls to the Graph API, hex; null until a probe has proved the token on the asset.
    appsecret_proof: Option<String>,
    /// Time of the proof in Unix seconds; it is valid for five minutes. Null where there is no proof.
    appsecret_time: Option<i64>,
}

/// The result for one asset of a lookup.
#[derive(Serialize, ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
#[schema(as = TokenLookup)]
pub(crate) enum LookupOut {
    /// A token serves the asset.
    Served(Box<TokenOut>),
    /// The asset has no token that is known to work.
    NoToken {
        /// Id of the asset.
        #[schema(schema_with = schema::asset_id)]
        asset_id: AssetId,
        /// Why there is no token, and who must act.
        reason: ReasonOut,
    },
    /// The tenant has no such asset.
    UnknownAsset {
        /// Id as requested.
        #[schema(schema_with = schema::asset_id)]
        asset_id: AssetId,
    },
}

/// Read the token that serves an asset.
#[utoipa::path(
    tag = "tokens",
    security(("oauth2" = ["tokens:read"])),
    params(
        ("asset_id" = String, Path, description = "The asset's Graph id."),
        ("X-Regrant-Reason" = Option<String>, Header,
            description = "Reason for reading the token, 1 to 200 characters; a tenant may require it. Kept in the audit."),
    ),
    responses(
        (status = 200, description = "The token.", body = TokenOut),
        (status = 400, description = "`reason_required`: this tenant requires a reason.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
        (status = 409, description = "`no_token`: no token is known to work; `reason` says why.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[get("/assets/{asset_id}/token")]
pub(crate) async fn get_token(
    vault: Data<Vault>,
    caller: Caller<TokensRead>,
    because: ReadReasonHeader,
    id: PathId<AssetId>,
) -> Result<HttpResponse, Problem> {
    let served = vault
        .read_token(&caller.principal.with_reason(because.0), &id.0)
        .await?;
    secret_response(HttpResponse::Ok(), &TokenOut::from(served), 1)
}

/// Read the tokens that serve many assets. The response has one entry per distinct asset, in the order of the request.
#[utoipa::path(
    tag = "tokens",
    security(("oauth2" = ["tokens:read"])),
    params(("X-Regrant-Reason" = Option<String>, Header,
        description = "Reason for reading the tokens, 1 to 200 characters; a tenant may require it. Kept in the audit.")),
    request_body = LookupTokens,
    responses(
        (status = 200, description = "One entry per asset.", body = Page<LookupOut>),
        (status = 400, description = "`reason_required`: this tenant requires a reason.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/tokens/lookup")]
pub(crate) async fn lookup_tokens(
    vault: Data<Vault>,
    caller: Caller<TokensRead>,
    because: ReadReasonHeader,
    idempotency: IdempotencyHeader,
    body: CanonicalJson<LookupTokens>,
) -> Result<HttpResponse, Problem> {
    let repeatable = idempotency.into_call("POST /v1/tokens/lookup", &body.canonical);
    let (reader, ids) = (
        caller.principal.with_reason(because.0),
        body.value.asset_ids.0,
    );
    let results = vault.look_up_tokens(&reader, &ids, repeatable).await?;
    let data: Vec<_> = results.into_iter().map(LookupOut::from).collect();
    let entries = data.len();
    secret_response(HttpResponse::Ok(), &Page::only_page(data), entries)
}

/// Inspect a token: whose it is, what was granted, when it ends, and whether it works on assets.
///
/// Nothing of the token is stored. A dead token, a token of another app and a text that is no token are refused with a
/// problem; a token that Graph does not accept until its person acts has a `reason`. An inspection counts as a check.
#[utoipa::path(
    tag = "tokens",
    security(("oauth2" = ["reconnects:preview"])),
    request_body = InspectToken,
    responses(
        (status = 200, description = "What the token is.", body = TokenReportOut),
        (status = 404, description = "`not_found`: the caller has no such consent; it was used, replaced or has ended.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_checks`: the limit of running checks is reached. \
            `rate_limited`: the tenant, the caller or the address exceeds its rate limit. `tenant_busy`: too many calls \
            of the tenant wait for the database.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
        (status = 503, description = "`graph_unavailable`, `database_busy`: nothing was changed.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/tokens/inspect")]
pub(crate) async fn inspect_token(
    vault: Data<Vault>,
    caller: Caller<ReconnectsPreview>,
    idempotency: IdempotencyHeader,
    body: CanonicalJson<InspectToken>,
) -> Result<HttpResponse, Problem> {
    let request = inspection_request(body, idempotency)?;
    let report = vault.inspect_submitted(&caller.principal, request).await?;
    Ok(HttpResponse::Ok().json(TokenReportOut::from(report)))
}

fn serialize_token<S: Serializer>(token: &AccessToken, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(token.expose())
}

impl From<ServedToken> for TokenOut {
    fn from(it: ServedToken) -> Self {
        let (appsecret_proof, appsecret_time) = it.proof.map(|it| (it.proof, it.time)).unzip();
        Self {
            asset_id: it.asset_id,
            access_token: it.access_token,
            kind: it.kind,
            person_id: it.person_id,
            state: it.state.status,
            since: it.state.since,
            who: it.state.who_must_act(),
            ending: it.state.ending.map(EndingOut::from),
            next_check_at: it.state.next_check_at,
            reason: it.state.reason.into(),
            expires_at: it.expires_at,
            data_access_expires_at: it.data_access_expires_at,
            appsecret_proof,
            appsecret_time,
        }
    }
}

impl From<(AssetId, TokenLookup)> for LookupOut {
    fn from((asset_id, found): (AssetId, TokenLookup)) -> Self {
        match found {
            TokenLookup::Served(token) => Self::Served(Box::new((*token).into())),
            TokenLookup::NoToken(reason) => Self::NoToken {
                asset_id,
                reason: reason.into(),
            },
            TokenLookup::Unknown => Self::UnknownAsset { asset_id },
        }
    }
}
