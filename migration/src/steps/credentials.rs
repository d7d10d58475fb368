//! Steps for data keys, grants and credentials.

pub(super) mod s05_tenant_keys;
pub(super) mod s06_grants;
pub(super) mod s08_credentials;
pub(super) mod s17_grant_tokens;
pub(super) mod s24_credentials_by_person;
pub(super) mod s36_grant_facts;
pub(super) mod s55_key_rotation;
pub(super) mod s56_deletions;
pub(super) mod s66_kek_retirements;
pub(super) mod s67_compromised_keys;
pub(super) mod s76_revocations;
pub(super) mod s80_approved_retirements;
