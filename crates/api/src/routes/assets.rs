//! Assets: register, list, read, forget.

use actix_web::{HttpResponse, delete, get, post, web::Data};
use regrant_domain::{
    AccessToken, AssetId, AssetKind, CredentialKind, PersonId, Timestamp, state::Status,
};
use regrant_vault::{AssetQuery, AssetRegistration, RegisteredAsset, RegistrationStatus, Vault};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{asset_view::AssetOut, path_id::PathId};
use crate::{
    caller::{AssetsRead, AssetsWrite, Caller},
    cursor::{Cursor, Limit, Page},
    json::{All, CanonicalJson, Query},
    problem::Problem,
    repeat::Repeat,
    schema,
};

const LONGEST_NAME: usize = 200;

/// Assets to register, at most 1,000.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisterAssets {
    /// The assets.
    #[schema(value_type = Vec<NewAsset>)]
    assets: All<NewAsset>,
}

/// An asset to register.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAsset {
    /// Its Graph id; an ad account's with or without `act_`.
    #[schema(schema_with = schema::asset_id)]
    id: AssetId,
    /// Its kind.
    #[schema(schema_with = schema::asset_kind)]
    kind: AssetKind,
    /// A name for people.
    #[schema(value_type = Option<String>, max_length = 200)]
    name: Option<Name>,
    /// The business it belongs to.
    #[schema(schema_with = schema::graph_id_or_null, required = false)]
    business_id: Option<AssetId>,
    /// A token that serves it. It is sealed at once and `unproven` until a probe proved it.
    #[schema(value_type = Option<String>, write_only)]
    token: Option<AccessToken>,
    /// What kind of token; if left out, `page` for a page and `user` for every other asset.
    #[schema(schema_with = schema::credential_kind, required = false)]
    token_kind: Option<CredentialKind>,
}

/// A name for people.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Name(String);

/// What became of one registration.
#[derive(Serialize, ToSchema)]
pub(crate) struct Registration {
    /// The asset's canonical id.
    #[schema(schema_with = schema::asset_id)]
    id: AssetId,
    /// What became of it.
    status: RegistrationOutcome,
    /// Where its token stands; absent where none was given or none was taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::slot, required = false)]
    slot: Option<regrant_domain::Slot>,
}

/// What became of a registration.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RegistrationOutcome {
    /// It is new.
    Created,
    /// It was there; its name and business were brought up to date.
    Exists,
    /// It was there as another kind; nothing was changed.
    KindMismatch,
    /// The same asset stands earlier in this call; nothing was changed.
    Duplicate,
    /// The id has not the form of this kind.
    Malformed,
}

/// Which assets to list.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AssetFilter {
    /// Only in this state.
    #[param(schema_with = schema::asset_state, required = false)]
    state: Option<Status>,
    /// Only of this kind.
    #[param(schema_with = schema::asset_kind, required = false)]
    kind: Option<AssetKind>,
    /// Only of this business.
    #[param(schema_with = schema::graph_id, required = false)]
    business_id: Option<AssetId>,
    /// Only served by this person's credential.
    #[param(schema_with = schema::graph_id, required = false)]
    person_id: Option<PersonId>,
    /// Only with a known ending before this moment (RFC 3339).
    #[param(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    ending_before: Option<Moment>,
    /// The `next_cursor` of the page before.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<AssetId>>,
    /// How many, 1 to 200.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 200, default = 50)]
    limit: Limit,
}

/// A moment in RFC 3339.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Moment(pub(crate) Timestamp);

/// Register assets, and seal the tokens that come with them.
#[utoipa::path(
    tag = "assets",
    security(("oauth2" = ["assets:write"])),
    request_body = RegisterAssets,
    responses((status = 200, description = "What became of each, in the order given.", body = Page<Registration>)),
)]
#[post("/assets")]
pub(crate) async fn register_assets(
    vault: Data<Vault>,
    caller: Caller<AssetsWrite>,
    repeat: Repeat,
    body: CanonicalJson<RegisterAssets>,
) -> Result<HttpResponse, Problem> {
    let repeatable = repeat.of("POST /v1/assets", &body.canonical);
    let registrations = body.value.into_registrations()?;
    let registered = vault
        .register_assets(&caller.principal, registrations, repeatable)
        .await?;
    Ok(HttpResponse::Ok().json(Page::whole(
        registered.into_iter().map(Registration::from).collect(),
    )))
}

/// List assets by id.
#[utoipa::path(
    tag = "assets",
    security(("oauth2" = ["assets:read"])),
    params(AssetFilter),
    responses((status = 200, description = "One page of assets, without their slots.", body = Page<AssetOut>)),
)]
#[get("/assets")]
pub(crate) async fn list_assets(
    vault: Data<Vault>,
    caller: Caller<AssetsRead>,
    Query(filter): Query<AssetFilter>,
) -> Result<HttpResponse, Problem> {
    let limit = filter.limit.0;
    let list = vault
        .list_assets(&caller.principal, filter.into(), limit)
        .await?;
    let data = list.data.into_iter().map(AssetOut::without_slots).collect();
    Ok(HttpResponse::Ok().json(Page::of(data, list.next.as_ref())))
}

/// Read an asset with its slots.
#[utoipa::path(
    tag = "assets",
    security(("oauth2" = ["assets:read"])),
    params(("asset_id" = String, Path, description = "The asset's Graph id.")),
    responses((status = 200, description = "The asset.", body = AssetOut)),
)]
#[get("/assets/{asset_id}")]
pub(crate) async fn get_asset(
    vault: Data<Vault>,
    caller: Caller<AssetsRead>,
    id: PathId<AssetId>,
) -> Result<HttpResponse, Problem> {
    let view = vault.asset(&caller.principal, &id.0).await?;
    Ok(HttpResponse::Ok().json(AssetOut::with_slots(view)))
}

/// Forget an asset and its credentials.
#[utoipa::path(
    tag = "assets",
    security(("oauth2" = ["assets:write"])),
    params(("asset_id" = String, Path, description = "The asset's Graph id.")),
    responses((status = 204, description = "It is forgotten.")),
)]
#[delete("/assets/{asset_id}")]
pub(crate) async fn delete_asset(
    vault: Data<Vault>,
    caller: Caller<AssetsWrite>,
    id: PathId<AssetId>,
) -> Result<HttpResponse, Problem> {
    vault.delete_asset(&caller.principal, &id.0).await?;
    Ok(HttpResponse::NoContent().finish())
}

impl RegisterAssets {
    fn into_registrations(self) -> Result<Vec<AssetRegistration>, Problem> {
        let lone = |it: &NewAsset| it.token.is_none() && it.token_kind.is_some();
        if let Some(index) = self.assets.0.iter().position(lone) {
            return Err(Problem::invalid_field(
                format!("assets[{index}].token_kind"),
                "needs a token",
            ));
        }
        Ok(self
            .assets
            .0
            .into_iter()
            .map(AssetRegistration::from)
            .collect())
    }
}

impl From<NewAsset> for AssetRegistration {
    fn from(it: NewAsset) -> Self {
        let usual = if it.kind == AssetKind::Page {
            CredentialKind::Page
        } else {
            CredentialKind::User
        };
        let kind = it.token_kind.unwrap_or(usual);
        Self {
            id: it.id,
            kind: it.kind,
            name: it.name.map(|name| name.0),
            business_id: it.business_id,
            token: it.token.map(|token| (token, kind)),
        }
    }
}

impl From<RegisteredAsset> for Registration {
    fn from(it: RegisteredAsset) -> Self {
        let status = match it.status {
            RegistrationStatus::Created => RegistrationOutcome::Created,
            RegistrationStatus::Exists => RegistrationOutcome::Exists,
            RegistrationStatus::KindMismatch(_) => RegistrationOutcome::KindMismatch,
            RegistrationStatus::Duplicate => RegistrationOutcome::Duplicate,
            RegistrationStatus::Malformed => RegistrationOutcome::Malformed,
        };
        Self {
            id: it.id,
            status,
            slot: it.slot,
        }
    }
}

impl From<AssetFilter> for AssetQuery {
    fn from(it: AssetFilter) -> Self {
        Self {
            kind: it.kind,
            status: it.state,
            business_id: it.business_id,
            person_id: it.person_id,
            ending_before: it.ending_before.map(|it| it.0),
            after: it.cursor.map(|it| it.0),
        }
    }
}

impl TryFrom<String> for Name {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let fits = (1..=LONGEST_NAME).contains(&text.chars().count())
            && !text.chars().any(char::is_control);
        if fits {
            Ok(Self(text))
        } else {
            Err("expected 1 to 200 characters without control characters")
        }
    }
}

impl TryFrom<String> for Moment {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let moment = chrono::DateTime::parse_from_rfc3339(&text);
        moment
            .map(|it| Self(it.to_utc()))
            .map_err(|_| "expected a time in RFC 3339, as in 2026-01-31T00:00:00Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Node, pairs, read};

    fn faulty_fields(text: &str) -> Vec<String> {
        let faults = read::<RegisterAssets>(Node::parse(text.as_bytes()).unwrap())
            .err()
            .unwrap_or_default();
        faults.into_iter().map(|it| it.field).collect()
    }

    #[test]
    fn every_faulty_asset_of_a_registration_is_named() {
        let text = r#"{"assets":[{"id":"1","kind":"page"},{"id":2,"kind":"page"},{"id":"3","kind":"x"},{"id":"4"}]}"#;
        assert_eq!(
            faulty_fields(text),
            ["assets[1].id", "assets[2].kind", "assets[3].kind"]
        );
    }

    #[test]
    fn a_token_takes_the_usual_kind_of_its_asset() {
        let text = r#"{"assets":[{"id":"1","kind":"page","token":"E"},{"id":"2","kind":"pixel","token":"E"}]}"#;
        let request: RegisterAssets = read(Node::parse(text.as_bytes()).unwrap()).unwrap();
        let kinds: Vec<_> = request
            .into_registrations()
            .unwrap()
            .into_iter()
            .map(|it| it.token.unwrap().1)
            .collect();
        assert_eq!(kinds, [CredentialKind::Page, CredentialKind::User]);
    }

    #[test]
    fn a_filter_reads_its_parts_and_refuses_others() {
        let filter = |text: &str| read::<AssetFilter>(pairs(text).unwrap());
        let good =
            filter("state=expiring&kind=ad_account&limit=7&ending_before=2026-01-31T00:00:00Z")
                .ok()
                .unwrap();
        assert_eq!((good.limit.0, good.state), (7, Some(Status::Expiring)));
        for text in [
            "access_token=E",
            "limit=0",
            "state=well",
            "ending_before=soon",
            "kind=page&kind=page",
            "cursor=x",
        ] {
            assert!(filter(text).is_err(), "{text}");
        }
    }
}
