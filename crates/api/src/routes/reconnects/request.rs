//! Requests of reconnects: the new token and its assets.

use crate::{
    extract::IdempotencyHeader,
    json::{CanonicalJson, ListIn, Values, WaitSeconds},
    problem::Problem,
    schema,
    submitted_token::{SubmittedToken, choose_token_source},
};
use regrant_domain::{AssetId, AssetKind, ConsentId, PersonId, PlanId, ReconnectId, state::Status};
use regrant_vault::{ReconnectRequest, Selection, Targets, UndoRequest};
use serde::Deserialize;
use utoipa::ToSchema;

/// One new token for many assets. Give exactly one of `asset_ids` and `select`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewReconnect {
    /// New token of a person or a system user. Give exactly one of `access_token` and `consent_id`.
    #[schema(value_type = Option<String>, write_only)]
    access_token: Option<SubmittedToken>,
    /// Consent of the caller, whose token is the new one.
    #[schema(schema_with = schema::consent_id_or_null, required = false)]
    consent_id: Option<ConsentId>,
    /// Graph ids of the assets, at most 10,000.
    #[schema(value_type = Option<Vec<String>>, max_items = 10_000)]
    asset_ids: Option<ListIn<AssetId>>,
    /// Select all assets that match.
    select: Option<SelectionIn>,
    /// How long the call waits for all outcomes, in seconds.
    #[serde(default)]
    #[schema(value_type = u32, minimum = 0, maximum = 60, default = 10)]
    wait_seconds: WaitSeconds,
    /// Refuse the call unless the token belongs to this person.
    #[schema(schema_with = schema::graph_id_or_null, required = false)]
    expect_person: Option<PersonId>,
    /// Refuse the call if something changed since the preview with this plan: the token, the assets, whether and by which
    /// generation they are served; or if another reconnect is about to replace one of the assets.
    #[schema(schema_with = schema::plan_id_or_null, required = false)]
    plan_id: Option<PlanId>,
}

/// A selection of assets; an asset must match every given field.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AssetSelection)]
pub(crate) struct SelectionIn {
    /// Only assets of this kind, or of one of these kinds.
    #[serde(default)]
    #[schema(schema_with = schema::one_or_more_asset_kinds, required = false)]
    kind: Values<AssetKind>,
    /// Only assets of this business.
    #[schema(schema_with = schema::graph_id, required = false)]
    business_id: Option<AssetId>,
    /// Only assets that a credential of this person serves.
    #[schema(schema_with = schema::graph_id, required = false)]
    person_id: Option<PersonId>,
    /// Only assets in this state, or in one of these states.
    #[serde(default)]
    #[schema(schema_with = schema::one_or_more_asset_states, required = false)]
    state: Values<Status>,
}

/// An undo of a reconnect.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewUndo)]
pub(crate) struct UndoIn {
    /// Graph ids of the assets to undo, at most 10,000; all assets of the reconnect if absent.
    #[schema(value_type = Option<Vec<String>>, max_items = 10_000)]
    asset_ids: Option<ListIn<AssetId>>,
    /// How long the call waits for all outcomes, in seconds.
    #[serde(default)]
    #[schema(value_type = u32, minimum = 0, maximum = 60, default = 10)]
    wait_seconds: WaitSeconds,
}

/// Converts the body of an undo into the request of the use case.
pub(super) fn undo_request(
    reconnect: ReconnectId,
    body: CanonicalJson<UndoIn>,
    idempotency: IdempotencyHeader,
) -> UndoRequest {
    UndoRequest {
        reconnect,
        asset_ids: body.value.asset_ids.map(|it| it.0),
        wait: body.value.wait_seconds.to_duration(),
        repeatable: idempotency.into_call("POST /v1/reconnects/{id}/undo", &body.canonical),
    }
}

/// Converts the body into the request of the use case.
pub(super) fn reconnect_request(
    body: CanonicalJson<NewReconnect>,
    idempotency: IdempotencyHeader,
) -> Result<ReconnectRequest, Problem> {
    let it = body.value;
    Ok(ReconnectRequest {
        source: choose_token_source(it.access_token, it.consent_id)?,
        targets: choose_targets(it.asset_ids, it.select)?,
        expect_person: it.expect_person,
        plan: it.plan_id,
        wait: it.wait_seconds.to_duration(),
        repeatable: idempotency.into_call("POST /v1/reconnects", &body.canonical),
    })
}

/// The assets of a request, which must give exactly one of `asset_ids` and `select`.
pub(in crate::routes) fn choose_targets(
    asset_ids: Option<ListIn<AssetId>>,
    select: Option<SelectionIn>,
) -> Result<Targets, Problem> {
    match (asset_ids, select) {
        (Some(ids), None) => Ok(Targets::Listed(ids.0)),
        (None, Some(select)) => Ok(Targets::Selected(select.into())),
        (None, None) => Err(Problem::invalid_field(
            "asset_ids",
            "is required unless `select` is given",
        )),
        (Some(_), Some(_)) => Err(Problem::invalid_field(
            "select",
            "cannot be combined with `asset_ids`",
        )),
    }
}

impl From<SelectionIn> for Selection {
    fn from(it: SelectionIn) -> Self {
        Self {
            kinds: it.kind.0,
            business_id: it.business_id,
            person_id: it.person_id,
            statuses: it.state.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::json::{Node, read_request};

    fn parsed(text: &str) -> Result<ReconnectRequest, Problem> {
        let value = read_request(Node::parse_document(text.as_bytes()).unwrap())
            .map_err(Problem::invalid_fields)?;
        reconnect_request(
            CanonicalJson {
                value,
                canonical: zeroize::Zeroizing::new(Vec::new()),
            },
            IdempotencyHeader::default(),
        )
    }

    #[test]
    fn a_request_names_its_assets_or_selects_them() {
        let listed = parsed(r#"{"access_token":"E","asset_ids":["1","act_2"]}"#).unwrap();
        assert!(matches!(listed.targets, Targets::Listed(ids) if ids.len() == 2));
        assert_eq!(listed.wait, Duration::from_secs(10));
        let selected =
            parsed(r#"{"access_token":"E","select":{"state":"disconnected"},"wait_seconds":0}"#)
                .unwrap();
        assert!(
            matches!(selected.targets, Targets::Selected(it) if it.statuses == [Status::Disconnected])
        );
    }

    #[test]
    fn any_other_request_is_refused() {
        for text in [
            r#"{"access_token":"E"}"#,
            r#"{"access_token":"E","asset_ids":["1"],"select":{}}"#,
            r#"{"access_token":"E","asset_ids":["1"],"wait_seconds":61}"#,
            r#"{"access_token":"E","asset_ids":["1"],"wait_seconds":-1}"#,
            r#"{"access_token":"E","asset_ids":["1"],"wait_seconds":"5"}"#,
            r#"{"access_token":"E","asset_ids":["1"],"plan_id":"p"}"#,
            r#"{"access_token":"E","asset_ids":["1"],"expect_person":"act_1"}"#,
            r#"{"access_token":"E E","asset_ids":["1"]}"#,
            r#"{"asset_ids":["1"]}"#,
            r#"{"access_token":"E","consent_id":"cns_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6","asset_ids":["1"]}"#,
            r#"{"consent_id":"rcn_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6","asset_ids":["1"]}"#,
        ] {
            assert!(parsed(text).is_err(), "{text}");
        }
    }
}
