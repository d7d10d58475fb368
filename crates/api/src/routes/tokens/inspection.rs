//! Inspections of tokens: the request, and the report as its response shows it.
//!
//! The rule: no field holds a token.

use chrono::{DateTime, Utc};
use regrant_domain::{
    AppId, AssetId, AssetKind, ConsentId, CredentialKind, GrantedScope, ObjectCondition, TokenFacts,
};
use regrant_vault::{InspectionRequest, TokenReach, TokenReport};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::reconnects::PersonOut;
use crate::{
    extract::IdempotencyHeader,
    json::{CanonicalJson, ListIn},
    problem::Problem,
    reason::ReasonOut,
    schema,
    submitted_token::{SubmittedToken, choose_token_source},
};

/// A token to inspect, and the assets to probe it on, at most 500.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InspectToken {
    /// Token of a person, a system user or a page. Give exactly one of `access_token` and `consent_id`.
    #[schema(value_type = Option<String>, write_only)]
    access_token: Option<SubmittedToken>,
    /// Consent of the caller, whose token is meant.
    #[schema(schema_with = schema::consent_id_or_null, required = false)]
    consent_id: Option<ConsentId>,
    /// Graph ids of the assets; none to inspect the token alone.
    #[schema(value_type = Option<Vec<String>>, max_items = 500)]
    asset_ids: Option<ListIn<AssetId>>,
}

/// What the Graph API says about a token.
#[derive(Serialize, ToSchema)]
#[schema(as = TokenReport)]
pub(crate) struct TokenReportOut {
    /// Why the Graph API does not accept the token now, for example because its person is at a checkpoint; null if it
    /// accepts the token.
    reason: Option<ReasonOut>,
    /// Whose token it is; null if the Graph API did not say.
    person: Option<PersonOut>,
    /// Kind of the token; null if the Graph API did not say.
    #[schema(schema_with = schema::credential_kind_or_null)]
    kind: Option<CredentialKind>,
    /// Page that the token belongs to; only of a page's token.
    #[schema(schema_with = schema::graph_id_or_null)]
    page_id: Option<AssetId>,
    /// App that the token was issued to; always the tenant's.
    #[schema(schema_with = schema::graph_id_or_null)]
    app_id: Option<AppId>,
    /// Granted permissions, with the objects that they cover.
    scopes: Vec<ScopeOut>,
    /// When the token was issued; the Graph API does not say it of short-lived tokens.
    issued_at: Option<DateTime<Utc>>,
    /// When the token expires; null if it does not, or the Graph API did not say.
    expires_at: Option<DateTime<Utc>>,
    /// When data access expires; null if it does not, or the Graph API did not say.
    data_access_expires_at: Option<DateTime<Utc>>,
    /// Whether it is a person's token that expires within a day. A reconnect exchanges such a token for a long-lived one.
    is_short_lived: bool,
    /// One entry per distinct asset, in the order of the request.
    assets: Vec<TokenReachOut>,
}

/// A permission of a token.
#[derive(Serialize, ToSchema)]
#[schema(as = GrantedScope)]
pub(crate) struct ScopeOut {
    /// Name of the permission.
    scope: String,
    /// Ids of the objects that it covers, ad accounts without `act_`; null for all objects. A hint: only `assets` says
    /// what the token reaches.
    target_ids: Option<Vec<String>>,
    /// Whether it has no effect: Meta ignores `user_…` permissions of managed accounts.
    is_ignored: bool,
}

/// Whether the token reaches an asset.
#[derive(Serialize, ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
#[schema(as = TokenReach)]
pub(crate) enum TokenReachOut {
    /// The token works on the asset.
    Works {
        /// Id of the asset.
        #[schema(schema_with = schema::asset_id)]
        asset_id: AssetId,
        /// Kind of the asset.
        #[schema(schema_with = schema::asset_kind)]
        kind: AssetKind,
        /// Tasks of the person on the asset; null for kinds without tasks.
        tasks: Option<Vec<String>>,
        /// When the access of the token's person to the asset ends (cut-off of a migration); null means unknown, never
        /// safe.
        user_access_expire_time: Option<DateTime<Utc>>,
        /// What the Graph API says of the asset beside access; null if nothing.
        #[schema(schema_with = schema::object_condition_or_null)]
        condition: Option<ObjectCondition>,
    },
    /// The Graph API refused the token on the asset, or gave no answer within 45 seconds.
    Refused {
        /// Id of the asset.
        #[schema(schema_with = schema::asset_id)]
        asset_id: AssetId,
        /// Kind of the asset.
        #[schema(schema_with = schema::asset_kind)]
        kind: AssetKind,
        /// Why, and who must act.
        reason: ReasonOut,
        /// Trace id of the Graph API, to quote to Meta.
        fbtrace_id: Option<String>,
    },
    /// The tenant has no such asset, so its kind is not known and it was not probed.
    UnknownAsset {
        /// Id as requested.
        #[schema(schema_with = schema::asset_id)]
        asset_id: AssetId,
    },
}

/// Converts the body into the request of the use case.
pub(super) fn inspection_request(
    body: CanonicalJson<InspectToken>,
    idempotency: IdempotencyHeader,
) -> Result<InspectionRequest, Problem> {
    let it = body.value;
    Ok(InspectionRequest {
        source: choose_token_source(it.access_token, it.consent_id)?,
        asset_ids: it.asset_ids.map(|it| it.0).unwrap_or_default(),
        repeatable: idempotency.into_call("POST /v1/tokens/inspect", &body.canonical),
    })
}

impl From<TokenReport> for TokenReportOut {
    fn from(it: TokenReport) -> Self {
        let facts = it.facts.as_ref();
        Self {
            reason: it.reason.map(ReasonOut::from),
            kind: facts.map(|it| it.kind),
            page_id: facts.and_then(|it| it.profile_id.clone()),
            app_id: facts.map(|it| it.app_id.clone()),
            scopes: facts.map(list_scopes).unwrap_or_default(),
            issued_at: facts.and_then(|it| it.issued_at),
            expires_at: facts.and_then(|it| it.expires_at),
            data_access_expires_at: facts.and_then(|it| it.data_access_expires_at),
            is_short_lived: it.is_short_lived,
            person: it.facts.map(PersonOut::from),
            assets: it.assets.into_iter().map(TokenReachOut::from).collect(),
        }
    }
}

fn list_scopes(facts: &TokenFacts) -> Vec<ScopeOut> {
    let scope = |it: &GrantedScope| ScopeOut {
        is_ignored: facts.ignores_scope(&it.scope),
        scope: it.scope.clone(),
        target_ids: it.target_ids.clone(),
    };
    facts.scopes.iter().map(scope).collect()
}

impl From<(AssetId, TokenReach)> for TokenReachOut {
    fn from((asset_id, reach): (AssetId, TokenReach)) -> Self {
        match reach {
            TokenReach::Works {
                kind,
                tasks,
                cut_off,
                condition,
            } => Self::Works {
                asset_id,
                kind,
                tasks,
                user_access_expire_time: cut_off,
                condition,
            },
            TokenReach::Refused {
                kind,
                reason,
                fbtrace_id,
            } => Self::Refused {
                asset_id,
                kind,
                reason: reason.into(),
                fbtrace_id,
            },
            TokenReach::Unknown => Self::UnknownAsset { asset_id },
        }
    }
}
