//! Steps for the audit chains.

pub(super) mod s12_audit_events;
pub(super) mod s22_audit_chain;
pub(super) mod s23_audit_checkpoints;
pub(super) mod s32_audit_pruning;
pub(super) mod s77_audit_key_versions;
pub(super) mod s90_audit_key_changes;
