//! Sealed tokens: credentials, the grants they come from and the data keys they lie under.

pub(crate) mod activate;
pub(crate) mod credential;
pub(crate) mod data_key;
pub(crate) mod grant;
pub(crate) mod standby;

pub use activate::{Activation, Confirmation, NewCredential, Promotion};
pub use credential::StoredCredential;
pub use data_key::{NewDataKey, StoredDataKey};
pub use grant::GrantToken;
