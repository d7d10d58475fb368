//! The texts of the hosted pages, in each language.
//!
//! The rule: a page has no text of its own; every text is here under a name, in every language. Names in braces are
//! filled in, and are the same in each language.

mod dates;
mod kinds;

use regrant_domain::{Locale, Reason};

pub(super) use dates::format_time;
pub(super) use kinds::kind_name;

macro_rules! texts {
    ($($name:ident: $en:literal, $de:literal;)+) => {
        /// The name of a text.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Text { $($name),+ }

        impl Text {
            /// Every name.
            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$name),+];

            /// The text in a language.
            pub(super) const fn text(self, locale: Locale) -> &'static str {
                match locale {
                    Locale::En => match self { $(Self::$name => $en),+ },
                    Locale::De => match self { $(Self::$name => $de),+ },
                }
            }
        }
    };
}

texts! {
    Title: "Reconnect your assets", "Verbindungen erneuern";
    Intro: "{tenant} asks you to renew its access to the assets below. Nothing changes before you confirm.",
        "{tenant} bittet Sie, den Zugriff auf die folgenden Objekte zu erneuern. Nichts ändert sich, bevor Sie bestätigen.";
    ForPerson: "This link is for {person}.", "Dieser Link ist für {person}.";
    OnlyPerson: "Another account is refused.", "Ein anderes Konto wird abgelehnt.";
    Until: "The link works until {until}.", "Der Link gilt bis {until}.";
    TickThese: "Tick these at Meta", "Bei Meta auswählen";
    TickHint: "Meta asks which assets {tenant} may use. Select each of these, by business:",
        "Meta fragt, welche Objekte {tenant} nutzen darf. Wählen Sie jedes davon aus, nach Unternehmen:";
    OtherBusiness: "Business not known yet", "Unternehmen noch nicht bekannt";
    CopyList: "The list as plain text, to copy", "Die Liste als Text zum Kopieren";
    LogIn: "Continue to Meta", "Weiter zu Meta";
    LogInAgain: "Log in at Meta again", "Erneut bei Meta anmelden";
    LogInHint: "You leave this page and come back after the log-in.",
        "Sie verlassen diese Seite und kehren nach der Anmeldung zurück.";
    WrongAccountHint: "If Meta shows another account, log out of Facebook first or use another browser profile.",
        "Wenn Meta ein anderes Konto zeigt, melden Sie sich zuerst bei Facebook ab oder nutzen Sie ein anderes Browserprofil.";
    NotFound: "This link does not work", "Dieser Link funktioniert nicht";
    NotFoundHint: "It is incomplete, was withdrawn, or its time is over. Ask the sender for a new one.",
        "Er ist unvollständig, wurde zurückgezogen oder ist abgelaufen. Bitten Sie den Absender um einen neuen.";
    UsedTitle: "This link was used", "Dieser Link wurde benutzt";
    UsedHint: "It was used at {at}, in another browser. Open it there, or ask {tenant} for a new one.",
        "Er wurde am {at} in einem anderen Browser benutzt. Öffnen Sie ihn dort, oder bitten Sie {tenant} um einen neuen.";
    UsedByHint: "It was used by {person} at {at}, in another browser. Open it there, or ask {tenant} for a new one.",
        "Er wurde von {person} am {at} in einem anderen Browser benutzt. Öffnen Sie ihn dort, oder bitten Sie {tenant} um einen neuen.";
    StateTitle: "This log-in cannot continue here", "Diese Anmeldung kann hier nicht fortgesetzt werden";
    StateHint: "It was started in another browser, is over, or was used already. Open the link that you received again.",
        "Sie wurde in einem anderen Browser begonnen, ist abgelaufen oder wurde schon benutzt. Öffnen Sie den erhaltenen Link noch einmal.";
    FormTitle: "This form cannot be used", "Dieses Formular kann nicht benutzt werden";
    FormHint: "It was not made for this browser, or cookies are off. Open the link that you received again.",
        "Es wurde nicht für diesen Browser erstellt, oder Cookies sind ausgeschaltet. Öffnen Sie den erhaltenen Link noch einmal.";
    BusyTitle: "Please try again in a moment", "Bitte versuchen Sie es gleich noch einmal";
    BusyHint: "The service did not answer. Nothing was changed.", "Der Dienst hat nicht geantwortet. Nichts wurde geändert.";
    NoLandingTitle: "There is nothing here", "Hier gibt es nichts";
    NoLandingHint: "Open the link that you received.", "Öffnen Sie den Link, den Sie erhalten haben.";
    DeclinedNotice: "You cancelled at Meta. Nothing was changed; you can log in again.",
        "Sie haben bei Meta abgebrochen. Nichts wurde geändert; Sie können sich erneut anmelden.";
    WrongPersonNotice: "You logged in as {actual}, but this link is for {wanted}. Nothing was changed. Log out of Facebook or use another browser profile, then log in again.",
        "Sie haben sich als {actual} angemeldet, aber dieser Link ist für {wanted}. Nichts wurde geändert. Melden Sie sich bei Facebook ab oder nutzen Sie ein anderes Browserprofil, und melden Sie sich dann erneut an.";
    CodeSpentNotice: "The log-in was interrupted. Nothing was changed; please log in again.",
        "Die Anmeldung wurde unterbrochen. Nichts wurde geändert; bitte melden Sie sich erneut an.";
    RefusedNotice: "Meta did not accept the log-in. Nothing was changed; please log in again.",
        "Meta hat die Anmeldung nicht angenommen. Nichts wurde geändert; bitte melden Sie sich erneut an.";
    FormNotAllowedNotice: "{tenant} does not accept log-ins on this page. Ask {tenant} how to go on.",
        "{tenant} nimmt auf dieser Seite keine Anmeldungen an. Fragen Sie {tenant}, wie es weitergeht.";
    GraphDownNotice: "Meta did not answer. Nothing was changed; please try again.",
        "Meta hat nicht geantwortet. Nichts wurde geändert; bitte versuchen Sie es noch einmal.";
    EndedNotice: "Your log-in is over. Nothing was lost; please log in again.",
        "Ihre Anmeldung ist abgelaufen. Nichts ging verloren; bitte melden Sie sich erneut an.";
    UsedUpNotice: "This link was tried too often in a short time. Log in again.",
        "Dieser Link wurde in kurzer Zeit zu oft benutzt. Melden Sie sich erneut an.";
    LoggedInAs: "You are logged in as {person}.", "Sie sind angemeldet als {person}.";
    CheckingTitle: "Checking what this log-in covers", "Die Anmeldung wird geprüft";
    CheckingHint: "This takes a moment. The page reloads by itself.",
        "Das dauert einen Augenblick. Die Seite lädt sich selbst neu.";
    PreviewTitle: "What will change", "Was sich ändern wird";
    PreviewChanged: "Something changed since the last check. Please look at the result again.",
        "Seit der letzten Prüfung hat sich etwas geändert. Bitte sehen Sie das Ergebnis noch einmal an.";
    WillReplace: "Will be reconnected", "Wird neu verbunden";
    Unchanged: "Works already and stays as it is", "Funktioniert bereits und bleibt, wie es ist";
    NotCovered: "Not covered by this log-in", "Von dieser Anmeldung nicht erfasst";
    NotCoveredHint: "You did not tick these, or this account has no access to them. What works today keeps working.",
        "Diese haben Sie nicht ausgewählt, oder dieses Konto hat keinen Zugriff darauf. Was heute funktioniert, funktioniert weiter.";
    LeftOutSummary: "You left out {count} that worked before; in use: {used}.",
        "Sie haben {count} weggelassen, die vorher funktionierten; davon in Benutzung: {used}.";
    NotTicked: "Not ticked at Meta.", "Bei Meta nicht ausgewählt.";
    PermissionMissing: "A permission for it was declined.", "Eine Berechtigung dafür wurde abgelehnt.";
    NoAccess: "This account has no access to it any more.", "Dieses Konto hat keinen Zugriff mehr darauf.";
    InUse: "In use.", "In Benutzung.";
    NotKnown: "Meta gave no clear answer", "Meta hat keine klare Antwort gegeben";
    MissingScopes: "You declined these permissions: {scopes}.", "Diese Berechtigungen haben Sie abgelehnt: {scopes}.";
    Siblings: "Other assets that would lose permissions by this log-in",
        "Andere Objekte, die durch diese Anmeldung Berechtigungen verlieren würden";
    SiblingsHint: "{tenant} uses these too. Choose again and tick them as well to keep them working.",
        "{tenant} nutzt auch diese. Wählen Sie erneut und setzen Sie auch dort ein Häkchen, damit sie weiter funktionieren.";
    MoreSiblings: "More assets than those listed may lose access. Keep the ticks that Meta shows for others.",
        "Auch Objekte, die hier nicht aufgeführt sind, können den Zugriff verlieren. Lassen Sie die Häkchen stehen, die Meta bei anderen zeigt.";
    Confirm: "Confirm and reconnect", "Bestätigen und neu verbinden";
    ChooseAgain: "Choose again at Meta", "Bei Meta erneut auswählen";
    CheckAgain: "Check again", "Erneut prüfen";
    RunningTitle: "Reconnecting", "Wird neu verbunden";
    RunningHint: "You may close this page; the work continues. The page reloads by itself.",
        "Sie können diese Seite schließen; die Arbeit läuft weiter. Die Seite lädt sich selbst neu.";
    Progress: "{done} of {total} done", "{done} von {total} erledigt";
    AllDoneTitle: "Everything is reconnected", "Alles ist neu verbunden";
    SomeDoneTitle: "Some assets need something else", "Einige Objekte brauchen noch etwas";
    NothingDoneTitle: "Nothing was changed", "Nichts wurde geändert";
    GroupDone: "Done", "Erledigt";
    GroupDoneHint: "These work with the new log-in.", "Diese funktionieren mit der neuen Anmeldung.";
    GroupRestoredHint: "The earlier access works again.", "Der frühere Zugriff gilt wieder.";
    GroupNotUndone: "Not undone", "Nicht rückgängig gemacht";
    GroupNotUndoneHint: "These stay as they were before the undo.", "Diese bleiben, wie sie vor dem Rückgängigmachen waren.";
    GroupSomeone: "Another person must act", "Eine andere Person muss handeln";
    GroupSomeoneHint: "An administrator of the business, or {tenant}, has to do the next step.",
        "Ein Administrator des Unternehmens oder {tenant} muss den nächsten Schritt tun.";
    GroupByItself: "Follows by itself", "Folgt von selbst";
    GroupByItselfHint: "The new access is kept and takes over as soon as Meta allows it. You need do nothing.",
        "Der neue Zugriff ist hinterlegt und gilt, sobald Meta es erlaubt. Sie müssen nichts tun.";
    GroupRetry: "Try again", "Noch einmal versuchen";
    GroupRetryHint: "Follow the next step, then log in again.", "Tun Sie den nächsten Schritt und melden Sie sich dann erneut an.";
    GroupNotPossible: "Not possible", "Nicht möglich";
    GroupNotPossibleHint: "Ask {tenant} about these.", "Fragen Sie {tenant} nach diesen.";
    UndoneTitle: "The reconnect was undone", "Die Neuverbindung wurde rückgängig gemacht";
    PartlyUndoneTitle: "The reconnect was partly undone", "Die Neuverbindung wurde teilweise rückgängig gemacht";
    Undo: "Undo", "Rückgängig machen";
    UndoHint: "Undo checks each earlier access and restores those that still work.",
        "Dabei wird jeder frühere Zugriff geprüft und wiederhergestellt, wenn er noch funktioniert.";
    ReturnTitle: "You are logged in", "Sie sind angemeldet";
    ReturnHint: "Go back to the page that opened this window: it shows what will change, and you confirm there. You can close this window.",
        "Kehren Sie zu der Seite zurück, die dieses Fenster geöffnet hat: Sie zeigt, was sich ändern wird, und dort bestätigen Sie. Dieses Fenster können Sie schließen.";
    ContinueHint: "If that page is closed, you can continue here, with all assets of the link.",
        "Wenn jene Seite geschlossen ist, können Sie hier weitermachen, mit allen Objekten des Links.";
    ContinueHere: "Continue here", "Hier weitermachen";
    Back: "Back to {tenant}", "Zurück zu {tenant}";
}

/// Why an asset is in its state, and what its party does next.
pub(super) fn reason_text(reason: &Reason, locale: Locale) -> String {
    let (said, next) = (reason.sentence(locale), reason.next_step.sentence(locale));
    format!("{said} {next}")
}

impl Text {
    /// The text with its names in braces filled in; the values are escaped where the page is written.
    pub(super) fn fill(self, locale: Locale, values: &[(&str, &str)]) -> String {
        let mut filled = String::new();
        let mut rest = self.text(locale);
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let (name, behind) = after.split_once('}').unwrap_or((after, ""));
            let value = values.iter().find(|(have, _)| *have == name);
            filled.push_str(value.map_or("", |(_, value)| value));
            rest = behind;
        }
        filled + rest
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn names(text: &str) -> BTreeSet<&str> {
        let parts = text.split('{').skip(1);
        parts.filter_map(|it| it.split('}').next()).collect()
    }

    #[test]
    fn every_text_exists_in_every_language_with_the_same_names() {
        for name in Text::ALL {
            let [english, german] = Locale::ALL.map(|it| name.text(it));
            assert!(!english.is_empty() && !german.is_empty(), "{name:?}");
            assert_eq!(names(english), names(german), "{name:?}");
        }
    }

    #[test]
    fn a_value_is_filled_in_as_it_is_and_fills_in_nothing_itself() {
        let values = [("actual", "{wanted}"), ("wanted", "B")];
        let text = Text::WrongPersonNotice.fill(Locale::En, &values);
        assert!(text.starts_with("You logged in as {wanted}, but this link is for B."));
    }
}
