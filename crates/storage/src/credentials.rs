//! Sealed tokens: credentials, the grants they come from and the data keys they are sealed under.

pub(crate) mod activate;
mod attribute;
mod confirm;
pub(crate) mod credential;
mod data_key;
mod generation;
mod grant;
mod kek_retirement;
mod key_rotation;
pub(crate) mod key_wrap;
mod park;
mod person_token;
mod reseal_installation;
mod resealed_credential;
mod sealed_column;
mod sealed_secret;
pub(crate) mod standby;

pub use activate::{Activation, NewCredential, Promotion};
pub use attribute::AttributedCredential;
pub use confirm::Confirmation;
pub use credential::StoredCredential;
pub use data_key::{NewDataKey, StoredDataKey};
pub use grant::{GrantToken, RefreshableGrant};
pub use kek_retirement::KekRetirement;
pub use key_rotation::{KekUse, RewrappedDataKey, WrappedBy, WrappedDataKey};
pub use key_wrap::DestroyedKek;
pub use reseal_installation::{InstallationColumn, InstallationSecret, ResealedInstallationSecret};
pub use resealed_credential::ResealedCredential;
pub use sealed_secret::{ResealedSecret, SealedSecret, SecretColumn};
