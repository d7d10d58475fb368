//! Identifiers in a path.
//!
//! The rule: a malformed identifier gets the same response as an unknown one.

use std::str::FromStr;

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use futures_util::future::{Ready, ready};
use regrant_domain::{
    AppId, AssetId, CalendarFeedId, ClientId, ConsentId, DiscoveryId, LinkId, OperatorId, PersonId,
    PreviewId, ReconnectId, ReconnectSessionId, TenantId, WebhookEndpointId,
};
use regrant_vault::{Error, Resource};

use crate::problem::Problem;

/// An identifier from the path of the request.
pub(crate) struct PathId<T>(pub(crate) T);

/// An identifier type: the name of its path parameter, and the resource that it identifies.
pub(crate) trait PathSegment: FromStr {
    const NAME: &'static str;
    const RESOURCE: Resource;
}

impl PathSegment for AssetId {
    const NAME: &'static str = "asset_id";
    const RESOURCE: Resource = Resource::Asset;
}

impl PathSegment for PersonId {
    const NAME: &'static str = "person_id";
    const RESOURCE: Resource = Resource::Person;
}

impl PathSegment for ReconnectId {
    const NAME: &'static str = "id";
    const RESOURCE: Resource = Resource::Reconnect;
}

impl PathSegment for ReconnectSessionId {
    const NAME: &'static str = "id";
    const RESOURCE: Resource = Resource::ReconnectSession;
}

impl PathSegment for LinkId {
    const NAME: &'static str = "id";
    const RESOURCE: Resource = Resource::Link;
}

impl PathSegment for CalendarFeedId {
    const NAME: &'static str = "id";
    const RESOURCE: Resource = Resource::CalendarFeed;
}

impl PathSegment for ConsentId {
    const NAME: &'static str = "id";
    const RESOURCE: Resource = Resource::Consent;
}

impl PathSegment for DiscoveryId {
    const NAME: &'static str = "id";
    const RESOURCE: Resource = Resource::Discovery;
}

impl PathSegment for PreviewId {
    const NAME: &'static str = "id";
    const RESOURCE: Resource = Resource::Preview;
}

impl PathSegment for WebhookEndpointId {
    const NAME: &'static str = "id";
    const RESOURCE: Resource = Resource::WebhookEndpoint;
}

impl PathSegment for AppId {
    const NAME: &'static str = "id";
    const RESOURCE: Resource = Resource::App;
}

impl PathSegment for TenantId {
    const NAME: &'static str = "id";
    const RESOURCE: Resource = Resource::Tenant;
}

impl PathSegment for ClientId {
    const NAME: &'static str = "client_id";
    const RESOURCE: Resource = Resource::Client;
}

impl PathSegment for OperatorId {
    const NAME: &'static str = "id";
    const RESOURCE: Resource = Resource::Operator;
}

impl<T: PathSegment> FromRequest for PathId<T> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let parsed = request.match_info().query(T::NAME).parse();
        ready(
            parsed
                .map(Self)
                .map_err(|_| Error::NotFound(T::RESOURCE).into()),
        )
    }
}
