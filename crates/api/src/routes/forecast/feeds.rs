//! Calendar feeds: secret addresses to which people subscribe in calendar programs.
//!
//! The rule: the address is in the response that made the feed, and in no other. An address that opens nothing is answered
//! like an unknown one.

use std::hash::{DefaultHasher, Hasher};

use actix_web::{
    HttpRequest, HttpResponse, delete, get,
    http::header::{self, ETag, EntityTag, Header, IfNoneMatch},
    post,
    web::{Data, Path},
};
use chrono::{DateTime, Utc};
use regrant_domain::{AssetId, CalendarFeedId, ClientId, PersonId};
use regrant_vault::{
    CalendarFeed, Error, FeedRequest, FeedWithAddress, Resource, TenantCapability, Vault,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{calendar, ical};
use crate::{
    access::{Caller, ForecastRead},
    cursor::{Page, PageQuery},
    extract::{IdempotencyHeader, PathId, public_address},
    json::{CanonicalJson, Query},
    problem::{Problem, ProblemOut},
    rate_limit::RateLimits,
    schema,
    secret_response::secret_response,
};

/// A calendar feed to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCalendarFeed {
    /// Name of the calendar, 1 to 100 characters.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    name: Option<FeedName>,
    /// Only assets of this business.
    #[schema(schema_with = schema::graph_id_or_null, required = false)]
    business_id: Option<AssetId>,
    /// Only assets that a credential of this person serves.
    #[schema(schema_with = schema::graph_id_or_null, required = false)]
    person_id: Option<PersonId>,
}

/// The name of a calendar.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct FeedName(String);

impl TryFrom<String> for FeedName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_plain = !text.chars().any(char::is_control);
        if (1..=100).contains(&text.chars().count()) && is_plain {
            Ok(Self(text))
        } else {
            Err("expected 1 to 100 characters")
        }
    }
}

/// A calendar feed.
#[derive(Serialize, ToSchema)]
#[schema(as = CalendarFeed)]
pub(crate) struct FeedOut {
    /// Id of the feed.
    #[schema(value_type = String, example = "fed_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6")]
    id: CalendarFeedId,
    /// Client that made the feed. The feed shows what this client may read.
    #[schema(value_type = String)]
    client_id: ClientId,
    /// Name of the calendar.
    name: Option<String>,
    /// Business whose assets it shows; null for all.
    #[schema(schema_with = schema::graph_id_or_null)]
    business_id: Option<AssetId>,
    /// Person whose assets it shows; null for all.
    #[schema(schema_with = schema::graph_id_or_null)]
    person_id: Option<PersonId>,
    /// When it was made.
    created_at: DateTime<Utc>,
}

/// A calendar feed with its address, which no other response contains.
#[derive(Serialize, ToSchema)]
#[schema(as = MadeCalendarFeed)]
pub(crate) struct MadeFeedOut {
    /// The feed.
    #[serde(flatten)]
    feed: FeedOut,
    /// Secret address to subscribe to; its holder can read the calendar. Null if the call repeats another one.
    #[schema(required)]
    url: Option<String>,
}

/// Make a calendar feed. Only this response contains its address.
///
/// People subscribe to the address in a calendar program, which reads it without a log-in. The feed shows the assets that
/// the client which made it may read at that moment, from 30 days ago to 90 days ahead, and stops when the client is
/// disabled, expires or loses the scope.
#[utoipa::path(
    tag = "forecast",
    security(("oauth2" = ["forecast:read"])),
    request_body = NewCalendarFeed,
    responses(
        (status = 201, description = "The feed with its address.", body = MadeFeedOut,
            headers(("Location" = String, description = "The feed."))),
        (status = 409, description = "`too_many_calendar_feeds`: the tenant has as many feeds as it may have. \
            `call_under_way`: another call with the same Idempotency-Key is still running.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/calendar-feeds")]
pub(crate) async fn create_calendar_feed(
    request: HttpRequest,
    vault: Data<Vault>,
    caller: Caller<ForecastRead>,
    idempotency: IdempotencyHeader,
    body: CanonicalJson<NewCalendarFeed>,
) -> Result<HttpResponse, Problem> {
    let repeatable = idempotency.into_call("POST /v1/calendar-feeds", &body.canonical);
    let new = FeedRequest {
        name: body.value.name.map(|it| it.0),
        business_id: body.value.business_id,
        person_id: body.value.person_id,
    };
    let made = vault
        .create_calendar_feed(&caller.principal, new, repeatable)
        .await?
        .value;
    let location = format!("/v1/calendar-feeds/{}", made.feed.id);
    let mut created = HttpResponse::Created();
    created.insert_header((header::LOCATION, location));
    secret_response(
        created,
        &MadeFeedOut::new(made, &public_address(&request)),
        1,
    )
}

/// List calendar feeds, newest first, without their addresses.
#[utoipa::path(
    tag = "forecast",
    security(("oauth2" = ["forecast:read"])),
    params(PageQuery),
    responses((status = 200, description = "One page of feeds.", body = Page<FeedOut>)),
)]
#[get("/calendar-feeds")]
pub(crate) async fn list_calendar_feeds(
    vault: Data<Vault>,
    caller: Caller<ForecastRead>,
    Query(page): Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let (after, limit) = page.into_parts()?;
    let list = vault
        .list_calendar_feeds(&caller.principal, after, limit)
        .await?;
    let data = list.data.into_iter().map(FeedOut::from).collect();
    Ok(HttpResponse::Ok().json(Page::with_next(data, list.next.as_ref())))
}

/// Read a calendar feed, without its address.
#[utoipa::path(
    tag = "forecast",
    security(("oauth2" = ["forecast:read"])),
    params(("id" = String, Path, description = "The feed's id.")),
    responses((status = 200, description = "The feed.", body = FeedOut)),
)]
#[get("/calendar-feeds/{id}")]
pub(crate) async fn get_calendar_feed(
    vault: Data<Vault>,
    caller: Caller<ForecastRead>,
    id: PathId<CalendarFeedId>,
) -> Result<HttpResponse, Problem> {
    let feed = vault.find_calendar_feed(&caller.principal, id.0).await?;
    Ok(HttpResponse::Ok().json(FeedOut::from(feed)))
}

/// Delete a calendar feed: its address opens nothing any more.
#[utoipa::path(
    tag = "forecast",
    security(("oauth2" = ["forecast:read"])),
    params(("id" = String, Path, description = "The feed's id.")),
    responses((status = 204, description = "The feed is deleted.")),
)]
#[delete("/calendar-feeds/{id}")]
pub(crate) async fn delete_calendar_feed(
    vault: Data<Vault>,
    caller: Caller<ForecastRead>,
    id: PathId<CalendarFeedId>,
) -> Result<HttpResponse, Problem> {
    vault.delete_calendar_feed(&caller.principal, id.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Read the calendar of a feed, for calendar programs.
///
/// The secret in the address is the only credential. Send the `ETag` of the last answer as `If-None-Match`.
#[utoipa::path(
    tag = "forecast",
    security(()),
    params(
        ("secret" = String, Path, description = "The secret of the feed's address."),
        ("If-None-Match" = Option<String>, Header, description = "`ETag` of the last answer."),
    ),
    responses(
        (status = 200, description = "The calendar.", body = String, content_type = "text/calendar",
            headers(("ETag" = String, description = "Tag of this content."))),
        (status = 304, description = "The calendar has not changed.",
            headers(("ETag" = String, description = "Tag of this content."))),
        (status = 404, description = "`not_found`: the address opens nothing.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
        (status = 503, description = "`database_busy`: the database did not become free in time.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
        (status = 429, description = "`rate_limited`: the feed is read too often, or the address calls too often.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[get("/{secret}.ics")]
pub(crate) async fn read_calendar(
    request: HttpRequest,
    vault: Data<Vault>,
    limits: Data<RateLimits>,
    secret: Path<String>,
) -> Result<HttpResponse, Problem> {
    let Some(address) = TenantCapability::parse(&secret) else {
        return Err(Error::NotFound(Resource::CalendarFeed).into());
    };
    let (feed, reader) = vault.open_calendar_feed(&address).await?;
    limits.count_feed(feed.id)?;
    let reading = vault.read_calendar_feed(feed, &reader).await?;
    let suffix = calendar::filter_suffix(&reading.query);
    let events = calendar::build_events(&reading.agenda, &suffix);
    let name = reading.feed.name.as_deref().unwrap_or(calendar::NAME);
    Ok(answer_calendar(
        &request,
        ical::write_calendar(name, reading.agenda.generated_at, &events),
    ))
}

/// The calendar with its tag, or only the tag if the caller has it already.
fn answer_calendar(request: &HttpRequest, text: String) -> HttpResponse {
    let mut hasher = DefaultHasher::new();
    hasher.write(text.as_bytes());
    let tag = EntityTag::new_strong(format!("{:x}-{:x}", text.len(), hasher.finish()));
    let is_known = IfNoneMatch::parse(request).is_ok_and(|known| match known {
        IfNoneMatch::Any => true,
        IfNoneMatch::Items(tags) => tags.iter().any(|it| it.weak_eq(&tag)),
    });
    let mut answer = if is_known {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    answer
        .insert_header(ETag(tag))
        .insert_header((header::CACHE_CONTROL, "private, no-cache"));
    if is_known {
        answer.finish()
    } else {
        answer.content_type(ical::CALENDAR_MEDIA_TYPE).body(text)
    }
}

impl MadeFeedOut {
    fn new(made: FeedWithAddress, base: &str) -> Self {
        let base = base.trim_end_matches('/');
        let url = |it: TenantCapability| format!("{base}/v1/calendar/{}.ics", *it.expose());
        Self {
            feed: made.feed.into(),
            url: made.address.map(url),
        }
    }
}

impl From<CalendarFeed> for FeedOut {
    fn from(it: CalendarFeed) -> Self {
        Self {
            id: it.id,
            client_id: it.client,
            name: it.name,
            business_id: it.business_id,
            person_id: it.person_id,
            created_at: it.created_at,
        }
    }
}
