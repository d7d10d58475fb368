//! Who acts next on an asset after a reconnect, as its person sees it.
//!
//! The rule: this groups what an item says already; it decides nothing about tokens.

use crate::{Outcome, Who, closed_list};

closed_list! {
    /// Who acts next, from the point of view of the person who gave the consent.
    pub enum NextActor: "next actor" {
        /// No one: the asset works.
        None = "none",
        /// An administrator of the business, or the provider.
        SomeoneElse = "someone_else",
        /// Regrant: the new token takes over by itself.
        Regrant = "regrant",
        /// The person, who then tries again.
        Person = "person",
        /// No one can; the person asks the tenant.
        NotPossible = "not_possible",
    }
}

impl NextActor {
    /// Who acts after an item with this outcome and, if it has a reason, this party.
    #[must_use]
    pub const fn after_outcome(outcome: Option<Outcome>, who: Option<Who>) -> Self {
        match outcome {
            // A parked token that may lack a permission may never take over.
            Some(Outcome::Parked) if matches!(who, Some(Who::Person)) => Self::Person,
            Some(
                Outcome::Replaced
                | Outcome::Unchanged
                | Outcome::Superseded
                | Outcome::Restored
                | Outcome::NothingToUndo,
            ) => Self::None,
            Some(Outcome::Parked | Outcome::Deferred) | None => Self::Regrant,
            Some(Outcome::UnknownAsset) => Self::NotPossible,
            Some(
                Outcome::NoAccess
                | Outcome::MissingPermission
                | Outcome::UserActionRequired
                | Outcome::PreviousDead
                | Outcome::Failed,
            ) => Self::of_party(who),
        }
    }

    const fn of_party(who: Option<Who>) -> Self {
        match who {
            Some(Who::Person) => Self::Person,
            Some(Who::BusinessAdmin | Who::Provider) => Self::SomeoneElse,
            Some(Who::NoOne) | None => Self::NotPossible,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_actor_follows_from_the_outcome_and_the_party() {
        for (outcome, who, actor) in [
            (Outcome::Replaced, None, NextActor::None),
            (Outcome::Superseded, Some(Who::NoOne), NextActor::None),
            (
                Outcome::Parked,
                Some(Who::BusinessAdmin),
                NextActor::Regrant,
            ),
            (Outcome::Parked, Some(Who::Person), NextActor::Person),
            (Outcome::Deferred, Some(Who::NoOne), NextActor::Regrant),
            (Outcome::NoAccess, Some(Who::Person), NextActor::Person),
            (
                Outcome::MissingPermission,
                Some(Who::BusinessAdmin),
                NextActor::SomeoneElse,
            ),
            (Outcome::Failed, Some(Who::Provider), NextActor::SomeoneElse),
            (Outcome::Failed, Some(Who::Person), NextActor::Person),
            (Outcome::Failed, None, NextActor::NotPossible),
            (
                Outcome::UnknownAsset,
                Some(Who::Person),
                NextActor::NotPossible,
            ),
        ] {
            assert_eq!(NextActor::after_outcome(Some(outcome), who), actor);
        }
    }
}
