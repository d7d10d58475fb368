//! The answer to what Graph may know and the simulator does not: it says nothing of tokens or access.

use super::GraphError;

/// No code of Graph: it cannot be read as lost access, a dead token or an outage.
const CODE: i64 = 501;
const STATUS: u16 = 501;
const KIND: &str = "SandboxNotSimulated";

impl GraphError {
    /// `what` names the call or the field: `POST /{ad_account}/campaigns`.
    pub fn not_simulated(what: impl Into<String>) -> Self {
        let what = what.into();
        let message = format!(
            "The Regrant sandbox does not simulate {what}. This says nothing about the token, and the call may work at \
             Meta. GET /sandbox/simulated lists what is simulated."
        );
        Self {
            not_simulated: Some(what.into()),
            ..Self::new(CODE, message).with_type(KIND).status(STATUS)
        }
    }
}
