//! Reasons for people: why an asset is in its state, and what comes next.
//!
//! The rule: a sentence is found by the code of the reason. English pages show the reason's own sentence, which names
//! what is missing.

use regrant_domain::{Locale, Reason};

/// The sentence of a reason and its next step, in a language.
pub(in super::super) fn reason_text(reason: &Reason, locale: Locale) -> String {
    let german = match locale {
        Locale::En => None,
        Locale::De => german_text(reason.code.as_str()),
    };
    match german {
        Some(text) => text.to_owned(),
        None => format!("{} {}", reason.detail, reason.next_step),
    }
}

/// The German sentence of a reason with this code.
fn german_text(code: &str) -> Option<&'static str> {
    GERMAN
        .iter()
        .find(|(have, _)| *have == code)
        .map(|(_, text)| *text)
}

#[rustfmt::skip]
const GERMAN: [(&str, &str); 39] = [
    ("same_token", "Derselbe Zugriff ist bereits in Gebrauch und funktioniert."),
    ("outranked", "Ein Systemnutzer hat bereits Zugriff; Ihre Anmeldung bleibt als Reserve hinterlegt."),
    ("not_reached_yet", "Ihr Konto erreicht dieses Objekt noch nicht. Der bisherige Zugriff bleibt in Gebrauch."),
    ("not_reached", "Ihr Konto erreicht dieses Objekt nicht. Wählen Sie es bei Meta aus, oder bitten Sie einen Administrator um Zugriff."),
    ("no_role", "Ihr Konto hat keine Rolle an diesem Objekt. Ein Administrator des Unternehmens muss sie vergeben."),
    ("cut_off_passed", "Der Zugriff dieses Kontos auf das Objekt ist beendet. Melden Sie sich mit dem verwalteten Konto an."),
    ("missing_scope", "Eine Berechtigung fehlt. Melden Sie sich erneut an und lehnen Sie keine Berechtigung ab."),
    ("missing_task", "Ihrem Konto fehlt eine Aufgabe an diesem Objekt. Ein Administrator des Unternehmens muss sie vergeben."),
    ("checkpoint", "Meta verlangt eine Sicherheitsprüfung. Melden Sie sich bei facebook.com an und schließen Sie sie ab."),
    ("unconfirmed", "Ihr Konto ist nicht bestätigt. Melden Sie sich bei facebook.com an und bestätigen Sie es."),
    ("two_factor_required", "Das Unternehmen verlangt die zweistufige Anmeldung. Schalten Sie sie bei facebook.com ein."),
    ("consent_required", "Meta verlangt eine neue Einwilligung. Melden Sie sich erneut an."),
    ("data_access_expired", "Der Datenzugriff ist nach 90 Tagen abgelaufen. Melden Sie sich erneut an."),
    ("unknown_asset", "Dieses Objekt ist nicht bekannt."),
    ("newer_reconnect", "Eine spätere Neuverbindung hat dieses Objekt bereits erledigt."),
    ("cancelled", "Die Neuverbindung wurde abgebrochen, bevor dieses Objekt an der Reihe war."),
    ("not_changed", "Die Neuverbindung hat an diesem Objekt nichts geändert."),
    ("no_longer_serves", "Der neue Zugriff wird für dieses Objekt nicht mehr benutzt."),
    ("no_previous_token", "Von davor ist kein Zugriff hinterlegt."),
    ("parked_token_dropped", "Der wartende Zugriff wurde entfernt."),
    ("throttled", "Meta nimmt gerade keine weiteren Anfragen an. Es wird später von selbst versucht."),
    ("graph_unavailable", "Meta hat nicht geantwortet. Es wird später von selbst versucht."),
    ("app_fault", "Die App ist bei Meta gesperrt oder falsch eingestellt. Der Anbieter muss das ändern."),
    ("token_dead", "Der Zugriff gilt nicht mehr. Melden Sie sich erneut an."),
    ("page_moved", "Die Seite hat bei Meta eine andere Kennung bekommen. Der Anbieter muss sie neu eintragen."),
    ("works", "Der Zugriff funktioniert."),
    ("not_probed", "Der Zugriff wurde noch nicht geprüft."),
    ("ends_soon", "Der Zugriff endet bald."),
    ("cut_off_known", "Der Zugriff dieses Kontos auf das Objekt endet an einem bekannten Tag."),
    ("never_connected", "Für dieses Objekt gab es noch keinen Zugriff."),
    ("token_expired", "Der Zugriff ist abgelaufen. Melden Sie sich erneut an."),
    ("revoked", "Der Zugriff wurde bei Meta entzogen. Melden Sie sich erneut an."),
    ("request_fault", "Die Anfrage war fehlerhaft. Der Anbieter muss das beheben."),
    ("app_restricted", "Die App darf für dieses Konto oder Objekt nicht handeln. Der Anbieter muss das bei Meta klären."),
    ("contradiction", "Meta gibt widersprüchliche Antworten. Es wird später von selbst geprüft."),
    ("mass_refusal", "Meta lehnt gerade viele Zugriffe zugleich ab. Es wird später von selbst geprüft."),
    ("end_not_confirmed", "Ein Enddatum ist erreicht, aber Meta hat es noch nicht bestätigt."),
    ("unreadable", "Ein gespeicherter Eintrag ist beschädigt. Der Anbieter muss ihn prüfen."),
    ("unclassified", "Meta hat einen unbekannten Fehler gemeldet. Fragen Sie den Anbieter."),
];

#[cfg(test)]
mod tests {
    use regrant_domain::{ReasonCode, Who};

    use super::*;

    #[test]
    fn every_reason_has_a_sentence_in_every_language() {
        for code in ReasonCode::ALL {
            let reason = Reason::new(code, Who::Person, "It is so.", "Do this.");
            assert_eq!(reason_text(&reason, Locale::En), "It is so. Do this.");
            assert_ne!(
                reason_text(&reason, Locale::De),
                "It is so. Do this.",
                "{code}"
            );
        }
    }
}
