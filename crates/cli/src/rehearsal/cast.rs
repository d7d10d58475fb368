//! The ids of the sandbox's `demo` scenario.

/// The app of both tenants.
pub(crate) const APP: &str = "400100200300400";
/// The person's personal account; it has a role in each of [`BUSINESSES`].
pub(crate) const PERSON: &str = "100000000000001";
/// The managed account the person moves to.
pub(crate) const MANAGED: &str = "100000000000002";
/// The first tenant's businesses.
pub(crate) const BUSINESSES: [&str; 4] = [
    "200000000000001",
    "200000000000002",
    "200000000000003",
    "200000000000004",
];
/// The second tenant's business.
pub(crate) const OTHER_BUSINESS: &str = "200000000000009";
