//! Assets, the lists of them, their cut-offs and what a tenant uses of its limits.

pub(crate) mod asset;
pub(crate) mod cut_off;
pub(crate) mod list;
pub(crate) mod quota;

pub use asset::{FailedProof, NewAsset, Registration};
pub use cut_off::{CutOffNote, CutOffReading};
pub use list::AssetFilter;
pub use quota::Quota;
