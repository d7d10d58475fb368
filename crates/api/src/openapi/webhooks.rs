//! The webhooks of the description: one for each kind of event, with the schema of its body.
//!
//! The rule: the vault writes the `data` of events; a test compares these schemas with what is sent. No schema forbids
//! further fields, because there will be more.

#![expect(dead_code, reason = "these types describe JSON that the vault writes")]

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use regrant_domain::EventKind;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ContentBuilder, OpenApi, PathItem, Ref, RefOr, Response, Schema,
        path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathsBuilder},
        request_body::RequestBodyBuilder,
        schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type},
    },
};

use crate::schema;

/// `data` of an event about the state of an asset.
#[derive(ToSchema)]
struct AssetStateChange {
    /// Id of the asset.
    #[schema(schema_with = schema::asset_id)]
    asset_id: String,
    /// Kind of the asset.
    #[schema(schema_with = schema::asset_kind)]
    kind: String,
    /// Business that owns the asset.
    #[schema(schema_with = schema::graph_id_or_null)]
    business_id: Option<String>,
    /// Person who granted the active credential.
    #[schema(schema_with = schema::graph_id_or_null)]
    person_id: Option<String>,
    /// State of the asset.
    #[schema(schema_with = schema::asset_state)]
    state: String,
    /// When the asset entered this state.
    since: DateTime<Utc>,
    /// Why, and the next step.
    reason: EventReason,
    /// Earliest known ending; null if none is known.
    #[schema(required)]
    ending: Option<EventEnding>,
}

/// Why an asset is in its state, and who must act.
#[derive(ToSchema)]
struct EventReason {
    /// Stable code.
    #[schema(schema_with = schema::reason_code)]
    code: String,
    /// The reason in one sentence.
    detail: String,
    /// Who must act.
    #[schema(schema_with = schema::acting_party)]
    who: String,
    /// The next step of that party, in one sentence.
    next_step: String,
    /// Stable code of the next step.
    #[schema(schema_with = schema::next_step_code)]
    next_step_code: String,
    /// Permissions or tasks that are missing, if the reason is about them.
    #[schema(required = false)]
    lacking: Vec<String>,
}

/// The earliest known date on which an asset stops working.
#[derive(ToSchema)]
struct EventEnding {
    /// Time of the ending.
    at: DateTime<Utc>,
    /// Cause of the ending.
    #[schema(schema_with = schema::ending_cause)]
    cause: String,
    /// How reliable the ending is.
    #[schema(schema_with = schema::confidence_level)]
    confidence: String,
    /// Since when the ending is known.
    since: DateTime<Utc>,
    /// Who must act.
    #[schema(schema_with = schema::acting_party)]
    who: String,
}

/// `data` of `assets.changed`.
#[derive(ToSchema)]
struct AssetsChanged {
    /// Number of changes by kind of event.
    counts: BTreeMap<String, u32>,
    /// Ids of the assets that changed, 500 at most.
    asset_ids: Vec<String>,
    /// Path of the list of single events, from the first of these changes on.
    #[schema(example = "/v1/events?after=evt_018f2d7e7a5c7b4e9d3c2b1a09f8e7d6")]
    events_url: String,
}

/// `data` of `credential.promoted` and `credential.failed_over`.
#[derive(ToSchema)]
struct CredentialActivated {
    /// Id of the asset.
    #[schema(schema_with = schema::asset_id)]
    asset_id: String,
    /// Person who granted the credential that serves now.
    #[schema(schema_with = schema::graph_id_or_null)]
    person_id: Option<String>,
    /// Kind of that credential.
    #[schema(schema_with = schema::credential_kind)]
    kind: String,
    /// Its number in the history of the asset.
    generation: i64,
    /// Since when it was parked or stood by.
    waited_since: DateTime<Utc>,
    /// The credential that served before; null if there was none.
    #[schema(required)]
    before: Option<EarlierCredential>,
}

/// A credential that served before.
#[derive(ToSchema)]
struct EarlierCredential {
    /// Person who granted it.
    #[schema(schema_with = schema::graph_id_or_null)]
    person_id: Option<String>,
    /// Its kind.
    #[schema(schema_with = schema::credential_kind)]
    kind: String,
}

/// `data` of `credential.dropped`.
#[derive(ToSchema)]
struct CredentialDropped {
    /// Id of the asset.
    #[schema(schema_with = schema::asset_id)]
    asset_id: String,
    /// Person who granted it.
    #[schema(schema_with = schema::graph_id_or_null)]
    person_id: Option<String>,
    /// Slot from which it was dropped.
    #[schema(schema_with = schema::slot_name)]
    slot: String,
    /// `token_dead`, or `undone` by an undo.
    reason: String,
}

/// `data` of `grant.refreshed`.
#[derive(ToSchema)]
struct GrantRefreshed {
    /// Id of the grant whose token was refreshed.
    grant_id: String,
    /// Person who granted it.
    #[schema(schema_with = schema::graph_id)]
    person_id: String,
    /// Reconnect that replaces the old token.
    reconnect_id: String,
    /// Number of its assets.
    assets: u64,
}

/// `data` of `grant.refresh_failed`.
#[derive(ToSchema)]
struct GrantRefreshFailed {
    /// Id of the grant.
    grant_id: String,
    /// Person who granted it.
    #[schema(schema_with = schema::graph_id)]
    person_id: String,
    /// When its token expires; null if that is not known.
    #[schema(required)]
    ends_at: Option<DateTime<Utc>>,
    /// Why the refresh failed, in one sentence.
    detail: String,
    /// Who must act.
    #[schema(schema_with = schema::acting_party)]
    who: String,
    /// The next step of that party, in one sentence.
    next_step: String,
}

/// `data` of `person.revoked`.
#[derive(ToSchema)]
struct PersonRevoked {
    /// The person.
    #[schema(schema_with = schema::graph_id)]
    person_id: String,
    /// `deauthorize` or `data_deletion`.
    cause: String,
    /// Number of assets that ended with it.
    assets: u64,
}

/// `data` of `reconnect.completed`.
#[derive(ToSchema)]
struct ReconnectCompleted {
    /// Id of the reconnect or undo.
    reconnect_id: String,
    /// Its status.
    #[schema(schema_with = schema::reconnect_status)]
    status: String,
    /// What came of it.
    #[schema(schema_with = schema::verdict_or_null)]
    verdict: Option<String>,
    /// Number of items by outcome.
    counts: BTreeMap<String, u64>,
}

/// `data` of `forecast.changed`.
#[derive(ToSchema)]
struct ForecastChanged {
    /// Person whose migration was announced; absent if probes read the cut-offs.
    #[schema(required = false)]
    person_id: Option<String>,
    /// Number of assets whose cut-off changed.
    assets: u64,
    /// The earliest of the new cut-offs; null if there is none.
    #[schema(required)]
    earliest: Option<DateTime<Utc>>,
    /// The latest of the new cut-offs; null if there is none.
    #[schema(required)]
    latest: Option<DateTime<Utc>>,
}

/// `data` of `webhook.test`.
#[derive(ToSchema)]
struct WebhookTested {
    /// Id of the endpoint that was tested.
    endpoint_id: String,
}

/// The schema of the `data` of a kind, and when the event is sent.
fn describe_kind(kind: EventKind) -> (String, RefOr<Schema>, &'static str) {
    use EventKind as K;
    match kind {
        K::AssetExpiring => describe_data::<AssetStateChange>("An ending of an asset is near."),
        K::AssetMigrating => {
            describe_data::<AssetStateChange>("A cut-off of an asset became known.")
        }
        K::AssetSuspect => describe_data::<AssetStateChange>("One probe of an asset was refused."),
        K::AssetDisconnected => {
            describe_data::<AssetStateChange>("No credential of an asset works.")
        }
        K::AssetRecovered => {
            describe_data::<AssetStateChange>("A credential of an asset works again.")
        }
        K::AssetsChanged => describe_data::<AssetsChanged>(
            "Assets changed; sent instead of single events to endpoints with `asset_events: bulk`.",
        ),
        K::CredentialPromoted => {
            describe_data::<CredentialActivated>("A parked credential serves now.")
        }
        K::CredentialFailedOver => describe_data::<CredentialActivated>("A standby serves now."),
        K::CredentialDropped => {
            describe_data::<CredentialDropped>("A parked or standby credential is gone.")
        }
        K::GrantRefreshed => describe_data::<GrantRefreshed>("A token was refreshed."),
        K::GrantRefreshFailed => {
            describe_data::<GrantRefreshFailed>("A token could not be refreshed.")
        }
        K::PersonRevoked => describe_data::<PersonRevoked>("A person revoked the app's access."),
        K::ReconnectCompleted => {
            describe_data::<ReconnectCompleted>("A reconnect or an undo has ended.")
        }
        K::ForecastChanged => describe_data::<ForecastChanged>("Cut-offs changed."),
        K::WebhookTest => describe_data::<WebhookTested>("`POST …/test` was called."),
    }
}

fn describe_data<T: ToSchema>(when: &'static str) -> (String, RefOr<Schema>, &'static str) {
    (T::name().into_owned(), T::schema(), when)
}

/// The name of the response that an endpoint gives.
const ACCEPTED: &str = "EventAccepted";

/// Adds a webhook for each kind of event, and the schemas of their bodies.
pub(crate) fn add_webhooks(api: &mut OpenApi) {
    let mut webhooks = PathsBuilder::new();
    let components = api.components.get_or_insert_default();
    let accepted = Response::new("The event is accepted; any other status is a failure.");
    components
        .responses
        .insert(ACCEPTED.to_owned(), accepted.into());
    let schemas = &mut components.schemas;
    for it in [
        (EventReason::name().into_owned(), EventReason::schema()),
        (EventEnding::name().into_owned(), EventEnding::schema()),
        (
            EarlierCredential::name().into_owned(),
            EarlierCredential::schema(),
        ),
    ] {
        schemas.insert(it.0, it.1);
    }
    for kind in EventKind::ALL {
        let (name, data, when) = describe_kind(kind);
        schemas.insert(name.clone(), data);
        webhooks = webhooks.path(kind.as_str(), describe_webhook(kind, &name, when));
    }
    api.webhooks = Some(webhooks.build());
}

fn describe_webhook(kind: EventKind, data: &str, when: &str) -> PathItem {
    let moment = ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)));
    let body = ObjectBuilder::new()
        .property(
            "type",
            ObjectBuilder::new()
                .schema_type(Type::String)
                .enum_values(Some([kind.as_str()])),
        )
        .property("timestamp", moment)
        .property("data", Ref::from_schema_name(data))
        .required("type")
        .required("timestamp")
        .required("data");
    let content = ContentBuilder::new().schema(Some(body)).build();
    let request = RequestBodyBuilder::new()
        .content("application/json", content)
        .build();
    let mut operation = OperationBuilder::new()
        .tag("webhooks")
        .operation_id(Some(kind.as_str().replace('.', "_")))
        .summary(Some(when))
        .request_body(Some(request))
        // The signature stands in the headers.
        .securities(Some([]))
        .response("2XX", RefOr::Ref(Ref::from_response_name(ACCEPTED)));
    for (name, text) in HEADERS {
        let header = ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(utoipa::openapi::Required::True)
            .description(Some(text))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String)));
        operation = operation.parameter(header);
    }
    PathItem::new(HttpMethod::Post, operation)
}

/// The headers of a webhook, after the Standard Webhooks scheme.
const HEADERS: [(&str, &str); 3] = [
    ("webhook-id", "Id of the event, the same on every attempt."),
    (
        "webhook-timestamp",
        "Time of the attempt, in seconds since 1970.",
    ),
    ("webhook-signature", "Signatures, separated by spaces."),
];
