//! Who calls, with the permission as a type.
//!
//! The rule: a handler that takes a [`Caller`] of a permission runs for nobody who lacks it; put it before
//! the body in a handler's arguments. `authenticate.rs` decided before who it is.

use std::marker::PhantomData;

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};
use futures_util::future::{Ready, ready};
use regrant_domain::Permission;
use regrant_vault::Principal;

use crate::problem::{Problem, unauthenticated};

/// A verified caller that holds the permission `P`.
pub(crate) struct Caller<P> {
    pub(crate) principal: Principal,
    permission: PhantomData<P>,
}

/// A permission as a type.
pub(crate) trait Demand {
    const PERMISSION: Permission;
}

macro_rules! demands {
    ($($name:ident),+) => {$(
        pub(crate) enum $name {}

        impl Demand for $name {
            const PERMISSION: Permission = Permission::$name;
        }
    )+};
}

demands!(AssetsRead, AssetsWrite, AuditRead, ForecastRead, TokensRead, ReconnectsWrite, WebhooksWrite);

impl<P: Demand> FromRequest for Caller<P> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let principal = request.extensions().get::<Principal>().cloned();
        ready(match principal {
            None => Err(unauthenticated("", "This call needs an access token.")),
            Some(principal) => match principal.demand(P::PERMISSION) {
                Ok(()) => Ok(Self { principal, permission: PhantomData }),
                Err(error) => Err(error.into()),
            },
        })
    }
}
