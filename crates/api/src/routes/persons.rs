//! Persons, and the effect on their assets when they leave.

use super::{assets::EndingOut, forecast::ImpactOut};
use crate::{
    access::{Caller, ForecastRead},
    cursor::{Page, PageQuery, encode_cursor},
    extract::PathId,
    json::Query,
    problem::Problem,
    schema,
};
use actix_web::{HttpResponse, get, web::Data};
use chrono::{DateTime, Utc};
use regrant_domain::{CredentialKind, PersonId};
use regrant_vault::{DepartureImpact, PersonView, Vault};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A person who granted a token, and the assets that depend on the person.
#[derive(Serialize, ToSchema)]
#[schema(as = ListedPerson)]
pub(crate) struct ListedPersonOut {
    /// App-scoped id of the person.
    #[schema(schema_with = schema::graph_id)]
    id: PersonId,
    /// `user` or `system_user`.
    #[schema(schema_with = schema::person_kind)]
    kind: &'static str,
    /// Name; null if the Graph API gave none.
    name: Option<String>,
    /// Whether it is a managed account; null if the Graph API did not say.
    is_work_account: Option<bool>,
    /// Number of assets that the person's token serves.
    serves: u64,
    /// Number of assets for which it is a standby.
    stands_by_for: u64,
    /// Number of assets for which it is parked.
    parked_for: u64,
    /// Whether the newest token of the person expires; null if no grant is known.
    token_ends: Option<bool>,
    /// When the newest token expires; null if it does not.
    token_expires_at: Option<DateTime<Utc>>,
    /// When its data access expires; null if it does not.
    data_access_expires_at: Option<DateTime<Utc>>,
    /// Earliest future ending among the assets that the person's token serves; one that neither a standby nor a refresh
    /// covers, if there is any.
    next_ending: Option<EndingOut>,
}

/// The effect on the assets of a person who leaves now.
#[derive(Serialize, ToSchema)]
#[schema(as = Impact)]
pub(crate) struct ImpactPage {
    /// Time of the data.
    generated_at: DateTime<Utc>,
    /// Person who leaves.
    person: ListedPersonOut,
    /// Number of the person's assets that end, wait for a parked token, or continue.
    counts: BTreeMap<&'static str, u64>,
    /// One page of these assets, ordered by id.
    data: Vec<ImpactOut>,
    /// Whether more entries follow.
    has_more: bool,
    /// Send it as `cursor` to get the next page.
    #[schema(required)]
    next_cursor: Option<String>,
    /// Which assets are not affected and therefore not listed.
    note: &'static str,
}

/// List persons, ordered by id: everyone who granted a token, whether it is active, standby, parked or unused.
#[utoipa::path(
    tag = "forecast",
    security(("oauth2" = ["forecast:read"])),
    params(PageQuery),
    responses((status = 200, description = "One page of persons.", body = Page<ListedPersonOut>)),
)]
#[get("/persons")]
pub(crate) async fn list_persons(
    vault: Data<Vault>,
    caller: Caller<ForecastRead>,
    Query(page): Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let (after, limit) = page.into_parts()?;
    let list = vault.list_persons(&caller.principal, after, limit).await?;
    let data = list.data.into_iter().map(ListedPersonOut::from).collect();
    Ok(HttpResponse::Ok().json(Page::with_next(data, list.next.as_ref())))
}

/// Read which assets would end, wait or continue if this person left now.
#[utoipa::path(
    tag = "forecast",
    security(("oauth2" = ["forecast:read"])),
    params(("person_id" = String, Path, description = "App-scoped id of the person."), PageQuery),
    responses((status = 200, description = "The assets that the person's token serves.", body = ImpactPage)),
)]
#[get("/persons/{person_id}/impact")]
pub(crate) async fn get_person_impact(
    vault: Data<Vault>,
    caller: Caller<ForecastRead>,
    id: PathId<PersonId>,
    Query(page): Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let (after, limit) = page.into_parts()?;
    let impact = vault
        .person_impact(&caller.principal, &id.0, after, limit)
        .await?;
    Ok(HttpResponse::Ok().json(ImpactPage::from(impact)))
}

const UNTOUCHED_NOTE: &str = "Assets that tokens of other persons or of system users serve, and shares between businesses, \
                         are not affected; no action is needed for them.";

impl From<DepartureImpact> for ImpactPage {
    fn from(it: DepartureImpact) -> Self {
        Self {
            generated_at: it.generated_at,
            person: it.person.into(),
            counts: it
                .effects
                .into_iter()
                .map(|(effect, n)| (effect.as_str(), n))
                .collect(),
            data: it.data.into_iter().map(ImpactOut::from).collect(),
            has_more: it.next.is_some(),
            next_cursor: it.next.as_ref().map(encode_cursor),
            note: UNTOUCHED_NOTE,
        }
    }
}

impl From<PersonView> for ListedPersonOut {
    fn from(it: PersonView) -> Self {
        let PersonView {
            person,
            counts,
            next_ending,
        } = it;
        let system_user = person.kind == Some(CredentialKind::SystemUser);
        Self {
            kind: if system_user {
                CredentialKind::SystemUser
            } else {
                CredentialKind::User
            }
            .as_str(),
            token_ends: person.kind.map(|_| person.expires_at.is_some()),
            id: person.id,
            name: person.name,
            is_work_account: person.is_work_account,
            serves: counts.active,
            stands_by_for: counts.standby,
            parked_for: counts.candidate,
            token_expires_at: person.expires_at,
            data_access_expires_at: person.data_access_expires_at,
            next_ending: next_ending.map(EndingOut::from),
        }
    }
}
