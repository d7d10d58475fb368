//! Next steps: what the party that must act does next, as a closed list.
//!
//! The rule: a next step has one text a language, in `texts/`, and says what heals. A page offers only what heals.

use serde::{Deserialize, Serialize};

use crate::{Locale, Who, closed_list};

closed_list! {
    /// What heals what a reason describes, as far as a page can offer it.
    pub enum Heals: "what heals", serde {
        /// The person logs in again and the token is replaced.
        Reconnect = "reconnect",
        /// A token of another person or account replaces it.
        OtherPerson = "other_person",
        /// An administrator of the business changes roles, tasks or the migration.
        Admin = "admin",
        /// Time: Regrant continues or asks again by itself.
        Wait = "wait",
        /// Nothing of these: nothing is wrong, or only the provider can act.
        NoOne = "nobody",
    }
}

closed_list! {
    /// What to do next.
    pub enum NextStep: "next step" {
        /// Nothing.
        Nothing = "nothing",
        /// Log in and replace the token.
        Replace = "replace",
        /// Replace the token, but later.
        ReplaceLater = "replace_later",
        /// Store a first token.
        ReplaceFirst = "replace_first",
        /// Replace with the managed account before the cut-off.
        ReplaceBeforeCutOff = "replace_before_cut_off",
        /// Replace with the managed account.
        ReplaceWithManaged = "replace_with_managed_account",
        /// Have a token ready.
        PrepareToken = "prepare_token",
        /// Generate a token for the system user.
        GenerateToken = "generate_system_user_token",
        /// Give the person a role.
        GiveRole = "give_role",
        /// Give the person a role, then replace.
        GiveRoleThenReplace = "give_role_then_replace",
        /// Grant the permission.
        Grant = "grant_permission",
        /// Grant the permission, then replace.
        GrantThenReplace = "grant_permission_then_replace",
        /// Assign the task.
        AssignTask = "assign_task",
        /// Assign the task, then replace.
        AssignTaskThenReplace = "assign_task_then_replace",
        /// Complete the migration of the business.
        CompleteMigration = "complete_migration",
        /// Complete the migration; Regrant probes by itself.
        AwaitMigration = "await_migration",
        /// A parked token waits for the migration.
        ParkedUntilMigration = "parked_until_migration",
        /// Pass the checkpoint.
        PassCheckpoint = "pass_checkpoint",
        /// Pass the checkpoint, then replace.
        PassCheckpointThenReplace = "pass_checkpoint_then_replace",
        /// Confirm the account.
        ConfirmAccount = "confirm_account",
        /// Confirm the account, then replace.
        ConfirmAccountThenReplace = "confirm_account_then_replace",
        /// Turn on two-factor authentication.
        TurnOnTwoFactor = "turn_on_two_factor",
        /// Turn on two-factor authentication, then replace.
        TurnOnTwoFactorThenReplace = "turn_on_two_factor_then_replace",
        /// Consent again, then replace.
        ConsentThenReplace = "consent_then_replace",
        /// Renew data access, then replace.
        RenewDataAccess = "renew_data_access_then_replace",
        /// Look up the message.
        LookUp = "look_up_message",
        /// Look up the message, then replace.
        LookUpThenReplace = "look_up_message_then_replace",
        /// Look up why Graph contradicts itself.
        LookUpContradiction = "look_up_contradiction",
        /// The same, then replace.
        LookUpContradictionThenReplace = "look_up_contradiction_then_replace",
        /// Check the restrictions of the app.
        CheckRestriction = "check_app_restriction",
        /// Lift the restriction of the app, then replace.
        LiftRestriction = "lift_app_restriction_then_replace",
        /// Correct the app's settings.
        CorrectApp = "correct_app",
        /// Correct the app's settings; the reconnect continues.
        CorrectAppWhileRunning = "correct_app_while_running",
        /// Correct the app's settings, then replace.
        CorrectAppThenReplace = "correct_app_then_replace",
        /// Correct the app's settings, then preview.
        CorrectAppThenPreview = "correct_app_then_preview",
        /// Correct the app's settings, then undo.
        CorrectAppThenUndo = "correct_app_then_undo",
        /// Register the asset under its new id.
        RegisterNewId = "register_new_id",
        /// Register the asset, then replace.
        RegisterAsset = "register_asset_then_replace",
        /// Register the asset again, or restore the database.
        Restore = "register_again_or_restore",
        /// Report a fault to the operator.
        Report = "report_to_operator",
        /// Start another reconnect.
        StartAgain = "start_again",
        /// Preview again later.
        PreviewLater = "preview_later",
        /// Undo again later.
        UndoLater = "undo_later",
        /// Regrant asks again.
        Wait = "wait",
        /// The reconnect continues.
        WaitForReconnect = "wait_for_reconnect",
        /// The worker probes the token.
        WaitForProbe = "wait_for_probe",
        /// Regrant asks whose token it is.
        WaitForOwner = "wait_for_owner",
        /// The worker refreshes the token.
        WaitForRefresh = "wait_for_refresh",
        /// Regrant asks again; look at Meta's status page.
        WatchMeta = "watch_meta_status",
    }
}

impl NextStep {
    /// What heals.
    #[must_use]
    pub const fn heals(self) -> Heals {
        match self {
            Self::Replace
            | Self::ReplaceLater
            | Self::ReplaceFirst
            | Self::PrepareToken
            | Self::Grant
            | Self::GrantThenReplace
            | Self::PassCheckpoint
            | Self::PassCheckpointThenReplace
            | Self::ConfirmAccount
            | Self::ConfirmAccountThenReplace
            | Self::TurnOnTwoFactor
            | Self::TurnOnTwoFactorThenReplace
            | Self::ConsentThenReplace
            | Self::RenewDataAccess
            | Self::StartAgain => Heals::Reconnect,
            Self::ReplaceBeforeCutOff | Self::ReplaceWithManaged => Heals::OtherPerson,
            Self::GenerateToken
            | Self::GiveRole
            | Self::GiveRoleThenReplace
            | Self::AssignTask
            | Self::AssignTaskThenReplace
            | Self::CompleteMigration
            | Self::AwaitMigration
            | Self::ParkedUntilMigration => Heals::Admin,
            Self::Wait
            | Self::WaitForReconnect
            | Self::WaitForProbe
            | Self::WaitForOwner
            | Self::WaitForRefresh
            | Self::WatchMeta
            | Self::PreviewLater
            | Self::UndoLater => Heals::Wait,
            Self::Nothing
            | Self::LookUp
            | Self::LookUpThenReplace
            | Self::LookUpContradiction
            | Self::LookUpContradictionThenReplace
            | Self::CheckRestriction
            | Self::LiftRestriction
            | Self::CorrectApp
            | Self::CorrectAppWhileRunning
            | Self::CorrectAppThenReplace
            | Self::CorrectAppThenPreview
            | Self::CorrectAppThenUndo
            | Self::RegisterNewId
            | Self::RegisterAsset
            | Self::Restore
            | Self::Report => Heals::NoOne,
        }
    }

    /// The next step that was stored as this sentence, before next steps had codes.
    fn of_sentence(sentence: &str) -> Option<Self> {
        let has_sentence = |it: &Self| it.sentence(Locale::En) == sentence;
        Self::ALL.into_iter().find(has_sentence)
    }

    /// The next step where nothing but the acting party is known.
    const fn of_party(who: Who) -> Self {
        match who {
            Who::Person => Self::Replace,
            Who::BusinessAdmin => Self::GiveRole,
            Who::Provider => Self::LookUp,
            Who::NoOne => Self::Wait,
        }
    }
}

/// A next step as rows store it: its English sentence, which earlier releases read, and its code.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct StoredNextStep {
    next_step: String,
    #[serde(default)]
    next_step_code: Option<String>,
}

impl From<NextStep> for StoredNextStep {
    fn from(it: NextStep) -> Self {
        Self {
            next_step: it.sentence(Locale::En).to_owned(),
            next_step_code: Some(it.as_str().to_owned()),
        }
    }
}

impl StoredNextStep {
    /// The next step. A row of an earlier release has no code, and one of a later release may have an unknown one.
    pub(super) fn into_next_step(self, who: Who) -> NextStep {
        let code = self.next_step_code.and_then(|it| it.parse().ok());
        code.or_else(|| NextStep::of_sentence(&self.next_step))
            .unwrap_or_else(|| NextStep::of_party(who))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_of_an_earlier_release_is_read_by_its_sentence() {
        for step in NextStep::ALL {
            let stored = StoredNextStep {
                next_step_code: None,
                ..StoredNextStep::from(step)
            };
            assert_eq!(stored.into_next_step(Who::NoOne), step);
        }
    }

    #[test]
    fn a_next_step_that_is_not_known_is_that_of_its_party() {
        let stored = |code: Option<&str>| StoredNextStep {
            next_step: "Do what a later release says.".to_owned(),
            next_step_code: code.map(ToOwned::to_owned),
        };
        for code in [None, Some("of_a_later_release")] {
            let read = stored(code).into_next_step(Who::Person);
            assert_eq!(read, NextStep::Replace);
        }
    }
}
