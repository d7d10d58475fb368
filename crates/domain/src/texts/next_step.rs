//! The sentences of next steps.

use super::{Locale, choose};
use crate::NextStep;

impl NextStep {
    /// The next step in one sentence.
    #[must_use]
    pub const fn sentence(self, locale: Locale) -> &'static str {
        let [en, de] = self.sentences();
        choose(locale, en, de)
    }

    /// English, German.
    #[expect(clippy::too_many_lines, reason = "a table: one entry a code")]
    const fn sentences(self) -> [&'static str; 2] {
        match self {
            Self::Nothing => ["Nothing to do.", "Nichts zu tun."],
            Self::Replace => [
                "Log in again and replace the token.",
                "Melden Sie sich erneut an und ersetzen Sie das Token.",
            ],
            Self::ReplaceLater => [
                "Replace the token again later.",
                "Ersetzen Sie das Token später noch einmal.",
            ],
            Self::ReplaceFirst => [
                "Replace it with a token that reaches this asset.",
                "Ersetzen Sie es durch ein Token, das dieses Asset erreicht.",
            ],
            Self::ReplaceBeforeCutOff => [
                "Replace it with a token of the managed account before the cut-off.",
                "Ersetzen Sie es vor dem Stichtag durch ein Token des verwalteten Kontos.",
            ],
            Self::ReplaceWithManaged => [
                "Log in with the managed account and replace the token.",
                "Melden Sie sich mit dem verwalteten Konto an und ersetzen Sie das Token.",
            ],
            Self::PrepareToken => [
                "Regrant asks Graph by itself; have a new token ready.",
                "Regrant fragt Graph von selbst; halten Sie ein neues Token bereit.",
            ],
            Self::GenerateToken => [
                "Generate a new token for the system user and replace the token.",
                "Erzeugen Sie ein neues Token für den Systembenutzer und ersetzen Sie das Token.",
            ],
            Self::GiveRole => [
                "Give the person a role on the asset in its business, or replace the token.",
                "Geben Sie der Person im Unternehmen eine Rolle für das Asset oder ersetzen Sie das Token.",
            ],
            Self::GiveRoleThenReplace => [
                "Give the person a role on the asset in its business, then replace the token again.",
                "Geben Sie der Person im Unternehmen eine Rolle für das Asset und ersetzen Sie das Token dann noch einmal.",
            ],
            Self::Grant => [
                "Log in again, grant the permission, then replace the token.",
                "Melden Sie sich erneut an, erteilen Sie die Berechtigung und ersetzen Sie dann das Token.",
            ],
            Self::GrantThenReplace => [
                "Log in again and grant the permission, then replace the token again.",
                "Melden Sie sich erneut an und erteilen Sie die Berechtigung; ersetzen Sie das Token dann noch einmal.",
            ],
            Self::AssignTask => [
                "Assign the task to the person on this asset.",
                "Weisen Sie der Person die Aufgabe für dieses Asset zu.",
            ],
            Self::AssignTaskThenReplace => [
                "Assign the task to the person on this asset, then replace the token again.",
                "Weisen Sie der Person die Aufgabe für dieses Asset zu und ersetzen Sie das Token dann noch einmal.",
            ],
            Self::CompleteMigration => [
                "Complete the migration of this business, or give the person access to the asset; then the new token becomes active by itself.",
                "Schließen Sie die Migration dieses Unternehmens ab oder geben Sie der Person Zugriff auf das Asset; dann wird das neue Token von selbst aktiv.",
            ],
            Self::AwaitMigration => [
                "Complete the migration of this business. Regrant probes on a schedule, after webhooks from Meta, and more often before the cut-off.",
                "Schließen Sie die Migration dieses Unternehmens ab. Regrant prüft regelmäßig, nach Webhooks von Meta und vor dem Stichtag häufiger.",
            ],
            Self::ParkedUntilMigration => [
                "A new token is parked; it becomes active by itself once the business has migrated.",
                "Ein neues Token ist geparkt; es wird von selbst aktiv, sobald das Unternehmen migriert ist.",
            ],
            Self::PassCheckpoint => [
                "Pass the checkpoint at facebook.com; then the token works again.",
                "Bestehen Sie die Sicherheitsprüfung auf facebook.com; dann funktioniert das Token wieder.",
            ],
            Self::PassCheckpointThenReplace => [
                "Pass the checkpoint at facebook.com, then replace the token again.",
                "Bestehen Sie die Sicherheitsprüfung auf facebook.com und ersetzen Sie das Token dann noch einmal.",
            ],
            Self::ConfirmAccount => [
                "Confirm the account at facebook.com; then the token works again.",
                "Bestätigen Sie das Konto auf facebook.com; dann funktioniert das Token wieder.",
            ],
            Self::ConfirmAccountThenReplace => [
                "Confirm the account at facebook.com, then replace the token again.",
                "Bestätigen Sie das Konto auf facebook.com und ersetzen Sie das Token dann noch einmal.",
            ],
            Self::TurnOnTwoFactor => [
                "Turn on two-factor authentication, which the business requires.",
                "Schalten Sie die Zwei-Faktor-Authentifizierung ein, die das Unternehmen verlangt.",
            ],
            Self::TurnOnTwoFactorThenReplace => [
                "Turn on two-factor authentication, then replace the token again.",
                "Schalten Sie die Zwei-Faktor-Authentifizierung ein und ersetzen Sie das Token dann noch einmal.",
            ],
            Self::ConsentThenReplace => [
                "Log in to the app again and consent, then replace the token again.",
                "Melden Sie sich erneut bei der App an und stimmen Sie zu; ersetzen Sie das Token dann noch einmal.",
            ],
            Self::RenewDataAccess => [
                "Log in to the app again to renew data access, then replace the token again.",
                "Melden Sie sich erneut bei der App an, um den Datenzugriff zu erneuern; ersetzen Sie das Token dann noch einmal.",
            ],
            Self::LookUp => [
                "Look up the message; Regrant asks again by itself.",
                "Schlagen Sie die Meldung nach; Regrant fragt von selbst noch einmal.",
            ],
            Self::LookUpThenReplace => [
                "Look up the message and replace the token again.",
                "Schlagen Sie die Meldung nach und ersetzen Sie das Token noch einmal.",
            ],
            Self::LookUpContradiction => [
                "Graph refuses the token and calls it valid: look up the message, or replace the token.",
                "Graph lehnt das Token ab und nennt es gültig: Schlagen Sie die Meldung nach oder ersetzen Sie das Token.",
            ],
            Self::LookUpContradictionThenReplace => [
                "Graph refuses the token and calls it valid: look up the message, then replace the token again.",
                "Graph lehnt das Token ab und nennt es gültig: Schlagen Sie die Meldung nach und ersetzen Sie das Token dann noch einmal.",
            ],
            Self::CheckRestriction => [
                "Look up the message in the app's settings: its country or age restrictions, its mode, its access.",
                "Schlagen Sie die Meldung in den Einstellungen der App nach: Länder- oder Altersbeschränkung, Modus, Zugriff.",
            ],
            Self::LiftRestriction => [
                "Lift the restriction in the app's settings, then replace the token again.",
                "Heben Sie die Beschränkung in den Einstellungen der App auf und ersetzen Sie das Token dann noch einmal.",
            ],
            Self::CorrectApp => [
                "Correct the app's settings.",
                "Korrigieren Sie die Einstellungen der App.",
            ],
            Self::CorrectAppWhileRunning => [
                "Correct the app's settings; the reconnect continues by itself.",
                "Korrigieren Sie die Einstellungen der App; der Vorgang läuft von selbst weiter.",
            ],
            Self::CorrectAppThenReplace => [
                "Correct the app's settings, then replace the token again.",
                "Korrigieren Sie die Einstellungen der App und ersetzen Sie das Token dann noch einmal.",
            ],
            Self::CorrectAppThenPreview => [
                "Correct the app's settings, then preview again.",
                "Korrigieren Sie die Einstellungen der App und rufen Sie dann die Vorschau noch einmal auf.",
            ],
            Self::CorrectAppThenUndo => [
                "Correct the app's settings, then undo again.",
                "Korrigieren Sie die Einstellungen der App und machen Sie den Vorgang dann noch einmal rückgängig.",
            ],
            Self::RegisterNewId => [
                "Register the page under its new id and delete this one.",
                "Registrieren Sie die Seite unter ihrer neuen ID und löschen Sie diese hier.",
            ],
            Self::RegisterAsset => [
                "Register the asset, then replace again.",
                "Registrieren Sie das Asset und ersetzen Sie das Token dann noch einmal.",
            ],
            Self::Restore => [
                "Delete the asset, register it again and replace its token; or restore the database from a backup.",
                "Löschen Sie das Asset, registrieren Sie es neu und ersetzen Sie sein Token; oder stellen Sie die Datenbank aus einer Sicherung wieder her.",
            ],
            Self::Report => [
                "Report this to the operator of Regrant.",
                "Melden Sie dies dem Betreiber von Regrant.",
            ],
            Self::StartAgain => [
                "Start another reconnect.",
                "Starten Sie einen neuen Vorgang.",
            ],
            Self::PreviewLater => [
                "Preview again later.",
                "Rufen Sie die Vorschau später noch einmal auf.",
            ],
            Self::UndoLater => [
                "Undo again later.",
                "Machen Sie den Vorgang später noch einmal rückgängig.",
            ],
            Self::Wait => [
                "Regrant asks again by itself.",
                "Regrant fragt von selbst noch einmal.",
            ],
            Self::WaitForReconnect => [
                "The reconnect continues by itself.",
                "Der Vorgang läuft von selbst weiter.",
            ],
            Self::WaitForProbe => ["The worker probes it.", "Regrant prüft es von selbst."],
            Self::WaitForOwner => [
                "Regrant asks Graph whose token it is; try again in a moment.",
                "Regrant fragt Graph, wem das Token gehört; versuchen Sie es gleich noch einmal.",
            ],
            Self::WaitForRefresh => [
                "The worker refreshes it before it expires.",
                "Regrant erneuert es, bevor es abläuft.",
            ],
            Self::WatchMeta => [
                "Regrant asks again by itself; look at Meta's status page.",
                "Regrant fragt von selbst noch einmal; sehen Sie auf der Statusseite von Meta nach.",
            ],
        }
    }
}
