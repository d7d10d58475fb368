//! What a reconnect would do, told before anything is written.
//!
//! The rule: nothing is predicted here that [`crate::settle::decide`] did not decide from a real proof; this only
//! says it in the words of a preview.

use crate::{
    AssetId, AssetKind, Coverage, Grant, Outcome, ReasonCode, Serving, scope_table::scope_concerns,
    settle::Decision,
};

impl Coverage {
    /// What a decision means to somebody who has not pressed the button yet.
    #[must_use]
    pub fn of(decision: &Decision) -> Self {
        match decision.outcome {
            Outcome::Replaced => Self::WillReplace,
            Outcome::Unchanged => Self::Unchanged,
            Outcome::Parked => Self::WouldPark,
            Outcome::MissingPermission if decision.serving == Serving::Old => Self::WouldNarrow,
            Outcome::MissingPermission | Outcome::NoAccess | Outcome::UserActionRequired => {
                Self::Uncovered
            }
            Outcome::Failed if is_final(decision) => Self::Uncovered,
            Outcome::Failed | Outcome::Deferred | Outcome::Superseded | Outcome::UnknownAsset => {
                Self::Unknown
            }
        }
    }
}

/// The permissions that `held` has for an asset and that `offered` was not granted for it, by name.
///
/// What a person grants replaces what they granted the app before, so an asset that is not ticked at the new login
/// loses them although nobody touches its token. Targets are what `debug_token` tells (graph-facts: a hint, never a
/// proof of access), so this warns and decides nothing.
#[must_use]
pub fn lost_scopes<'a>(
    kind: AssetKind,
    id: &AssetId,
    held: &'a Grant,
    offered: &Grant,
) -> Vec<&'a str> {
    let names = held
        .scopes
        .iter()
        .map(|it| it.scope.as_str())
        .filter(|it| scope_concerns(kind, it));
    let mut lost: Vec<_> = names
        .filter(|it| reaches(held, kind, it, id) && !reaches(offered, kind, it, id))
        .collect();
    lost.sort_unstable();
    lost.dedup();
    lost
}

/// A failure that another try would not change.
fn is_final(decision: &Decision) -> bool {
    let code = decision.reason.as_ref().map(|it| it.code);
    matches!(code, Some(ReasonCode::TokenDead | ReasonCode::PageMoved))
}

/// Whether a permission was granted for an asset; without targets it holds for all.
fn reaches(grant: &Grant, kind: AssetKind, scope: &str, id: &AssetId) -> bool {
    grant
        .scopes
        .iter()
        .filter(|it| it.scope == scope)
        .any(|it| match &it.target_ids {
            Some(ids) if targets_are_ids(kind) => ids.iter().any(|it| it == id.digits()),
            _ => true,
        })
}

/// Whether targets name assets of this kind by their own ids. Others' may be ids of what they belong to (a pixel's ad
/// account, a page's Instagram account), so that only a permission which is gone altogether says something.
const fn targets_are_ids(kind: AssetKind) -> bool {
    matches!(
        kind,
        AssetKind::Page | AssetKind::AdAccount | AssetKind::Business
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        CredentialKind, GrantId, GrantedScope, Proof, Proven, Refusal, RefusalKind,
        settle::{Standing, decide},
    };

    fn covered(proof: &Proof, standing: &Standing) -> Coverage {
        Coverage::of(&decide(CredentialKind::User, proof, standing))
    }

    fn refused(kind: RefusalKind) -> Proof {
        Proof::Refused(Refusal {
            kind,
            message: "words of the Graph".to_owned(),
            fbtrace_id: None,
        })
    }

    #[test]
    fn every_decision_has_its_word() {
        let (bare, served) = (
            Standing::default(),
            Standing {
                serves: true,
                ..Standing::default()
            },
        );
        let proved = Proof::Proven(Proven::default());
        assert_eq!(covered(&proved, &served), Coverage::WillReplace);
        assert_eq!(
            covered(
                &proved,
                &Standing {
                    same_token: true,
                    ..served.clone()
                }
            ),
            Coverage::Unchanged
        );
        for (kind, while_served, otherwise) in [
            (
                RefusalKind::NotReached,
                Coverage::WouldPark,
                Coverage::Uncovered,
            ),
            (
                RefusalKind::NoRole,
                Coverage::WouldPark,
                Coverage::Uncovered,
            ),
            (
                RefusalKind::MissingScope(vec![]),
                Coverage::WouldNarrow,
                Coverage::Uncovered,
            ),
            (
                RefusalKind::Checkpoint,
                Coverage::Uncovered,
                Coverage::Uncovered,
            ),
            (
                RefusalKind::TokenDead,
                Coverage::Uncovered,
                Coverage::Uncovered,
            ),
            (
                RefusalKind::Unavailable,
                Coverage::Unknown,
                Coverage::Unknown,
            ),
            (
                RefusalKind::Unclassified,
                Coverage::Unknown,
                Coverage::Unknown,
            ),
        ] {
            assert_eq!(
                covered(&refused(kind.clone()), &served),
                while_served,
                "{kind:?}"
            );
            assert_eq!(
                covered(&refused(kind.clone()), &bare),
                otherwise,
                "{kind:?}"
            );
        }
    }

    fn grant(scopes: &[(&str, Option<&[&str]>)]) -> Grant {
        let scope = |(name, ids): &(&str, Option<&[&str]>)| GrantedScope {
            scope: (*name).to_owned(),
            target_ids: ids.map(|ids| ids.iter().map(|it| (*it).to_owned()).collect()),
        };
        Grant {
            id: GrantId::mint(),
            app_id: "1".parse().unwrap(),
            kind: CredentialKind::User,
            person_id: "2".parse().unwrap(),
            person_name: None,
            is_work_account: None,
            scopes: scopes.iter().map(scope).collect(),
            issued_at: None,
            expires_at: None,
            data_access_expires_at: None,
        }
    }

    #[test]
    fn an_asset_that_is_not_ticked_any_more_loses_what_it_was_ticked_for() {
        let page: AssetId = "7".parse().unwrap();
        let held = grant(&[
            ("pages_show_list", Some(&["7", "8"])),
            ("pages_manage_posts", None),
        ]);
        let lost = |offered: &[(&str, Option<&[&str]>)]| {
            lost_scopes(AssetKind::Page, &page, &held, &grant(offered)).join(" ")
        };
        assert_eq!(
            lost(&[
                ("pages_show_list", Some(&["8"])),
                ("pages_manage_posts", None)
            ]),
            "pages_show_list"
        );
        assert_eq!(
            lost(&[("pages_show_list", Some(&["7"]))]),
            "pages_manage_posts"
        );
        assert_eq!(
            lost(&[
                ("pages_show_list", None),
                ("pages_manage_posts", Some(&["7"]))
            ]),
            ""
        );
    }

    #[test]
    fn targets_of_another_kind_of_asset_say_nothing() {
        let account: AssetId = "act_7".parse().unwrap();
        let held = grant(&[("business_management", None), ("ads_read", Some(&["7"]))]);
        let offered = grant(&[
            ("business_management", Some(&["9"])),
            ("ads_read", Some(&["7"])),
        ]);
        assert!(lost_scopes(AssetKind::AdAccount, &account, &held, &offered).is_empty());
        let offered = grant(&[("business_management", None)]);
        assert_eq!(
            lost_scopes(AssetKind::AdAccount, &account, &held, &offered),
            ["ads_read"]
        );
        // A pixel belongs to an account: targets that do not name it are no loss.
        let pixel: AssetId = "5".parse().unwrap();
        let ticked = grant(&[("ads_read", Some(&["7"]))]);
        assert!(lost_scopes(AssetKind::Pixel, &pixel, &held, &ticked).is_empty());
        assert_eq!(
            lost_scopes(AssetKind::Pixel, &pixel, &held, &offered),
            ["ads_read"]
        );
    }
}
