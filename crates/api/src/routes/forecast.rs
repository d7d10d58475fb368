//! The forecast, as JSON and as iCalendar, and the plan of whom to ask.

mod calendar;
pub(super) mod feeds;
mod ical;
mod out;
mod plan;
mod request;

use actix_web::{HttpResponse, get, post, web::Data};
use regrant_vault::{ForecastQuery, Vault};

pub(crate) use self::out::ImpactOut;
use self::{
    out::ForecastOut,
    plan::{NewPlanLinks, PlanLinksOut, PlanOut, PlanQuery},
    request::{ForecastFilter, ForecastParams},
};
use crate::{
    access::{Caller, ForecastRead, ReconnectsWrite},
    cursor::PageQuery,
    extract::{HostedBase, IdempotencyHeader},
    json::{OptionalJson, Query},
    problem::{Problem, ProblemOut},
    secret_response::secret_response,
};

/// Read the disconnect calendar: which assets will stop working, when and why, and what covers them afterwards.
#[utoipa::path(
    tag = "forecast",
    security(("oauth2" = ["forecast:read"])),
    params(ForecastFilter, PageQuery),
    responses(
        (status = 200, description = "The days, and one page of endings.", body = ForecastOut),
        (status = 404, description = "`not_found`: the person in `what_if_person_leaves` is unknown to this tenant.",
            body = crate::problem::ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[get("/forecast")]
pub(crate) async fn get_forecast(
    vault: Data<Vault>,
    caller: Caller<ForecastRead>,
    params: ForecastParams,
) -> Result<HttpResponse, Problem> {
    let (query, cursor, limit) = params.into_parts()?;
    let forecast = vault
        .list_forecast(&caller.principal, query, cursor, limit)
        .await?;
    Ok(HttpResponse::Ok().json(ForecastOut::from(forecast)))
}

/// Read the disconnect calendar as iCalendar (RFC 5545), with one entry per day and cause. Without `from` it begins 30 days
/// ago: what has ended stays in it. Calendar programs, which cannot log in, subscribe to a feed
/// (`POST /v1/calendar-feeds`).
#[utoipa::path(
    tag = "forecast",
    security(("oauth2" = ["forecast:read"])),
    params(ForecastFilter),
    responses(
        (status = 200, description = "The calendar.", body = String, content_type = "text/calendar"),
        (status = 404, description = "`not_found`: the person in `what_if_person_leaves` is unknown to this tenant.",
            body = crate::problem::ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[get("/forecast.ics")]
pub(crate) async fn get_forecast_calendar(
    vault: Data<Vault>,
    caller: Caller<ForecastRead>,
    Query(filter): Query<ForecastFilter>,
) -> Result<HttpResponse, Problem> {
    let query = ForecastQuery::from(filter);
    let suffix = calendar::filter_suffix(&query);
    let agenda = vault
        .build_forecast_agenda(&caller.principal, query)
        .await?;
    let events = calendar::build_events(&agenda, &suffix);
    let text = ical::write_calendar(calendar::NAME, agenda.generated_at, &events);
    Ok(HttpResponse::Ok()
        .content_type(ical::CALENDAR_MEDIA_TYPE)
        .body(text))
}

/// Plan whom to ask: the smallest set of persons whose log-ins cover all assets at risk.
///
/// Only persons who have or had a token for an asset, or whose newest log-in was granted for it, can cover it; system
/// users are not asked. The plan is the smallest one for certain while at most 20 persons have assets in common with each
/// other. Beyond, it has at most H(d) times as many persons as the smallest one, where d is the largest number of distinct
/// sets of candidates that one person is in and H(d) = 1 + 1/2 + … + 1/d; `at_least` says how few could do. Only a preview
/// shows what a log-in covers.
#[utoipa::path(
    tag = "forecast",
    security(("oauth2" = ["forecast:read"])),
    params(PlanQuery),
    responses((status = 200, description = "The plan.", body = PlanOut)),
)]
#[get("/reconnect-plan")]
pub(crate) async fn get_reconnect_plan(
    vault: Data<Vault>,
    caller: Caller<ForecastRead>,
    Query(query): Query<PlanQuery>,
) -> Result<HttpResponse, Problem> {
    let plan = vault
        .plan_reconnects(&caller.principal, query.within())
        .await?;
    Ok(HttpResponse::Ok().json(PlanOut::from(plan)))
}

/// Make a link for each person of the plan, with the assets that the person is asked for. Only this response contains the
/// addresses.
///
/// A person who must log in with another account gets a link that accepts consents of other persons. One call makes at
/// most 200 links, for the most urgent persons.
#[utoipa::path(
    tag = "forecast",
    security(("oauth2" = ["forecast:read", "reconnects:write"])),
    request_body(content = Option<NewPlanLinks>),
    responses(
        (status = 201, description = "The links with their addresses.", body = PlanLinksOut),
        (status = 409, description = "`links_not_offered`: the installation has no https address for its pages. \
            `too_many_links`: the tenant has as many links as it may have. `call_under_way`: another call with the same \
            Idempotency-Key is still running.",
            body = ProblemOut<'static>, content_type = "application/problem+json"),
    ),
)]
#[post("/reconnect-plan")]
pub(crate) async fn create_plan_links(
    vault: Data<Vault>,
    caller: Caller<ReconnectsWrite>,
    base: HostedBase,
    idempotency: IdempotencyHeader,
    OptionalJson(body): OptionalJson<NewPlanLinks>,
) -> Result<HttpResponse, Problem> {
    let repeatable = idempotency.into_call("POST /v1/reconnect-plan", &body.canonical);
    let request = body.value.into_request(repeatable);
    let made = vault.create_plan_links(&caller.principal, request).await?;
    let (out, length) = PlanLinksOut::new(made.value, &base);
    secret_response(HttpResponse::Created(), &out, length)
}
