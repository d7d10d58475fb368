//! Persons, and what becomes of their assets when they leave.

use super::{assets::EndingOut, forecast::ImpactOut};
use crate::{
    access::{Caller, ForecastRead},
    cursor::{Page, PageQuery, cursor},
    extract::PathId,
    json::Query,
    problem::Problem,
    schema,
};
use actix_web::{HttpResponse, get, web::Data};
use chrono::{DateTime, Utc};
use regrant_domain::{CredentialKind, PersonId};
use regrant_vault::{Impact, PersonView, Vault};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A person who granted a token, and what hangs on them.
#[derive(Serialize, ToSchema)]
#[schema(as = ListedPerson)]
pub(crate) struct PersonOut {
    /// The person as the app sees them.
    #[schema(schema_with = schema::graph_id)]
    id: PersonId,
    /// `user` or `system_user`.
    #[schema(schema_with = schema::person_kind)]
    kind: &'static str,
    /// A name, where the Graph told one.
    name: Option<String>,
    /// Whether it is a managed account; null where the Graph did not say.
    is_work_account: Option<bool>,
    /// How many assets their token serves.
    serves: u64,
    /// For how many assets it stands by.
    stands_by_for: u64,
    /// For how many assets it is parked.
    parked_for: u64,
    /// Whether their newest token has an end; null where no grant is known.
    token_ends: Option<bool>,
    /// The end of their newest token, if it has one.
    token_expires_at: Option<DateTime<Utc>>,
    /// The end of its data access, if there is one.
    data_access_expires_at: Option<DateTime<Utc>>,
    /// The first ending ahead of what they serve.
    next_ending: Option<EndingOut>,
}

/// What becomes of a person's assets when they leave now.
#[derive(Serialize, ToSchema)]
#[schema(as = Impact)]
pub(crate) struct ImpactPage {
    /// The moment it is of.
    generated_at: DateTime<Utc>,
    /// The person.
    person: PersonOut,
    /// How many of the assets they serve end, wait for a parked token, or go on.
    counts: BTreeMap<&'static str, u64>,
    /// Those assets, one page of them, by id.
    data: Vec<ImpactOut>,
    /// Whether there are more behind these.
    has_more: bool,
    /// Send it as `cursor` to get them.
    #[schema(required)]
    next_cursor: Option<String>,
    /// What is not touched, and why it is not listed.
    note: &'static str,
}

/// List persons by id: everybody whose token serves, stands by or waits, or ever was granted.
#[utoipa::path(
    tag = "forecast",
    security(("oauth2" = ["forecast:read"])),
    params(PageQuery),
    responses((status = 200, description = "One page of persons.", body = Page<PersonOut>)),
)]
#[get("/persons")]
pub(crate) async fn list_persons(
    vault: Data<Vault>,
    caller: Caller<ForecastRead>,
    Query(page): Query<PageQuery>,
) -> Result<HttpResponse, Problem> {
    let (after, limit) = page.into_parts()?;
    let list = vault.list_persons(&caller.principal, after, limit).await?;
    let data = list.data.into_iter().map(PersonOut::from).collect();
    Ok(HttpResponse::Ok().json(Page::of(data, list.next.as_ref())))
}

/// Read what dies, waits and goes on if this person left now.
#[utoipa::path(
    tag = "forecast",
    security(("oauth2" = ["forecast:read"])),
    params(("person_id" = String, Path, description = "The person as the app sees them."), PageQuery),
    responses((status = 200, description = "The assets they serve.", body = ImpactPage)),
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

const UNTOUCHED: &str = "Assets that other persons' or system users' tokens serve, and shares between \
                         businesses, are not touched; nobody has to act for them.";

impl From<Impact> for ImpactPage {
    fn from(it: Impact) -> Self {
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
            next_cursor: it.next.as_ref().map(cursor),
            note: UNTOUCHED,
        }
    }
}

impl From<PersonView> for PersonOut {
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
