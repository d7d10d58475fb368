//! Schemas of the domain's closed lists and identifiers: the domain knows nothing of OpenAPI.

use regrant_domain::{
    AssetKind, Confidence, Coverage, CredentialKind, CutOffSource, EventKind, OperatorRole,
    Outcome, Permission, ReasonCode, ReconnectStatus, Serving, Slot, Who,
    forecast::{Cover, Effect},
    state::{EndingCause, Status},
    webhook::{DeliveryStatus, DisabledReason, EndpointStatus},
};
use utoipa::openapi::{
    Array, Object, ObjectBuilder,
    schema::{ArrayBuilder, SchemaType, Type},
};

fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn list(names: impl Iterator<Item = &'static str>) -> Object {
    text().enum_values(Some(names)).build()
}

/// The same, or null.
fn nullable(mut schema: Object) -> Object {
    schema.schema_type = SchemaType::from_iter([Type::String, Type::Null]);
    if let Some(values) = &mut schema.enum_values {
        values.push(serde_json::Value::Null);
    }
    schema
}

pub(crate) fn asset_id() -> Object {
    text()
        .pattern(Some("^(act_)?[0-9]{1,20}$"))
        .examples(["1784140000000001"])
        .build()
}

pub(crate) fn graph_id() -> Object {
    text().pattern(Some("^[0-9]{1,20}$")).build()
}

pub(crate) fn graph_id_or_null() -> Object {
    nullable(graph_id())
}

pub(crate) fn asset_kind() -> Object {
    list(AssetKind::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn asset_state() -> Object {
    list(Status::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn credential_kind() -> Object {
    list(CredentialKind::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn slot() -> Object {
    list(Slot::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn ending_cause() -> Object {
    list(EndingCause::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn confidence() -> Object {
    list(Confidence::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn cover_or_null() -> Object {
    nullable(list(Cover::ALL.iter().map(|it| it.as_str())))
}

pub(crate) fn effect() -> Object {
    list(Effect::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn person_kind() -> Object {
    list(
        [CredentialKind::User, CredentialKind::SystemUser]
            .iter()
            .map(|it| it.as_str()),
    )
}

pub(crate) fn cut_off_source() -> Object {
    list(CutOffSource::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn cut_off_source_or_null() -> Object {
    nullable(cut_off_source())
}

pub(crate) fn outcome_or_null() -> Object {
    nullable(list(Outcome::ALL.iter().map(|it| it.as_str())))
}

pub(crate) fn coverage() -> Object {
    list(Coverage::ALL.iter().map(|it| it.as_str()))
}

/// The identifier of a preview, or null.
pub(crate) fn plan_id_or_null() -> Object {
    let description = "Names a preview. A reconnect that is given it is refused unless everything still is as that \
                       preview found it; null where the token itself could not be proved.";
    nullable(
        text()
            .pattern(Some("^pln_[0-9a-f]{56}$"))
            .description(Some(description))
            .build(),
    )
}

pub(crate) fn serving_or_null() -> Object {
    nullable(list(Serving::ALL.iter().map(|it| it.as_str())))
}

pub(crate) fn who() -> Object {
    list(Who::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn reason_code() -> Object {
    list(ReasonCode::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn reconnect_status() -> Object {
    list(ReconnectStatus::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn event_kind() -> Object {
    list(EventKind::ALL.iter().map(|it| it.as_str()))
}

/// Kinds of events; `*` stands for every one.
pub(crate) fn event_kinds() -> Array {
    let kinds = list(std::iter::once("*").chain(EventKind::ALL.iter().map(|it| it.as_str())));
    ArrayBuilder::new().items(kinds).min_items(Some(1)).build()
}

pub(crate) fn endpoint_status() -> Object {
    list(EndpointStatus::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn disabled_reason_or_null() -> Object {
    nullable(list(DisabledReason::ALL.iter().map(|it| it.as_str())))
}

pub(crate) fn operator_role() -> Object {
    list(
        [OperatorRole::Owner, OperatorRole::Support]
            .into_iter()
            .map(OperatorRole::as_str),
    )
}

pub(crate) fn operator_name() -> Object {
    text()
        .pattern(Some("^[a-z0-9._@+-]{1,64}$"))
        .examples(["ada"])
        .build()
}

pub(crate) fn permission() -> Object {
    list(Permission::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn permissions() -> Array {
    ArrayBuilder::new().items(permission()).build()
}

pub(crate) fn tenant_status() -> Object {
    list(["active", "suspended", "deleted"].into_iter())
}

pub(crate) fn signing_key_state() -> Object {
    list(["next", "active", "overlap", "retired"].into_iter())
}

pub(crate) fn secret() -> Object {
    text().min_length(Some(1)).max_length(Some(256)).build()
}

pub(crate) fn password() -> Object {
    text().min_length(Some(12)).max_length(Some(256)).build()
}

/// The same where null is as good as absent.
pub(crate) fn operator_name_or_null() -> Object {
    nullable(operator_name())
}

/// The same where null is as good as absent.
pub(crate) fn operator_role_or_null() -> Object {
    nullable(operator_role())
}

/// The same where null is as good as absent.
pub(crate) fn password_or_null() -> Object {
    nullable(password())
}

/// The same where null is as good as absent.
pub(crate) fn secret_or_null() -> Object {
    nullable(secret())
}

pub(crate) fn delivery_status() -> Object {
    list(DeliveryStatus::ALL.iter().map(|it| it.as_str()))
}
