//! What became of the app's access at Meta when the data of persons was deleted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::closed_list;

closed_list! {
    /// Why the app's access for a person was not ended at Meta.
    pub enum NotRevoked: "reason of a kept access", serde {
        /// Another tenant of the app holds a credential of the person, which would end, too.
        OtherTenant = "used_by_another_tenant",
        /// Another tenant of the app holds a token whose person is not known yet.
        OwnersUnknown = "owners_unknown",
        /// No token of the person is stored, or it does not open.
        NoToken = "no_token",
        /// The token is a system user's: it is revoked in the settings of the business.
        SystemUser = "system_user",
        /// Meta refuses the token: it may have ended already.
        Refused = "refused",
        /// Meta could not be reached, or throttles.
        Unavailable = "unavailable",
        /// The time was over before this person's turn.
        NotTried = "not_tried",
    }
}

/// For how many persons the app's access was ended at Meta, and for how many it was not, by the reason.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessRevocation {
    /// For how many persons it was ended.
    pub revoked: u64,
    /// For how many it was not.
    pub not_revoked: BTreeMap<NotRevoked, u64>,
}

impl AccessRevocation {
    /// Counts one person.
    pub fn add(&mut self, outcome: Result<(), NotRevoked>) {
        match outcome {
            Ok(()) => self.revoked = self.revoked.saturating_add(1),
            Err(reason) => {
                let count = self.not_revoked.entry(reason).or_default();
                *count = count.saturating_add(1);
            }
        }
    }
}

impl FromIterator<Result<(), NotRevoked>> for AccessRevocation {
    fn from_iter<T: IntoIterator<Item = Result<(), NotRevoked>>>(outcomes: T) -> Self {
        let mut counted = Self::default();
        outcomes.into_iter().for_each(|it| counted.add(it));
        counted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn persons_are_counted_by_reason_and_the_names_of_reasons_are_stored() {
        let outcomes = [Ok(()), Err(NotRevoked::Refused), Err(NotRevoked::Refused)];
        let counted: AccessRevocation = outcomes.into_iter().collect();
        let text = serde_json::to_string(&counted).unwrap();
        assert_eq!(text, r#"{"revoked":1,"not_revoked":{"refused":2}}"#);
        assert_eq!(
            serde_json::from_str::<AccessRevocation>(&text).unwrap(),
            counted
        );
    }
}
