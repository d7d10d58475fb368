//! Previews: what a reconnect would do to an asset, and which permissions other assets would lose.
//!
//! The rule: a preview only translates the decision of [`crate::settle::decide_outcome`] on a real probe result; it
//! predicts nothing by itself.

use crate::{
    AssetId, AssetKind, Coverage, Grant, GrantedScope, Outcome, ReasonCode, Serving,
    judgement::scope_table::scope_concerns, settle::Decision,
};

impl Coverage {
    /// The coverage that a preview shows for a decision.
    #[must_use]
    pub fn from_decision(decision: &Decision) -> Self {
        match decision.outcome {
            Outcome::Replaced => Self::WillReplace,
            Outcome::Unchanged => Self::Unchanged,
            Outcome::Parked => Self::WouldPark,
            Outcome::MissingPermission if decision.serving == Serving::Old => Self::WouldNarrow,
            Outcome::MissingPermission | Outcome::NoAccess | Outcome::UserActionRequired => {
                Self::Uncovered
            }
            Outcome::Failed if is_final(decision) => Self::Uncovered,
            Outcome::Failed
            | Outcome::Deferred
            | Outcome::Superseded
            | Outcome::UnknownAsset
            | Outcome::Restored
            | Outcome::PreviousDead
            | Outcome::NothingToUndo => Self::Unknown,
        }
    }
}

/// The names of the permissions that `held` has for an asset and `offered` has not.
///
/// A new grant replaces everything that the person granted the app before. So an asset that the person leaves out at
/// the new login loses permissions, although its token stays. Targets come from `debug_token` and are a hint, never
/// evidence of access (graph-facts), so the result is a warning and decides nothing.
#[must_use]
pub fn find_lost_scopes<'a>(
    kind: AssetKind,
    id: &AssetId,
    held: &'a Grant,
    offered: &Grant,
) -> Vec<&'a str> {
    let names = held
        .facts
        .scopes
        .iter()
        .map(|it| it.scope.as_str())
        .filter(|it| scope_concerns(kind, it));
    let mut lost: Vec<_> = names
        .filter(|it| covers_asset(held, kind, it, id) && !covers_asset(offered, kind, it, id))
        .collect();
    lost.sort_unstable();
    lost.dedup();
    lost
}

/// Whether the person granted an asset to the app, as far as the permissions and their targets say. A hint, never evidence.
/// Where any permission names targets, one of them must name the asset: others say nothing of a single asset.
#[must_use]
pub fn is_granted(scopes: &[GrantedScope], kind: AssetKind, id: &AssetId) -> bool {
    let concerned: Vec<_> = scopes
        .iter()
        .filter(|it| scope_concerns(kind, &it.scope))
        .collect();
    let mut targets = concerned
        .iter()
        .filter_map(|it| it.target_ids.as_ref())
        .filter(|_| targets_are_ids(kind))
        .peekable();
    if targets.peek().is_some() {
        return targets.any(|ids| ids.iter().any(|it| it == id.as_digits()));
    }
    scopes.is_empty() || !concerned.is_empty()
}

/// Whether a target of this permission is the id of an asset of this kind.
#[must_use]
pub fn targets_name_assets(kind: AssetKind, scope: &str) -> bool {
    targets_are_ids(kind) && scope_concerns(kind, scope)
}

/// Whether a retry cannot change the failure.
fn is_final(decision: &Decision) -> bool {
    let code = decision.reason.as_ref().map(|it| it.code);
    matches!(
        code,
        Some(ReasonCode::TokenDead | ReasonCode::PageMoved | ReasonCode::AppRestricted)
    )
}

/// Whether a permission was granted for an asset; a permission without targets covers all assets.
fn covers_asset(grant: &Grant, kind: AssetKind, scope: &str, id: &AssetId) -> bool {
    grant
        .facts
        .scopes
        .iter()
        .filter(|it| it.scope == scope)
        .any(|it| match &it.target_ids {
            Some(ids) if targets_are_ids(kind) => ids.iter().any(|it| it == id.as_digits()),
            _ => true,
        })
}

/// Whether targets of this kind are the ids of the assets themselves. Targets of other kinds may be ids of parents (the
/// ad account of a pixel), so for them only a permission that is missing altogether counts as lost.
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
        CredentialKind, GrantId, ProbeFacts, ProbeResult, Refusal, RefusalKind, TokenFacts,
        settle::{Standing, decide_outcome},
    };

    fn covered(result: &ProbeResult, standing: &Standing) -> Coverage {
        Coverage::from_decision(&decide_outcome(CredentialKind::User, result, standing))
    }

    fn refused(kind: RefusalKind) -> ProbeResult {
        ProbeResult::Refused(Refusal {
            kind,
            message: "a message of Graph".to_owned(),
            fbtrace_id: None,
        })
    }

    #[test]
    fn every_decision_has_a_coverage() {
        let (bare, served) = (
            Standing::default(),
            Standing {
                serves: true,
                ..Standing::default()
            },
        );
        let works = ProbeResult::Works(ProbeFacts::default());
        assert_eq!(covered(&works, &served), Coverage::WillReplace);
        assert_eq!(
            covered(
                &works,
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

    #[test]
    fn an_asset_is_granted_by_any_permission_that_covers_it() {
        let scope = |name: &str, ids: Option<&[&str]>| GrantedScope {
            scope: name.to_owned(),
            target_ids: ids.map(|ids| ids.iter().map(|it| (*it).to_owned()).collect()),
        };
        let page: AssetId = "7".parse().unwrap();
        let granted = |scopes: &[GrantedScope]| is_granted(scopes, AssetKind::Page, &page);
        assert!(granted(&[]), "unknown permissions say nothing");
        assert!(granted(&[scope("pages_show_list", None)]));
        assert!(granted(&[scope("pages_show_list", Some(&["7"]))]));
        assert!(!granted(&[scope("pages_show_list", Some(&["8"]))]));
        assert!(!granted(&[scope("email", None)]));
        let of_all = scope("pages_manage_posts", None);
        assert!(!granted(&[scope("pages_show_list", Some(&["8"])), of_all]));
    }

    fn grant(scopes: &[(&str, Option<&[&str]>)]) -> Grant {
        let scope = |(name, ids): &(&str, Option<&[&str]>)| GrantedScope {
            scope: (*name).to_owned(),
            target_ids: ids.map(|ids| ids.iter().map(|it| (*it).to_owned()).collect()),
        };
        Grant {
            id: GrantId::mint(),
            facts: TokenFacts {
                app_id: "1".parse().unwrap(),
                kind: CredentialKind::User,
                person_id: "2".parse().unwrap(),
                profile_id: None,
                person_name: None,
                is_work_account: None,
                scopes: scopes.iter().map(scope).collect(),
                issued_at: None,
                expires_at: None,
                data_access_expires_at: None,
                read_at: chrono::DateTime::UNIX_EPOCH,
            },
        }
    }

    #[test]
    fn an_asset_left_out_of_the_new_grant_loses_its_permissions() {
        let page: AssetId = "7".parse().unwrap();
        let held = grant(&[
            ("pages_show_list", Some(&["7", "8"])),
            ("pages_manage_posts", None),
        ]);
        let lost = |offered: &[(&str, Option<&[&str]>)]| {
            find_lost_scopes(AssetKind::Page, &page, &held, &grant(offered)).join(" ")
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
    fn targets_of_another_kind_of_asset_are_ignored() {
        let account: AssetId = "act_7".parse().unwrap();
        let held = grant(&[("business_management", None), ("ads_read", Some(&["7"]))]);
        let offered = grant(&[
            ("business_management", Some(&["9"])),
            ("ads_read", Some(&["7"])),
        ]);
        assert!(find_lost_scopes(AssetKind::AdAccount, &account, &held, &offered).is_empty());
        let offered = grant(&[("business_management", None)]);
        assert_eq!(
            find_lost_scopes(AssetKind::AdAccount, &account, &held, &offered),
            ["ads_read"]
        );
        // A pixel belongs to an account, so targets without its id are no loss.
        let pixel: AssetId = "5".parse().unwrap();
        let ticked = grant(&[("ads_read", Some(&["7"]))]);
        assert!(find_lost_scopes(AssetKind::Pixel, &pixel, &held, &ticked).is_empty());
        assert_eq!(
            find_lost_scopes(AssetKind::Pixel, &pixel, &held, &offered),
            ["ads_read"]
        );
    }
}
