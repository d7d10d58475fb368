//! The disconnect calendar, for machines and for people's calendars.

mod calendar;
mod ical;
mod out;
mod request;

use actix_web::{HttpResponse, get, web::Data};
use regrant_vault::{ForecastQuery, Vault};

pub(crate) use self::out::ImpactOut;
use self::{
    out::ForecastOut,
    request::{ForecastFilter, ForecastParams},
};
use crate::{
    access::{Caller, ForecastRead},
    cursor::PageQuery,
    json::Query,
    problem::Problem,
};

/// Read the disconnect calendar: what will stop working when, why, and what goes on afterwards.
#[utoipa::path(
    tag = "forecast",
    security(("oauth2" = ["forecast:read"])),
    params(ForecastFilter, PageQuery),
    responses(
        (status = 200, description = "The days, and one page of entries.", body = ForecastOut),
        (status = 404, description = "`not_found`: the leaver is nobody of this tenant.",
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
        .forecast(&caller.principal, query, cursor, limit)
        .await?;
    Ok(HttpResponse::Ok().json(ForecastOut::from(forecast)))
}

/// Read the disconnect calendar as iCalendar (RFC 5545): one entry for each day and cause.
#[utoipa::path(
    tag = "forecast",
    security(("oauth2" = ["forecast:read"])),
    params(ForecastFilter),
    responses(
        (status = 200, description = "The calendar.", body = String, content_type = "text/calendar"),
        (status = 404, description = "`not_found`: the leaver is nobody of this tenant.",
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
    let feed = calendar::feed(&query);
    let agenda = vault.forecast_agenda(&caller.principal, query).await?;
    let text = ical::calendar(
        "Regrant: what ends",
        agenda.generated_at,
        &calendar::events(&agenda, &feed),
    );
    Ok(HttpResponse::Ok().content_type(ical::MEDIA_TYPE).body(text))
}
