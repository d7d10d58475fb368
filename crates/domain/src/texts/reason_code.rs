//! The sentences of reasons, without what Graph said of one asset.

use super::{Locale, choose};
use crate::ReasonCode;

impl ReasonCode {
    /// The reason in one sentence.
    #[must_use]
    pub const fn sentence(self, locale: Locale) -> &'static str {
        let [en, de] = self.sentences();
        choose(locale, en, de)
    }

    /// English, German.
    #[expect(clippy::too_many_lines, reason = "a table: one entry a code")]
    const fn sentences(self) -> [&'static str; 2] {
        match self {
            Self::SameToken => [
                "This token is already active here, and it works.",
                "Dieses Token ist hier schon aktiv und funktioniert.",
            ],
            Self::Outranked => [
                "Another token serves this asset and outranks the new one, which is kept as a standby.",
                "Ein anderes Token bedient dieses Asset und hat Vorrang vor dem neuen; das neue wird in Reserve gehalten.",
            ],
            Self::NotReachedYet => [
                "The new token does not reach this asset yet.",
                "Das neue Token erreicht dieses Asset noch nicht.",
            ],
            Self::NotReached => [
                "The token does not reach this asset.",
                "Das Token erreicht dieses Asset nicht.",
            ],
            Self::NoRole => [
                "The person has no role on this asset.",
                "Die Person hat keine Rolle für dieses Asset.",
            ],
            Self::CutOffPassed => [
                "The cut-off of this asset has passed for the token's person.",
                "Der Stichtag dieses Assets ist für die Person des Tokens verstrichen.",
            ],
            Self::MissingScope => [
                "The token lacks a permission.",
                "Dem Token fehlt eine Berechtigung.",
            ],
            Self::MissingTask => [
                "The person lacks a task on this asset.",
                "Der Person fehlt eine Aufgabe für dieses Asset.",
            ],
            Self::Checkpoint => [
                "The person is at a security checkpoint.",
                "Die Person muss eine Sicherheitsprüfung bestehen.",
            ],
            Self::Unconfirmed => [
                "The person's account is not confirmed.",
                "Das Konto der Person ist nicht bestätigt.",
            ],
            Self::TwoFactorRequired => [
                "The business requires two-factor authentication.",
                "Das Unternehmen verlangt die Zwei-Faktor-Authentifizierung.",
            ],
            Self::ConsentRequired => [
                "The person must consent again.",
                "Die Person muss erneut zustimmen.",
            ],
            Self::DataAccessExpired => [
                "Data access of this token has expired.",
                "Der Datenzugriff dieses Tokens ist abgelaufen.",
            ],
            Self::UnknownAsset => [
                "This tenant has no such asset.",
                "Dieses Asset ist nicht registriert.",
            ],
            Self::NewerReconnect => [
                "A later reconnect of this asset settled first.",
                "Ein späterer Vorgang hat dieses Asset zuerst abgeschlossen.",
            ],
            Self::Cancelled => [
                "The reconnect was cancelled before this asset was reached.",
                "Der Vorgang wurde abgebrochen, bevor dieses Asset an der Reihe war.",
            ],
            Self::NotChanged => [
                "The reconnect did not change the token of this asset.",
                "Der Vorgang hat das Token dieses Assets nicht geändert.",
            ],
            Self::NoLongerServes => [
                "The token of the reconnect does not serve this asset any more.",
                "Das Token des Vorgangs bedient dieses Asset nicht mehr.",
            ],
            Self::NoPreviousToken => [
                "No token served this asset before the reconnect, or it is not kept any more.",
                "Vor dem Vorgang bediente kein Token dieses Asset, oder es ist nicht mehr vorhanden.",
            ],
            Self::ParkedTokenDropped => [
                "The token that the reconnect had parked here was dropped.",
                "Das Token, das der Vorgang hier geparkt hatte, wurde verworfen.",
            ],
            Self::Throttled => [
                "Graph limits the calls at the moment.",
                "Graph begrenzt die Aufrufe im Moment.",
            ],
            Self::GraphUnavailable => [
                "Graph does not respond at the moment.",
                "Graph antwortet im Moment nicht.",
            ],
            Self::AppFault => [
                "The app is misconfigured, blocked or deleted.",
                "Die App ist falsch eingerichtet, gesperrt oder gelöscht.",
            ],
            Self::TokenDead => [
                "The token does not work any more.",
                "Das Token funktioniert nicht mehr.",
            ],
            Self::PageMoved => [
                "The page has moved to another id.",
                "Die Seite hat eine andere ID bekommen.",
            ],
            Self::Works => [
                "The token works and no ending is near.",
                "Das Token funktioniert, und kein Ende ist nahe.",
            ],
            Self::NotProbed => [
                "The token was imported and has not been probed yet.",
                "Das Token wurde importiert und noch nicht geprüft.",
            ],
            Self::EndsSoon => ["The token expires soon.", "Das Token läuft bald ab."],
            Self::CutOffKnown => [
                "The person's access to this asset ends at the cut-off, because they move to a managed account.",
                "Der Zugriff der Person auf dieses Asset endet am Stichtag, weil sie zu einem verwalteten Konto wechselt.",
            ],
            Self::NeverConnected => [
                "No token is stored for this asset.",
                "Für dieses Asset ist kein Token gespeichert.",
            ],
            Self::TokenExpired => ["The token has expired.", "Das Token ist abgelaufen."],
            Self::Revoked => [
                "The person revoked the app's access.",
                "Die Person hat der App den Zugriff entzogen.",
            ],
            Self::RequestFault => [
                "Regrant sent a wrong request.",
                "Regrant hat eine falsche Anfrage gesendet.",
            ],
            Self::AppRestricted => [
                "The app may not act for this person or object.",
                "Die App darf für diese Person oder dieses Objekt nicht handeln.",
            ],
            Self::Contradiction => [
                "Graph refuses the token and calls it valid at the same time.",
                "Graph lehnt das Token ab und nennt es zugleich gültig.",
            ],
            Self::MassRefusal => [
                "Tokens of many persons were refused at once, so an incident at Meta is likely.",
                "Tokens vieler Personen wurden zugleich abgelehnt; eine Störung bei Meta ist wahrscheinlich.",
            ],
            Self::EndNotConfirmed => [
                "A date on which the token may end has arrived; Graph has not confirmed it yet.",
                "Ein Tag, an dem das Token enden kann, ist gekommen; Graph hat es noch nicht bestätigt.",
            ],
            Self::Unclassified => [
                "Graph returned an error that Regrant does not know.",
                "Graph hat einen Fehler gemeldet, den Regrant nicht kennt.",
            ],
            Self::Unreadable => [
                "A stored row of this asset does not parse, or its sealed token does not open.",
                "Ein gespeicherter Datensatz dieses Assets ist nicht lesbar, oder sein versiegeltes Token lässt sich nicht öffnen.",
            ],
        }
    }
}
