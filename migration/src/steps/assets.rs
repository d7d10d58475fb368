//! Steps for assets, what their probes find, and their cut-offs.

pub(super) mod s07_assets;
pub(super) mod s15_asset_watch;
pub(super) mod s16_cut_offs;
pub(super) mod s35_asset_judgement;
pub(super) mod s39_business_source;
pub(super) mod s65_discoveries;
