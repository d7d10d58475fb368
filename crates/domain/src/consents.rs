//! Consents: log-ins at Meta that were handed over and not yet used, and how an app asks for them.

mod consent;
mod form;
mod login;
mod owner;
mod redirect_uri;
mod scopes;

pub use consent::Consent;
pub use form::{ConsentForm, ConsentForms};
pub use login::{InvalidLoginScope, LoginScopes, LoginSettings};
pub use owner::ConsentOwner;
pub use redirect_uri::{InvalidRedirectUri, RedirectUri};
pub use scopes::find_missing_scopes;
