//! Steps for due work and retention.

pub(super) mod s13_due;
pub(super) mod s14_probe_due;
pub(super) mod s25_retention;
pub(super) mod s46_erasures;
pub(super) mod s47_run_failures;
pub(super) mod s51_tenant_leases;
pub(super) mod s53_read_functions;
pub(super) mod s57_statistics;
