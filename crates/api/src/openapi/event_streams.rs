//! Streams of events, described event by event.
//!
//! The rule: the schema of a `text/event-stream` is that of one event, as the HTML standard parses it; OpenAPI 3.1 has no
//! other place for it, and tools that test streams read it so.

use utoipa::openapi::{
    Components, Object, Ref, RefOr,
    path::Operation,
    schema::{ObjectBuilder, Schema, Type},
};

const MEDIA_TYPE: &str = "text/event-stream";
const NAME: &str = "StreamEvent";

/// Describes the streams of a call.
pub(super) fn describe_streams(operation: &mut Operation, components: &mut Components) {
    for response in operation.responses.responses.values_mut() {
        let RefOr::T(response) = response else {
            continue;
        };
        if let Some(RefOr::T(stream)) = response.content.get_mut(MEDIA_TYPE) {
            stream.schema = Some(RefOr::Ref(Ref::from_schema_name(NAME)));
            let event = || RefOr::T(Schema::Object(event_schema()));
            components
                .schemas
                .entry(NAME.to_owned())
                .or_insert_with(event);
        }
    }
}

fn event_schema() -> Object {
    let text = |description| {
        let text = ObjectBuilder::new().schema_type(Type::String);
        text.description(Some(description))
    };
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some("One event of a stream."))
        .property(
            "event",
            text("Kind of the event; the description of the call lists them."),
        )
        .property(
            "id",
            text("Send it as `Last-Event-ID` to continue after this event."),
        )
        .property(
            "data",
            text("The event itself, as JSON.").content_media_type("application/json"),
        )
        .required("event")
        .required("data")
        .build()
}
