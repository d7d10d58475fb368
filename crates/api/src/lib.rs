//! The HTTP APIs, the public one and the operators': actix-web routes, authentication, problem+json, OpenAPI, pages.
//!
//! The rule: nothing is decided here. A route extracts, calls one use case of `regrant-vault` and converts;
//! the tenant comes from the verified access token and from nowhere else.
//! Start at `routes.rs` for the calls, at `admin.rs` for the operators', at `server.rs` for what is wrapped round
//! both and at `problem.rs` for what an error becomes.

mod access;
mod admin;
mod cursor;
mod envelope;
mod extract;
mod json;
mod openapi;
mod problem;
mod rate_limit;
mod reason;
mod routes;
mod schema;
mod secret_response;
mod server;
mod settings;

pub use admin::{AdminParts, AdminRoutes, AdminServer, openapi_admin_yaml};
pub use problem::{ProblemCode, problem_codes};
pub use routes::{openapi, openapi_yaml};
pub use server::Server;
pub use settings::{Rates, Settings};
