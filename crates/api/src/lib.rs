//! The HTTP APIs of Regrant, for tenants and for operators: actix-web routes, authentication, problem+json, OpenAPI, pages.
//!
//! The rule: this crate decides nothing. A route extracts, calls one use case of `regrant-vault` and converts its
//! result. The tenant comes from the verified access token, never from a path, a body or another header.
//! Start at `routes.rs` for the tenants' calls, at `admin.rs` for the operators', at `server.rs` for the middleware
//! around both, and at `problem.rs` for the response to an error.

mod access;
mod admin;
mod bodies;
mod connections;
mod cursor;
mod envelope;
mod extract;
mod json;
mod openapi;
mod problem;
mod public_body;
mod rate_limit;
mod reason;
mod routes;
mod schema;
mod secret_response;
mod server;
mod settings;
mod submitted_token;

pub use admin::{AdminParts, AdminRoutes, AdminServer, openapi_admin_yaml};
pub use problem::{ProblemCode, problem_codes};
pub use routes::{Story, openapi, openapi_yaml};
pub use server::{Server, bind_address};
pub use settings::{Rates, Settings};
