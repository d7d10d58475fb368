//! Reconnect links: hosted pages at which one person gives a consent for listed assets.
//!
//! The rule: the address is in the response that made the link, and in no other.
//! The pages themselves are in `connect/`.

mod out;

use actix_web::{HttpResponse, delete, get, http::header, post, web::Data};
use regrant_domain::{AssetId, LinkId, Locale, PageUrl, PersonId};
use regrant_vault::{LinkRequest, Vault};
use serde::Deserialize;
use utoipa::ToSchema;

pub(super) use self::out::MadeLinkOut;
use self::out::{LinkOut, LinkSummaryOut};
use super::reconnects::{SelectionIn, choose_targets};
use crate::{
    access::{Caller, ReconnectsWrite},
    cursor::{Page, PageQuery},
    extract::{HostedBase, IdempotencyHeader, PathId},
    json::{CanonicalJson, ListIn, Moment, Query},
    problem::{Problem, ProblemOut},
    schema,
    secret_response::secret_response,
};

/// How many ids of assets fit into the bytes that a response reserves for one token.
pub(super) const IDS_PER_ENTRY: usize = 16;

/// A link to make. Give exactly one of `asset_ids` and `select`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewReconnectLink {
    /// Person who should open the link.
    #[schema(schema_with = schema::graph_id_or_null, required = false)]
    person_id: Option<PersonId>,
    /// Refuse consents of other persons; by default true if `person_id` is given.
    require_person: Option<bool>,
    /// Assets, at most 10,000; all must belong to the tenant and lie within the caller's reach.
    #[schema(value_type = Option<Vec<String>>, min_items = 1, max_items = 10_000)]
    asset_ids: Option<ListIn<AssetId>>,
    /// Select all assets that match at this moment.
    select: Option<SelectionIn>,
    /// Language of the pages.
    #[serde(default = "default_locale")]
    #[schema(schema_with = schema::locale, required = false)]
    locale: Locale,
    /// When the link ends, at most seven days from now; by default in seven days.
    #[schema(value_type = Option<String>, format = DateTime)]
    ends_at: Option<Moment>,
    /// Page to which the person is led back at the end; its origin must be among those that are listed for the tenant.
    #[schema(value_type = Option<String>, max_length = 2048)]
    return_url: Option<PageUrl>,
}

/// Make a link for one person. Only this response contains its address.
///
/// The person opens the address in a browser, reads for which assets and for whom the consent is, logs in at Meta, sees
/// what the consent would cover, and confirms. No page or browser of the tenant sees a token. Opening the page uses
/// nothing up: the link belongs to the first browser that comes back from Meta with a consent of the right person.
/// Before that, the one who opens the address chooses the account, so send it to its person alone.
#[utoipa::path(
    tag = "reconnect-links",
    security(("oauth2" = ["reconnects:write"])),
    request_body = NewReconnectLink,
    responses(
        (status = 201, description = "The link with its address.", body = MadeLinkOut,
            headers(("Location" = String, description = "The link."))),
        (status = 409, description = "`links_not_offered`: the installation has no https address for its pages. \
            `too_many_links`: the tenant has as many links as it may have. `call_under_way`: another call with the same \
            Idempotency-Key is still running.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/reconnect-links")]
pub(crate) async fn create_reconnect_link(
    vault: Data<Vault>,
    caller: Caller<ReconnectsWrite>,
    base: HostedBase,
    idempotency: IdempotencyHeader,
    body: CanonicalJson<NewReconnectLink>,
) -> Result<HttpResponse, Problem> {
    let repeatable = idempotency.into_call("POST /v1/reconnect-links", &body.canonical);
    let made = vault
        .create_reconnect_link(&caller.principal, body.value.into_request()?, repeatable)
        .await?
        .value;
    let location = format!("/v1/reconnect-links/{}", made.link.summary.id);
    let entries = made.link.asset_ids.len() / IDS_PER_ENTRY + 2;
    let mut created = HttpResponse::Created();
    created.insert_header((header::LOCATION, location));
    secret_response(created, &MadeLinkOut::new(made, &base), entries)
}

/// List links, newest first, without their assets.
#[utoipa::path(
    tag = "reconnect-links",
    security(("oauth2" = ["reconnects:write"])),
    params(PageQuery),
    responses((status = 200, description = "One page of links.", body = Page<LinkSummaryOut>)),
)]
#[get("/reconnect-links")]
pub(crate) async fn list_reconnect_links(
    vault: Data<Vault>,
    caller: Caller<ReconnectsWrite>,
    Query(page): Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let (after, limit) = page.into_parts()?;
    let list = vault
        .list_reconnect_links(&caller.principal, after, limit)
        .await?;
    let data = list.data.into_iter().map(LinkSummaryOut::from).collect();
    Ok(HttpResponse::Ok().json(Page::with_next(data, list.next.as_ref())))
}

/// Read a link with its assets, without its address.
#[utoipa::path(
    tag = "reconnect-links",
    security(("oauth2" = ["reconnects:write"])),
    params(("id" = String, Path, description = "The link's id.")),
    responses((status = 200, description = "The link.", body = LinkOut)),
)]
#[get("/reconnect-links/{id}")]
pub(crate) async fn get_reconnect_link(
    vault: Data<Vault>,
    caller: Caller<ReconnectsWrite>,
    id: PathId<LinkId>,
) -> Result<HttpResponse, Problem> {
    let link = vault.find_reconnect_link(&caller.principal, id.0).await?;
    Ok(HttpResponse::Ok().json(LinkOut::from(link)))
}

/// Revoke a link: its page opens no more, and a browser that is in the middle of it can start nothing. A reconnect that
/// was confirmed continues. Does nothing if the link has ended.
#[utoipa::path(
    tag = "reconnect-links",
    security(("oauth2" = ["reconnects:write"])),
    params(("id" = String, Path, description = "The link's id.")),
    responses((status = 204, description = "The link opens nothing.")),
)]
#[delete("/reconnect-links/{id}")]
pub(crate) async fn revoke_reconnect_link(
    vault: Data<Vault>,
    caller: Caller<ReconnectsWrite>,
    id: PathId<LinkId>,
) -> Result<HttpResponse, Problem> {
    vault.revoke_reconnect_link(&caller.principal, id.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

impl NewReconnectLink {
    fn into_request(self) -> Result<LinkRequest, Problem> {
        Ok(LinkRequest {
            require_person: self.require_person.unwrap_or(self.person_id.is_some()),
            person_id: self.person_id,
            targets: choose_targets(self.asset_ids, self.select)?,
            locale: self.locale,
            ends_at: self.ends_at.map(|it| it.0),
            return_url: self.return_url,
        })
    }
}

const fn default_locale() -> Locale {
    Locale::En
}
