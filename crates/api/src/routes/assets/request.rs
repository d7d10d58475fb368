//! Requests about assets: registrations and filters.

use regrant_domain::{AssetId, AssetKind, CredentialKind, PersonId, state::Status};
use regrant_vault::{AssetQuery, AssetRegistration};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::{
    cursor::{Cursor, Limit},
    json::{ListIn, Moment, Values},
    problem::Problem,
    schema,
    submitted_token::SubmittedToken,
};

/// The longest name of an asset, in characters.
const MAX_NAME_LENGTH: usize = 200;

/// Assets to register, at most 1,000.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisterAssets {
    /// Assets.
    #[schema(value_type = Vec<NewAsset>)]
    assets: ListIn<NewAsset>,
}

/// An asset to register.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAsset {
    /// Graph id; for an ad account with or without `act_`.
    #[schema(schema_with = schema::asset_id)]
    id: AssetId,
    /// Kind of the asset.
    #[schema(schema_with = schema::asset_kind)]
    kind: AssetKind,
    /// Display name.
    #[schema(value_type = Option<String>, max_length = 200)]
    name: Option<AssetName>,
    /// Business that owns the asset.
    #[schema(schema_with = schema::graph_id_or_null, required = false)]
    business_id: Option<AssetId>,
    /// Token that serves the asset. It is sealed at once; the asset is `unproven` until a probe works.
    #[schema(value_type = Option<String>, write_only)]
    token: Option<SubmittedToken>,
    /// Kind of the token; by default `page` for a page and `user` for every other asset.
    #[schema(schema_with = schema::credential_kind, required = false)]
    token_kind: Option<CredentialKind>,
}

/// A display name of 1 to 200 characters.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct AssetName(String);

/// Filter and page of a list of assets.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AssetFilter {
    /// Only assets in one of these states: repeated, or separated by commas.
    #[serde(default)]
    #[param(schema_with = schema::asset_states, required = false)]
    state: Values<Status>,
    /// Only assets of one of these kinds: repeated, or separated by commas.
    #[serde(default)]
    #[param(schema_with = schema::asset_kinds, required = false)]
    kind: Values<AssetKind>,
    /// Only assets of this business.
    #[param(schema_with = schema::graph_id, required = false)]
    business_id: Option<AssetId>,
    /// Only assets that a credential of this person serves.
    #[param(schema_with = schema::graph_id, required = false)]
    person_id: Option<PersonId>,
    /// Only assets with a known ending before this moment (RFC 3339).
    #[param(value_type = Option<chrono::DateTime<chrono::Utc>>)]
    ending_before: Option<Moment>,
    /// `next_cursor` of the previous page.
    #[param(value_type = Option<String>)]
    cursor: Option<Cursor<AssetId>>,
    /// Number of entries, 1 to 200.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 200, default = 50)]
    pub(super) limit: Limit,
}

impl RegisterAssets {
    pub(super) fn into_registrations(self) -> Result<Vec<AssetRegistration>, Problem> {
        let kind_without_token = |it: &NewAsset| it.token.is_none() && it.token_kind.is_some();
        if let Some(index) = self.assets.0.iter().position(kind_without_token) {
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
        let default_kind = if it.kind == AssetKind::Page {
            CredentialKind::Page
        } else {
            CredentialKind::User
        };
        let kind = it.token_kind.unwrap_or(default_kind);
        Self {
            id: it.id,
            kind: it.kind,
            name: it.name.map(|name| name.0),
            business_id: it.business_id,
            token: it.token.map(|token| (token.into_token(), kind)),
        }
    }
}

impl From<AssetFilter> for AssetQuery {
    fn from(it: AssetFilter) -> Self {
        Self {
            kinds: it.kind.0,
            statuses: it.state.0,
            business_id: it.business_id,
            person_id: it.person_id,
            ending_before: it.ending_before.map(|it| it.0),
            after: it.cursor.map(|it| it.0),
        }
    }
}

impl TryFrom<String> for AssetName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let fits = (1..=MAX_NAME_LENGTH).contains(&text.chars().count())
            && !text.chars().any(char::is_control);
        if fits {
            Ok(Self(text))
        } else {
            Err("expected 1 to 200 characters without control characters")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Node, parse_query, read_request};

    fn faulty_fields(text: &str) -> Vec<String> {
        let faults = read_request::<RegisterAssets>(Node::parse_document(text.as_bytes()).unwrap())
            .err()
            .unwrap_or_default();
        faults.into_iter().map(|it| it.field).collect()
    }

    #[test]
    fn every_faulty_asset_of_a_registration_is_reported() {
        let text = r#"{"assets":[{"id":"1","kind":"page"},{"id":2,"kind":"page"},{"id":"3","kind":"x"},{"id":"4"}]}"#;
        assert_eq!(
            faulty_fields(text),
            ["assets[1].id", "assets[2].kind", "assets[3].kind"]
        );
    }

    #[test]
    fn a_token_gets_the_default_kind_of_its_asset() {
        let text = r#"{"assets":[{"id":"1","kind":"page","token":"E"},{"id":"2","kind":"pixel","token":"E"}]}"#;
        let request: RegisterAssets =
            read_request(Node::parse_document(text.as_bytes()).unwrap()).unwrap();
        let kinds: Vec<_> = request
            .into_registrations()
            .unwrap()
            .into_iter()
            .map(|it| it.token.unwrap().1)
            .collect();
        assert_eq!(kinds, [CredentialKind::Page, CredentialKind::User]);
    }

    #[test]
    fn a_filter_reads_its_fields_and_refuses_others() {
        let filter = |text: &str| read_request::<AssetFilter>(parse_query(text).unwrap());
        let good =
            filter("state=expiring&kind=ad_account&limit=7&ending_before=2026-01-31T00:00:00Z")
                .ok()
                .unwrap();
        assert_eq!((good.limit.0, good.state.0), (7, vec![Status::Expiring]));
        for text in [
            "access_token=E",
            "limit=0",
            "state=well",
            "ending_before=soon",
            "limit=1&limit=2",
            "cursor=x",
        ] {
            assert!(filter(text).is_err(), "{text}");
        }
    }
}
