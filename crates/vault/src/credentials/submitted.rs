//! Validates a token that someone submitted: a person's or a system user's, of our app, alive; made long-lived.
//!
//! The rule: an outage validates nothing and refuses nothing. A death counts only if Graph confirms it.

use regrant_domain::{AccessToken, CredentialKind, LinkPerson, PersonId, Refusal, RefusalKind};
use regrant_graph::{AppCredentials, CallError, InspectError, TokenFacts, TokenInspection};

use crate::{
    TokenRefusal, Vault,
    credentials::second_opinion::{apply_opinion, needs_second_opinion},
};

/// Why a token is not valid.
pub(crate) enum ValidationFailure {
    /// The token can serve nothing.
    Refused(TokenRefusal),
    /// The same refusal holds for every asset: a checkpoint, an outage.
    ForEveryItem(Refusal),
}

impl Vault {
    /// Asks Graph about the token; exchanges a short-lived token for a long-lived one.
    pub(crate) async fn validate_submitted_token(
        &self,
        app: &AppCredentials,
        token: AccessToken,
        expected: Option<&PersonId>,
    ) -> Result<(AccessToken, TokenFacts), ValidationFailure> {
        let inspected = self.inspect_submitted_token(app, &token, expected).await?;
        if !inspected.is_short_lived || inspected.facts.kind != CredentialKind::User {
            return Ok((token, inspected.facts));
        }
        let person = &inspected.facts.person_id;
        let exchanged = match self.graph.exchange_token(app, &token, person).await {
            Ok(exchanged) => exchanged,
            Err(error) => {
                let refusal = self.review_exchange(app, &token, error.into()).await;
                return Err(CallError::Refused(refusal).into());
            }
        };
        // The response to the exchange may omit when the new token ends, so inspect it too.
        let inspected = self.graph.inspect_token(app, &exchanged.token).await?;
        Ok((exchanged.token, inspected.facts))
    }

    /// Asks Graph about the token, and checks that it belongs to the expected person.
    pub(crate) async fn inspect_submitted_token(
        &self,
        app: &AppCredentials,
        token: &AccessToken,
        expected: Option<&PersonId>,
    ) -> Result<TokenInspection, ValidationFailure> {
        let inspected = self.graph.inspect_token(app, token).await?;
        let inspected = inspected.require_person_token()?;
        if expected.is_some_and(|person| *person != inspected.facts.person_id) {
            let actual = LinkPerson {
                id: inspected.facts.person_id,
                name: inspected.facts.person_name,
            };
            return Err(ValidationFailure::Refused(TokenRefusal::OtherPerson(
                actual,
            )));
        }
        // A date that has arrived refuses nothing: the read on each asset decides.
        Ok(inspected)
    }

    /// Why a token that was valid a moment ago could not be exchanged: dead only if Graph confirms it.
    pub(crate) async fn review_exchange(
        &self,
        app: &AppCredentials,
        token: &AccessToken,
        refused: Refusal,
    ) -> Refusal {
        if !needs_second_opinion(&refused) {
            return refused;
        }
        let opinion = self.ask_second_opinion(app, token, &refused).await;
        apply_opinion(opinion, refused)
    }
}

impl From<InspectError> for ValidationFailure {
    fn from(error: InspectError) -> Self {
        match error {
            InspectError::Dead { reason, .. } => Self::Refused(TokenRefusal::Dead(reason)),
            InspectError::ForeignApp => Self::Refused(TokenRefusal::ForeignApp),
            InspectError::Undecipherable => Self::Refused(TokenRefusal::Undecipherable),
            InspectError::NotAPersonToken => Self::Refused(TokenRefusal::WrongKind),
            InspectError::Invalid { refusal, .. } => Self::ForEveryItem(refusal),
            InspectError::Call(error) | InspectError::Unsettled { error, .. } => error.into(),
        }
    }
}

impl From<CallError> for ValidationFailure {
    fn from(error: CallError) -> Self {
        let refusal = Refusal::from(error);
        match refusal.kind {
            RefusalKind::TokenDead => Self::Refused(TokenRefusal::Dead(refusal.message)),
            // These kinds are about one asset, but no asset was probed.
            RefusalKind::NotReached
            | RefusalKind::NotReachedWithoutScope(_)
            | RefusalKind::NoRole
            | RefusalKind::MissingTask(_)
            | RefusalKind::PageMoved(_) => Self::ForEveryItem(Refusal {
                kind: RefusalKind::Unclassified,
                ..refusal
            }),
            _ => Self::ForEveryItem(refusal),
        }
    }
}
