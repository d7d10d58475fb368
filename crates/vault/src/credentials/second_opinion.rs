//! Second opinions: what `debug_token` says about a token that Graph refused on an asset.
//!
//! The rule: no token counts as dead before Graph has confirmed it when asked with the app's own token, because a fault
//! of the app, or a call with the wrong kind of token, looks like a dead token.
//! Start at [`Vault::review_results`].

use regrant_domain::{AccessToken, Grant, ProbeResult, Refusal, RefusalKind, explain_by_scope};
use regrant_graph::{AppCredentials, DeathVerdict, Target};
use tracing::warn;

use crate::Vault;

/// A token that was probed on several assets, and what `debug_token` said about it, once it was asked.
pub(crate) struct ReviewedToken<'a> {
    app: &'a AppCredentials,
    token: &'a AccessToken,
    grant: &'a Grant,
    opinion: Opinion,
}

/// What `debug_token` said about a refused token.
#[derive(Debug, Clone, Default)]
enum Opinion {
    /// It was not asked.
    #[default]
    Unasked,
    /// The token is dead.
    Dead,
    /// Another refusal counts.
    Other(Refusal),
}

impl<'a> ReviewedToken<'a> {
    pub(crate) const fn new(
        app: &'a AppCredentials,
        token: &'a AccessToken,
        grant: &'a Grant,
    ) -> Self {
        Self {
            app,
            token,
            grant,
            opinion: Opinion::Unasked,
        }
    }
}

impl Vault {
    /// The results of one token as they count: deaths only as Graph confirmed them, once per token, and refusals
    /// explained by what was granted.
    pub(crate) async fn review_results(
        &self,
        reviewed: &mut ReviewedToken<'_>,
        results: Vec<(&Target, ProbeResult)>,
    ) -> Vec<ProbeResult> {
        let mut counted = Vec::with_capacity(results.len());
        for (target, result) in results {
            let ProbeResult::Refused(refusal) = result else {
                counted.push(result);
                continue;
            };
            let refusal = self.review_death(reviewed, refusal).await;
            let refusal = explain_by_scope(target.kind, &target.id, reviewed.grant, refusal);
            counted.push(ProbeResult::Refused(refusal));
        }
        counted
    }

    /// The refusal that counts: another one where Graph does not confirm that the token is dead.
    async fn review_death(&self, reviewed: &mut ReviewedToken<'_>, refusal: Refusal) -> Refusal {
        if !needs_second_opinion(&refusal) {
            return refusal;
        }
        if matches!(reviewed.opinion, Opinion::Unasked) {
            let opinion = self.ask_second_opinion(reviewed.app, reviewed.token, &refusal);
            reviewed.opinion = opinion.await.map_or(Opinion::Dead, Opinion::Other);
        }
        match &reviewed.opinion {
            Opinion::Other(counts) => apply_opinion(Some(counts.clone()), refusal),
            Opinion::Dead | Opinion::Unasked => apply_opinion(None, refusal),
        }
    }

    /// `None` if Graph confirms that the token is dead, else the refusal that counts instead.
    pub(crate) async fn ask_second_opinion(
        &self,
        app: &AppCredentials,
        token: &AccessToken,
        refused: &Refusal,
    ) -> Option<Refusal> {
        match self.graph.confirm_death(app, token).await {
            Ok(DeathVerdict::Confirmed { .. }) => None,
            Ok(DeathVerdict::Denied) => {
                warn!(
                    alarm = "contradiction", app.id = %app.id,
                    "Graph refuses a token that it calls valid"
                );
                Some(Refusal {
                    kind: RefusalKind::Contradicted,
                    ..refused.clone()
                })
            }
            Err(refusal) => Some(refusal),
        }
    }
}

/// Whether Graph is asked about the token before such a refusal counts.
pub(crate) const fn needs_second_opinion(refusal: &Refusal) -> bool {
    matches!(
        refusal.kind,
        RefusalKind::TokenDead | RefusalKind::TokenRefused
    )
}

/// The refusal that counts after the second opinion: a confirmed one of an unknown kind is a dead token.
pub(crate) fn apply_opinion(opinion: Option<Refusal>, refused: Refusal) -> Refusal {
    match opinion {
        None => Refusal {
            kind: RefusalKind::TokenDead,
            ..refused
        },
        Some(counts) => Refusal {
            kind: counts.kind,
            ..refused
        },
    }
}
