//! OpenAPI schemas of the domain's closed lists and identifiers.
//!
//! The rule: the domain does not depend on OpenAPI; the names of a closed list come from its `ALL`.

use regrant_domain::{
    AssetKind, BusinessSource, Confidence, ConsentForm, Coverage, CredentialKind, CutOffSource,
    DiscoveryStatus, EventKind, FactName, FactSource, Familiarity, Heals, LeftOutCause, LinkStatus,
    Locale, NextStep, ObjectCondition, OperatorRole, Outcome, Permission, PreviewStatus,
    ReasonCode, ReconnectStatus, RegistrationRefusal, Serving, Slot, Verdict, Who,
    forecast::{Cover, DepartureEffect},
    state::{EndingCause, Status},
    webhook::{AssetEvents, DeliveryStatus, DisabledReason, EndpointStatus},
};
use utoipa::openapi::{
    Array, Object, ObjectBuilder,
    schema::{ArrayBuilder, OneOfBuilder, Schema, SchemaType, Type},
};

fn string_schema() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn enum_schema(names: impl Iterator<Item = &'static str>) -> Object {
    string_schema().enum_values(Some(names)).build()
}

/// Allows null beside the values of the schema.
fn make_nullable(mut schema: Object) -> Object {
    schema.schema_type = SchemaType::from_iter([Type::String, Type::Null]);
    if let Some(values) = &mut schema.enum_values {
        values.push(serde_json::Value::Null);
    }
    schema
}

pub(crate) fn asset_id() -> Object {
    string_schema()
        .pattern(Some("^(act_)?[0-9]{1,20}$"))
        .examples(["1784140000000001"])
        .build()
}

pub(crate) fn graph_id() -> Object {
    string_schema().pattern(Some("^[0-9]{1,20}$")).build()
}

pub(crate) fn graph_id_or_null() -> Object {
    make_nullable(graph_id())
}

pub(crate) fn asset_kind() -> Object {
    enum_schema(AssetKind::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn asset_kinds() -> Array {
    ArrayBuilder::new().items(asset_kind()).build()
}

/// One kind, or a list of kinds.
pub(crate) fn one_or_more_asset_kinds() -> Schema {
    one_or_more(asset_kind())
}

fn one_or_more(value: Object) -> Schema {
    let list = ArrayBuilder::new().items(value.clone());
    Schema::OneOf(OneOfBuilder::new().item(value).item(list).build())
}

/// The same; null where there is none.
pub(crate) fn asset_kind_or_null() -> Object {
    make_nullable(asset_kind())
}

/// Null where it is not known.
pub(crate) fn business_source() -> Object {
    make_nullable(enum_schema(
        BusinessSource::ALL.iter().map(|it| it.as_str()),
    ))
}

pub(crate) fn asset_state() -> Object {
    enum_schema(Status::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn asset_states() -> Array {
    ArrayBuilder::new().items(asset_state()).build()
}

/// One state, or a list of states.
pub(crate) fn one_or_more_asset_states() -> Schema {
    one_or_more(asset_state())
}

pub(crate) fn link_status() -> Object {
    enum_schema(LinkStatus::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn locale() -> Object {
    enum_schema(Locale::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn credential_kind() -> Object {
    enum_schema(CredentialKind::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn credential_kind_or_null() -> Object {
    make_nullable(credential_kind())
}

pub(crate) fn slot_name() -> Object {
    enum_schema(Slot::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn ending_cause() -> Object {
    enum_schema(EndingCause::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn confidence_level() -> Object {
    enum_schema(Confidence::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn fact_name() -> Object {
    enum_schema(FactName::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn fact_source() -> Object {
    enum_schema(FactSource::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn object_condition() -> Object {
    enum_schema(ObjectCondition::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn object_condition_or_null() -> Object {
    make_nullable(object_condition())
}

pub(crate) fn cover_or_null() -> Object {
    make_nullable(enum_schema(Cover::ALL.iter().map(|it| it.as_str())))
}

pub(crate) fn leave_effect() -> Object {
    enum_schema(DepartureEffect::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn person_kind() -> Object {
    enum_schema(
        [CredentialKind::User, CredentialKind::SystemUser]
            .iter()
            .map(|it| it.as_str()),
    )
}

pub(crate) fn cut_off_source() -> Object {
    enum_schema(CutOffSource::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn cut_off_source_or_null() -> Object {
    make_nullable(cut_off_source())
}

pub(crate) fn discovery_status() -> Object {
    enum_schema(DiscoveryStatus::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn familiarity() -> Object {
    enum_schema(Familiarity::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn registration_refusal_or_null() -> Object {
    make_nullable(enum_schema(
        RegistrationRefusal::ALL.iter().map(|it| it.as_str()),
    ))
}

pub(crate) fn outcome_or_null() -> Object {
    make_nullable(enum_schema(Outcome::ALL.iter().map(|it| it.as_str())))
}

pub(crate) fn coverage_name() -> Object {
    enum_schema(Coverage::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn preview_status() -> Object {
    enum_schema(PreviewStatus::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn left_out_cause() -> Object {
    enum_schema(LeftOutCause::ALL.iter().map(|it| it.as_str()))
}

/// Id of the plan of a preview, or null.
pub(crate) fn plan_id_or_null() -> Object {
    let description = "Id of the plan of a preview. A reconnect with this plan is refused if assets or token changed since \
                       the preview; null if the token could not be validated.";
    make_nullable(
        string_schema()
            .pattern(Some("^pln_[0-9a-f]{56}$"))
            .description(Some(description))
            .build(),
    )
}

/// Id of a consent, or null.
pub(crate) fn consent_id_or_null() -> Object {
    let description =
        "Consent of the caller. A reconnect that is accepted uses it up; a preview does not.";
    make_nullable(
        string_schema()
            .pattern(Some("^cns_[0-9a-f]{32}$"))
            .description(Some(description))
            .build(),
    )
}

pub(crate) fn consent_forms() -> Array {
    let forms = enum_schema(ConsentForm::ALL.iter().map(|it| it.as_str()));
    ArrayBuilder::new().items(forms).build()
}

/// The same, with at least one; null means absent.
pub(crate) fn some_consent_forms_or_null() -> Array {
    let forms = enum_schema(ConsentForm::ALL.iter().map(|it| it.as_str()));
    ArrayBuilder::new()
        .schema_type(SchemaType::from_iter([Type::Array, Type::Null]))
        .items(forms)
        .min_items(Some(1))
        .build()
}

pub(crate) fn serving_or_null() -> Object {
    make_nullable(enum_schema(Serving::ALL.iter().map(|it| it.as_str())))
}

pub(crate) fn acting_party() -> Object {
    enum_schema(Who::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn reason_code() -> Object {
    enum_schema(ReasonCode::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn next_step_code() -> Object {
    enum_schema(NextStep::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn heals() -> Object {
    enum_schema(Heals::ALL.iter().map(|it| it.as_str()))
}

/// Verdict of a reconnect, or null.
pub(crate) fn verdict_or_null() -> Object {
    make_nullable(enum_schema(Verdict::ALL.iter().map(|it| it.as_str())))
}

pub(crate) fn reconnect_status() -> Object {
    enum_schema(ReconnectStatus::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn event_kind() -> Object {
    enum_schema(EventKind::ALL.iter().map(|it| it.as_str()))
}

/// Kinds of events to list.
pub(crate) fn listed_event_kinds() -> Array {
    ArrayBuilder::new().items(event_kind()).build()
}

/// Kinds of events; `*` means all kinds.
pub(crate) fn event_kinds() -> Array {
    let kinds =
        enum_schema(std::iter::once("*").chain(EventKind::ALL.iter().map(|it| it.as_str())));
    ArrayBuilder::new().items(kinds).min_items(Some(1)).build()
}

pub(crate) fn asset_events() -> Object {
    enum_schema(AssetEvents::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn endpoint_status() -> Object {
    enum_schema(EndpointStatus::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn disabled_reason_or_null() -> Object {
    make_nullable(enum_schema(
        DisabledReason::ALL.iter().map(|it| it.as_str()),
    ))
}

pub(crate) fn operator_role() -> Object {
    enum_schema(
        [OperatorRole::Owner, OperatorRole::Support]
            .into_iter()
            .map(OperatorRole::as_str),
    )
}

pub(crate) fn operator_name() -> Object {
    string_schema()
        .pattern(Some("^[a-z0-9._@+-]{1,64}$"))
        .examples(["ada"])
        .build()
}

pub(crate) fn scope_name() -> Object {
    enum_schema(Permission::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn scope_names() -> Array {
    ArrayBuilder::new().items(scope_name()).build()
}

pub(crate) fn tenant_status() -> Object {
    enum_schema(["active", "suspended", "deleted"].into_iter())
}

pub(crate) fn signing_key_state() -> Object {
    enum_schema(["next", "active", "overlap", "retired"].into_iter())
}

pub(crate) fn kek_state() -> Object {
    enum_schema(["staged", "active", "decrypt_only", "destroyed"].into_iter())
}

pub(crate) fn secret_text() -> Object {
    string_schema()
        .min_length(Some(1))
        .max_length(Some(256))
        .build()
}

pub(crate) fn password_text() -> Object {
    string_schema()
        .min_length(Some(12))
        .max_length(Some(256))
        .build()
}

/// The same; null means absent.
pub(crate) fn operator_name_or_null() -> Object {
    make_nullable(operator_name())
}

/// The same; null means absent.
pub(crate) fn operator_role_or_null() -> Object {
    make_nullable(operator_role())
}

/// The same; null means absent.
pub(crate) fn password_or_null() -> Object {
    make_nullable(password_text())
}

/// The same; null means absent.
pub(crate) fn secret_or_null() -> Object {
    make_nullable(secret_text())
}

pub(crate) fn delivery_status() -> Object {
    enum_schema(DeliveryStatus::ALL.iter().map(|it| it.as_str()))
}

pub(crate) fn delivery_statuses() -> Array {
    ArrayBuilder::new().items(delivery_status()).build()
}
