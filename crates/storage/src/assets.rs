//! Assets, lists of them, their cut-offs, and how much of its limits a tenant uses.

pub(crate) mod asset;
mod business;
mod cut_off;
mod discovered_asset;
mod discovery;
mod facts;
pub(crate) mod list;
mod quota;
mod registration;
mod served;

pub use business::BusinessProof;
pub use cut_off::CutOffReading;
pub use discovered_asset::DiscoveredRow;
pub use discovery::{Discovery, DiscoveryEnding, DiscoveryProgress, DiscoveryToken, NewDiscovery};
pub use facts::{CountedRefusal, DateReading};
pub use list::AssetFilter;
pub use quota::Quota;
pub use registration::{NewAsset, Registration};
pub use served::ServedAsset;
