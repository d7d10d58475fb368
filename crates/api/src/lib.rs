//! The HTTP APIs, the public one and the operators': actix-web routes, authentication, problem+json, OpenAPI, pages.
//!
//! The rule: nothing is decided here. A route extracts, calls one use case of `regrant-vault` and converts;
//! the tenant comes from the verified access token and from nowhere else.
//! Start at `routes.rs` for the calls, at `admin.rs` for the operators', at `server.rs` for what is wrapped round
//! both and at `problem.rs` for what an error becomes.

mod admin;
mod authenticate;
mod browser;
mod caller;
mod caller_address;
mod cors;
mod cursor;
mod envelope;
mod ical;
mod json;
mod openapi;
mod problem;
mod rate_limit;
mod repeat;
mod request_id;
mod routes;
mod schema;
mod server;

pub use admin::{AdminParts, AdminRoutes, AdminServer, openapi_admin_yaml};
pub use openapi::{openapi, openapi_yaml};
pub use problem::{ProblemCode, problem_codes};
pub use rate_limit::Rates;
pub use server::{Server, Settings};
