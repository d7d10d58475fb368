//! Previews: what a reconnect would do, before anything is written.

mod out;

use actix_web::{HttpResponse, post, web::Data};
use regrant_domain::{AccessToken, AssetId, PersonId};
use regrant_vault::{PreviewOrder, Vault};
use serde::Deserialize;
use utoipa::ToSchema;

use self::out::PreviewOut;
use super::request::{SelectIn, targets};
use crate::{
    access::{Caller, ReconnectsPreview},
    extract::Repeat,
    json::{All, CanonicalJson},
    problem::{Problem, ProblemOut},
    schema,
};

/// One new token and the assets to look at. Exactly one of `asset_ids` and `select` is given.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewReconnectPreview {
    /// The new token: a person's or a system user's.
    #[schema(value_type = String, write_only)]
    access_token: AccessToken,
    /// The assets, at most 10,000.
    #[schema(value_type = Option<Vec<String>>, max_items = 10_000)]
    asset_ids: Option<All<AssetId>>,
    /// All assets that match.
    select: Option<SelectIn>,
    /// Refuse the call unless the token is this person's.
    #[schema(schema_with = schema::graph_id_or_null, required = false)]
    expect_person: Option<PersonId>,
}

/// See what a reconnect would do: the token is proved on every asset, and nothing is written.
///
/// `will_replace`: it works there and would serve. `unchanged`: what serves would stay, it is the same token or one
/// that outranks it. `would_park`: it does not reach the asset yet, would wait, and the old one would go on serving.
/// `would_narrow`: it may do less there than the old one, which would stay. `uncovered`: it would not serve the asset.
/// `unknown`: no asset of the caller's, or Graph does not tell: it is asked for 45 seconds at most. A call that repeats
/// another by its `Idempotency-Key` looks anew, and counts anew.
#[utoipa::path(
    tag = "reconnects",
    security(("oauth2" = ["reconnects:preview"])),
    request_body = NewReconnectPreview,
    responses(
        (status = 200, description = "What it would do.", body = PreviewOut),
        (status = 409, description = "`session_used_up`: the page has looked as often as it may.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
        (status = 429, description = "`too_many_previews`: as many are under way as may be. `rate_limited`: the \
            tenant, the caller or the address calls too often.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/reconnect-previews")]
pub(crate) async fn preview_reconnect(
    vault: Data<Vault>,
    caller: Caller<ReconnectsPreview>,
    repeat: Repeat,
    body: CanonicalJson<NewReconnectPreview>,
) -> Result<HttpResponse, Problem> {
    let it = body.value;
    let order = PreviewOrder {
        access_token: it.access_token,
        targets: targets(it.asset_ids, it.select)?,
        expect_person: it.expect_person,
        repeatable: repeat.of("POST /v1/reconnect-previews", &body.canonical),
    };
    Ok(HttpResponse::Ok().json(PreviewOut::from(
        vault.preview(&caller.principal, order).await?,
    )))
}
