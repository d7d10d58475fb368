//! The caller, with its permission as a type.
//!
//! The rule: a handler that takes a [`Caller`] of a permission runs only for callers that hold the permission. In a
//! handler's arguments it comes before the body. `authenticate.rs` identified the caller before.

use std::marker::PhantomData;

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web::Data};
use futures_util::future::{Ready, ready};
use regrant_domain::Permission;
use regrant_vault::{Principal, Vault};

use crate::problem::{Code, Problem, unauthenticated_problem};

/// An authenticated caller that holds the permission `P`.
pub(crate) struct Caller<P> {
    pub(crate) principal: Principal,
    permission: PhantomData<P>,
}

/// A permission as a type.
pub(crate) trait RequiredPermission {
    const PERMISSION: Permission;
}

macro_rules! permission_types {
    ($($name:ident),+) => {$(
        pub(crate) enum $name {}

        impl RequiredPermission for $name {
            const PERMISSION: Permission = Permission::$name;
        }
    )+};
}

permission_types!(
    AssetsRead,
    AssetsWrite,
    AuditRead,
    EventsRead,
    ForecastRead,
    TokensRead,
    ReconnectsPreview,
    ReconnectsWrite,
    WebhooksWrite
);

impl<P: RequiredPermission> FromRequest for Caller<P> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(permit_caller(request, P::PERMISSION).map(|principal| Self {
            principal,
            permission: PhantomData,
        }))
    }
}

fn permit_caller(request: &HttpRequest, permission: Permission) -> Result<Principal, Problem> {
    let principal = request.extensions().get::<Principal>().cloned();
    let principal =
        principal.ok_or_else(|| unauthenticated_problem("", "This call needs an access token."))?;
    let vault = request.app_data::<Data<Vault>>();
    let vault = vault.ok_or_else(|| Problem::new(Code::Internal, "not set up"))?;
    vault.use_permission(&principal, permission)?;
    Ok(principal)
}
