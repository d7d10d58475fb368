//! Tokens out.
//!
//! The rule: [`exposed`] is the only place of the API that looks into a token. The buffer an answer is
//! written to is sized beforehand, so that it never moves, and zeroed once it has been handed on.

use super::assets::EndingOut;
use crate::{
    access::{Caller, TokensRead},
    cursor::Page,
    extract::{Because, PathId, Repeat},
    json::{All, CanonicalJson},
    problem::{Problem, ProblemOut},
    reason::ReasonOut,
    schema,
    secret_response::sealed_answer,
};
use actix_web::{HttpResponse, get, post, web::Data};
use chrono::{DateTime, Utc};
use regrant_domain::{AccessToken, AssetId, CredentialKind, PersonId, Who, state::Status};
use regrant_vault::{Lookup, ServedToken, Vault};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::ToSchema;

/// Assets to look up, at most 500.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LookupTokens {
    /// The assets' Graph ids.
    #[schema(value_type = Vec<String>, max_items = 500)]
    asset_ids: All<AssetId>,
}

/// A token that serves an asset.
#[derive(Serialize, ToSchema)]
#[schema(as = Token)]
pub(crate) struct TokenOut {
    /// The asset.
    #[schema(schema_with = schema::asset_id)]
    asset_id: AssetId,
    /// The token.
    #[serde(serialize_with = "exposed")]
    #[schema(value_type = String)]
    access_token: AccessToken,
    /// Its kind.
    #[schema(schema_with = schema::credential_kind)]
    kind: CredentialKind,
    /// Whose it is.
    #[schema(schema_with = schema::graph_id_or_null)]
    person_id: Option<PersonId>,
    /// The asset's state; `suspect` and `unproven` tokens are served, too.
    #[schema(schema_with = schema::asset_state)]
    state: Status,
    /// Since when it is in this state.
    since: DateTime<Utc>,
    /// Who must act.
    #[schema(schema_with = schema::who)]
    who: Who,
    /// Why it is in this state, and what comes next.
    reason: ReasonOut,
    /// The earliest known ending.
    ending: Option<EndingOut>,
    /// When a probe asks next.
    next_check_at: Option<DateTime<Utc>>,
    /// Its end, if it has one.
    expires_at: Option<DateTime<Utc>>,
    /// The end of data access, if there is one.
    data_access_expires_at: Option<DateTime<Utc>>,
    /// Proof for the call to the Graph, hex.
    appsecret_proof: String,
    /// The proof's time in Unix seconds; the proof is good for five minutes.
    appsecret_time: i64,
}

/// One answer of a lookup.
#[derive(Serialize, ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
#[schema(as = TokenLookup)]
pub(crate) enum LookupOut {
    /// There is a token.
    Served(Box<TokenOut>),
    /// There is none that is believed to work.
    NoToken {
        /// The asset.
        #[schema(schema_with = schema::asset_id)]
        asset_id: AssetId,
        /// Why, and who must act.
        reason: ReasonOut,
    },
    /// The tenant has no such asset.
    UnknownAsset {
        /// As it was asked for.
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
            description = "Why the token is read, 1 to 200 characters; a tenant may demand it. Kept in the audit."),
    ),
    responses(
        (status = 200, description = "The token.", body = TokenOut),
        (status = 400, description = "`reason_required`: this tenant demands a reason.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
        (status = 409, description = "`no_token`: none is believed to work; `reason` says why.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[get("/assets/{asset_id}/token")]
pub(crate) async fn get_token(
    vault: Data<Vault>,
    caller: Caller<TokensRead>,
    because: Because,
    id: PathId<AssetId>,
) -> Result<HttpResponse, Problem> {
    let served = vault
        .token(&caller.principal.because(because.0), &id.0)
        .await?;
    sealed_answer(&TokenOut::from(served), 1)
}

/// Read the tokens that serve many assets: one answer for each distinct asset, in the order given.
#[utoipa::path(
    tag = "tokens",
    security(("oauth2" = ["tokens:read"])),
    params(("X-Regrant-Reason" = Option<String>, Header,
        description = "Why the tokens are read, 1 to 200 characters; a tenant may demand it. Kept in the audit.")),
    request_body = LookupTokens,
    responses(
        (status = 200, description = "One answer for each asset.", body = Page<LookupOut>),
        (status = 400, description = "`reason_required`: this tenant demands a reason.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/tokens/lookup")]
pub(crate) async fn lookup_tokens(
    vault: Data<Vault>,
    caller: Caller<TokensRead>,
    because: Because,
    repeat: Repeat,
    body: CanonicalJson<LookupTokens>,
) -> Result<HttpResponse, Problem> {
    let repeatable = repeat.of("POST /v1/tokens/lookup", &body.canonical);
    let (reader, ids) = (caller.principal.because(because.0), body.value.asset_ids.0);
    let found = vault.lookup(&reader, &ids, repeatable).await?;
    let answers: Vec<_> = found.into_iter().map(LookupOut::from).collect();
    let entries = answers.len();
    sealed_answer(&Page::whole(answers), entries)
}

fn exposed<S: Serializer>(token: &AccessToken, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(token.expose())
}

impl From<ServedToken> for TokenOut {
    fn from(it: ServedToken) -> Self {
        Self {
            asset_id: it.asset_id,
            access_token: it.access_token,
            kind: it.kind,
            person_id: it.person_id,
            state: it.state.status,
            since: it.state.since,
            who: it.state.who(),
            ending: it.state.ending.map(EndingOut::from),
            next_check_at: it.state.next_check_at,
            reason: it.state.reason.into(),
            expires_at: it.expires_at,
            data_access_expires_at: it.data_access_expires_at,
            appsecret_proof: it.appsecret_proof,
            appsecret_time: it.appsecret_time,
        }
    }
}

impl From<(AssetId, Lookup)> for LookupOut {
    fn from((asset_id, found): (AssetId, Lookup)) -> Self {
        match found {
            Lookup::Served(token) => Self::Served(Box::new((*token).into())),
            Lookup::NoToken(reason) => Self::NoToken {
                asset_id,
                reason: reason.into(),
            },
            Lookup::Unknown => Self::UnknownAsset { asset_id },
        }
    }
}
