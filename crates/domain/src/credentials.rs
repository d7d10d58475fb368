//! Tokens: as they are received, as they are sealed, and the grants they come from.

mod credential;
mod grant;
mod revocation;
mod secret;

pub use credential::{Credential, CredentialKind, Slot};
pub use grant::{Grant, GrantedScope, TokenFacts};
pub use revocation::{AccessRevocation, NotRevoked};
pub use secret::{
    AccessToken, AppSecret, AuthorizationCode, ClientSecret, InvalidPassword, InvalidSecret,
    Passphrase, Password, SealedRecord, VerifyToken,
};
