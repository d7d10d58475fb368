//! Ends the app's access for a person: every token that the person ever gave to the app dies.

use regrant_domain::{AccessToken, PersonId, RefusalKind};
use reqwest::Method;
use serde_json::Value;

use crate::{
    AppCredentials, CallError, Client, call::context::CallContext,
    errors::graph_error::build_refusal,
};

impl Client {
    /// Ends the app's access for the person of this token, everywhere and at once. Not tried again: after a call whose
    /// response was lost, Graph refuses the token.
    ///
    /// # Errors
    /// Graph refused or could not be reached.
    #[tracing::instrument(name = "revoke", skip_all, fields(app.id = %app.id))]
    pub async fn revoke_access(
        &self,
        app: &AppCredentials,
        token: &AccessToken,
        person: &PersonId,
    ) -> Result<(), CallError> {
        let context = CallContext::new(app, Some(token), Some(person), &[]);
        let path = format!("{person}/permissions");
        let answer: Value = self.call_once(&context, Method::DELETE, &path, &[]).await?;
        if is_success(&answer) {
            return Ok(());
        }
        let message = "Graph did not say that it ended the access.";
        Err(build_refusal(RefusalKind::Unclassified, message).into())
    }
}

/// Graph documents a bare `true`, and sends an object.
fn is_success(answer: &Value) -> bool {
    let success = answer.get("success").unwrap_or(answer);
    success == &Value::Bool(true) || success == "true"
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_true_is_a_success() {
        for yes in [
            json!(true),
            json!({"success": true}),
            json!({"success": "true"}),
        ] {
            assert!(is_success(&yes), "{yes}");
        }
        for no in [
            json!(false),
            json!({"success": false}),
            json!({}),
            json!(null),
        ] {
            assert!(!is_success(&no), "{no}");
        }
    }
}
