//! The kinds of objects that an error names.

/// The kinds of objects that can be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resource {
    /// An asset.
    Asset,
    /// A reconnect.
    Reconnect,
    /// A person.
    Person,
    /// A tenant.
    Tenant,
    /// An app.
    App,
    /// A client.
    Client,
    /// A person's request to delete their data.
    Deletion,
    /// A webhook endpoint.
    WebhookEndpoint,
    /// An event.
    Event,
    /// A checkpoint of the audit.
    Checkpoint,
    /// An operator.
    Operator,
    /// A reconnect session.
    ReconnectSession,
    /// A consent.
    Consent,
    /// A discovery.
    Discovery,
    /// A preview.
    Preview,
    /// A link to a hosted page.
    Link,
    /// A calendar feed.
    CalendarFeed,
    /// A row that carries a seal.
    Row,
}

impl std::fmt::Display for Resource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Asset => "asset",
            Self::CalendarFeed => "calendar feed",
            Self::Reconnect => "reconnect",
            Self::Person => "person",
            Self::Tenant => "tenant",
            Self::App => "app",
            Self::Client => "client",
            Self::Deletion => "deletion",
            Self::WebhookEndpoint => "webhook endpoint",
            Self::Event => "event",
            Self::Checkpoint => "checkpoint",
            Self::Operator => "operator",
            Self::Discovery => "discovery",
            Self::Preview => "preview",
            Self::Link => "link",
            Self::Row => "row",
            Self::Consent => "consent",
            Self::ReconnectSession => "reconnect session",
        })
    }
}
