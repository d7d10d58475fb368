//! What one observation leaves of the facts of an asset: the meaning of the statements in `storage`.
//!
//! The rule: an observation that is older than what is stored changes nothing, so that duplicates and disorder are
//! harmless; `storage` is tested against this fold. Here stands no judgement: the functions that the use cases call
//! decide.
//! Start at [`AssetFacts::observe`].

use chrono::Duration;

use crate::{
    AssetFacts, CredentialKind, CutOff, CutOffSource, NoticeKind, ObjectCondition, ProbeFacts,
    ProbeResult, Refusals, Timestamp, hold_refusal,
    watch::{Verdict, cut_off_after_probe, is_newer_cut_off, judge_probe},
};

/// Something that was observed about an asset or its active token.
#[derive(Debug, Clone, Copy)]
pub enum Observation<'a> {
    /// The active credential was probed.
    Probe {
        /// The result.
        result: &'a ProbeResult,
        /// Whether refusals of the asset's kind are held, because many persons are refused at once.
        is_held: bool,
    },
    /// `debug_token` was asked about the active token.
    Dates(TokenDates),
    /// Meta announced a cut-off for the person; observed when Meta sent it.
    Announcement(Timestamp),
    /// The person took the app's access back; the credential is kept.
    Deauthorisation,
    /// The person had their data deleted: every credential of the asset is theirs.
    Deletion,
    /// A token became active, and the parked one is dropped.
    Activation(ActivatedToken),
}

/// The dates of a token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TokenDates {
    /// When it expires, if ever.
    pub expires_at: Option<Timestamp>,
    /// When its data access expires, if ever.
    pub data_access_expires_at: Option<Timestamp>,
}

/// A token that becomes active.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivatedToken {
    /// Its kind.
    pub kind: CredentialKind,
    /// When it was proved on the asset; `None` of an import.
    pub proved_at: Option<Timestamp>,
    /// The cut-off of its person, where one is known.
    pub cut_off: Option<CutOff>,
    /// Its dates.
    pub dates: TokenDates,
    /// When its dates were read.
    pub dates_read_at: Option<Timestamp>,
    /// What Graph says of the object beside access.
    pub condition: Option<ObjectCondition>,
}

/// The settings on which the meaning of an observation depends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How far apart two refusals must be to count as two.
    pub doubt_pause: Duration,
}

impl AssetFacts {
    /// The facts after something was observed at `at`.
    #[must_use]
    pub fn observe(self, observation: Observation<'_>, at: Timestamp, rules: &Rules) -> Self {
        match observation {
            Observation::Activation(token) => self.after_activation(&token, at),
            _ if !self.is_served() => self,
            Observation::Probe { result, is_held } => self.after_probe(result, is_held, at, rules),
            Observation::Dates(dates) => self.after_reading(dates, at),
            Observation::Announcement(cut_off) => self.after_announcement(cut_off, at),
            Observation::Deauthorisation => self.after_notice(NoticeKind::Deauthorize, at, rules),
            Observation::Deletion => self
                .after_notice(NoticeKind::DataDeletion, at, rules)
                .without_person(),
        }
    }

    fn after_probe(
        self,
        result: &ProbeResult,
        is_held: bool,
        at: Timestamp,
        rules: &Rules,
    ) -> Self {
        match (judge_probe(result, self.standing_cut_off(), at), result) {
            (Verdict::Alive, ProbeResult::Works(read)) => self.after_proof(read, at),
            (Verdict::Refused { reason, certainty }, _) => {
                let (reason, certainty) = if is_held {
                    hold_refusal(reason, certainty)
                } else {
                    (reason, certainty)
                };
                let refusals = self.after_refusal(reason, certainty, at, rules.doubt_pause);
                self.with_refusals(refusals, at)
            }
            _ => self,
        }
    }

    fn after_proof(self, read: &ProbeFacts, at: Timestamp) -> Self {
        if self.is_outdated_proof(at) {
            return self;
        }
        Self {
            working_since: self.working_since_with_proof(at),
            proved_at: Some(at),
            checked_at: self.checked_at.max(Some(at)),
            refusals: None,
            cut_off: cut_off_after_probe(self.cut_off, read.cut_off, at),
            condition: read.condition.map(|it| (it, at)),
            ..self
        }
    }

    /// Since when the credential has worked in every probe, if it was proved at `at`.
    fn working_since_with_proof(&self, at: Timestamp) -> Option<Timestamp> {
        let has_worked = self.proved_at.is_some() && self.refusals.is_none();
        self.working_since.filter(|_| has_worked).or(Some(at))
    }

    fn with_refusals(self, refusals: Option<Refusals>, at: Timestamp) -> Self {
        if refusals.is_none() {
            return self;
        }
        Self {
            refusals,
            checked_at: self.checked_at.max(Some(at)),
            ..self
        }
    }

    fn after_reading(self, dates: TokenDates, at: Timestamp) -> Self {
        if self.dates_read_at >= Some(at) {
            return self;
        }
        Self {
            expires_at: dates.expires_at,
            data_access_expires_at: dates.data_access_expires_at,
            dates_read_at: Some(at),
            ..self
        }
    }

    fn after_announcement(self, at: Timestamp, learned_at: Timestamp) -> Self {
        let source = CutOffSource::Webhook;
        let announced = CutOff {
            at,
            source,
            learned_at,
        };
        if !is_newer_cut_off(self.cut_off, announced) {
            return self;
        }
        Self {
            cut_off: Some(announced),
            ..self
        }
    }

    fn after_notice(self, notice: NoticeKind, at: Timestamp, rules: &Rules) -> Self {
        let refusals = self.after_revocation(notice, at, rules.doubt_pause);
        self.with_refusals(refusals, at)
    }

    /// What is left of the facts once the credentials of a person and the facts known through them are erased.
    fn without_person(self) -> Self {
        Self {
            active: None,
            has_candidate: false,
            has_standby: false,
            proved_at: None,
            working_since: None,
            cut_off: None,
            expires_at: None,
            data_access_expires_at: None,
            ..self
        }
    }

    fn after_activation(self, token: &ActivatedToken, at: Timestamp) -> Self {
        let proved_at = token.proved_at;
        Self {
            working_since: proved_at.and_then(|it| self.working_since_with_proof(it)),
            proved_at,
            checked_at: proved_at.map_or(self.checked_at, |_| Some(at)),
            refusals: None,
            cut_off: token.cut_off,
            expires_at: token.dates.expires_at,
            data_access_expires_at: token.dates.data_access_expires_at,
            dates_read_at: token.dates_read_at,
            condition: token.condition.map(|it| (it, at)),
            active: Some(token.kind),
            has_candidate: false,
            ..self
        }
    }
}
