//! Assets and the dates on which access to them ends.

mod asset;
mod cut_off;
mod cut_off_note;
mod discovery;

pub use asset::{Asset, AssetFacts, AssetKind, BusinessSource};
pub use cut_off::{Confidence, CutOff, CutOffSource};
pub use cut_off_note::CutOffNote;
pub use discovery::{DiscoveredAsset, DiscoveryStatus, Familiarity, RegistrationRefusal};
