//! The starts and the observations of `transitions.rs`, each with its description in the words of the table.

use chrono::{DateTime, Duration};

use crate::{
    AssetFacts, CredentialKind, CutOff, CutOffSource, FactName, NextStep, NoticeKind, Observation,
    ProbeFacts, ProbeResult, Reason, ReasonCode, Refusal, RefusalKind, Refusals, Rules, Timestamp,
    TokenDates, Who,
};

const RULES: Rules = Rules {
    doubt_pause: Duration::minutes(10),
};
/// How long after the start the observation is made: at once, within the doubt pause, at its end, a day later, and after
/// every date that is known at the start.
pub(super) const DISTANCES: [Duration; 5] = [
    Duration::zero(),
    Duration::minutes(9),
    Duration::minutes(10),
    Duration::days(1),
    Duration::days(20),
];

/// The moment of every start.
pub(super) fn start() -> Timestamp {
    DateTime::UNIX_EPOCH + Duration::days(1_000)
}

fn days(n: i64) -> Timestamp {
    start() + Duration::days(n)
}

/// What is known at the start, in the words of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// The credential was proved, and no more.
    Proof,
    /// One refusal without a class.
    OneDoubtful,
    /// Two of them.
    TwoDoubtful,
    /// One refusal of a class.
    OneOfClass,
    /// A definitive refusal, or two of a class.
    Lost,
    /// The person revoked the app's access.
    Revoked,
    /// The same, and the credential was deleted.
    Deleted,
    /// A date of the token in ten days.
    DateAhead(FactName),
    /// A date of the token a day ago, not read since.
    DateArrived,
    /// A date of the token a day ago, read again since.
    DatePassed,
    /// A cut-off in ten days, read on the asset.
    CutOffRead,
    /// A cut-off in ten days, announced.
    CutOffAnnounced,
    /// A cut-off a day ago, read on the asset before.
    ReadCutOffArrived,
    /// A cut-off a day ago, announced.
    AnnouncedCutOffArrived,
    /// A cut-off a day ago, announced late: the credential was proved after it.
    CutOffDisproved,
    /// Registered, never connected.
    Registration,
    /// Imported, not probed.
    Import,
    /// Imported, with one refusal without a class.
    ImportDoubted,
}

pub(super) const STARTS: [Known; 19] = [
    Known::Proof,
    Known::OneDoubtful,
    Known::TwoDoubtful,
    Known::OneOfClass,
    Known::Lost,
    Known::Revoked,
    Known::Deleted,
    Known::DateAhead(FactName::TokenExpiry),
    Known::DateAhead(FactName::DataAccess),
    Known::DateArrived,
    Known::DatePassed,
    Known::CutOffRead,
    Known::CutOffAnnounced,
    Known::ReadCutOffArrived,
    Known::AnnouncedCutOffArrived,
    Known::CutOffDisproved,
    Known::Registration,
    Known::Import,
    Known::ImportDoubted,
];

impl Known {
    pub(super) fn facts(self) -> AssetFacts {
        let proved = AssetFacts {
            active: Some(CredentialKind::User),
            proved_at: Some(start()),
            checked_at: Some(start()),
            registered_at: days(-100),
            ..AssetFacts::default()
        };
        let before_dates = || AssetFacts {
            proved_at: Some(days(-2)),
            dates_read_at: Some(days(-2)),
            ..proved.clone()
        };
        match self {
            Self::Proof => proved,
            Self::OneDoubtful => refused(&proved, (0, 1), false),
            Self::TwoDoubtful => refused(&proved, (0, 2), false),
            Self::OneOfClass => refused(&proved, (1, 0), false),
            Self::Lost => refused(&proved, (1, 0), true),
            Self::Revoked => revoked(&proved, NoticeKind::Deauthorize),
            Self::Deleted => AssetFacts {
                active: None,
                proved_at: None,
                ..revoked(&proved, NoticeKind::DataDeletion)
            },
            Self::DateAhead(FactName::DataAccess) => AssetFacts {
                data_access_expires_at: Some(days(10)),
                ..before_dates()
            },
            Self::DateAhead(_) => AssetFacts {
                expires_at: Some(days(10)),
                ..before_dates()
            },
            Self::DateArrived => AssetFacts {
                expires_at: Some(days(-1)),
                ..before_dates()
            },
            Self::DatePassed => AssetFacts {
                expires_at: Some(days(-1)),
                dates_read_at: Some(days(-1)),
                ..before_dates()
            },
            Self::CutOffRead => cut_off(before_dates(), 10, CutOffSource::Probe),
            Self::CutOffAnnounced => cut_off(before_dates(), 10, CutOffSource::Webhook),
            Self::ReadCutOffArrived => cut_off(before_dates(), -1, CutOffSource::Probe),
            Self::AnnouncedCutOffArrived => cut_off(before_dates(), -1, CutOffSource::Webhook),
            Self::CutOffDisproved => cut_off(proved, -1, CutOffSource::Webhook),
            Self::Registration => AssetFacts {
                active: None,
                proved_at: None,
                checked_at: None,
                ..proved
            },
            Self::Import => AssetFacts {
                proved_at: None,
                checked_at: None,
                ..proved
            },
            Self::ImportDoubted => refused(&Self::Import.facts(), (0, 1), false),
        }
    }
}

/// The facts with these counts of spaced refusals: of a class, without one; and whether one was definitive.
fn refused(
    facts: &AssetFacts,
    (classified, unclassified): (u32, u32),
    definitive: bool,
) -> AssetFacts {
    let refusals = Refusals {
        since: days(-1),
        counted_at: start(),
        reason: Reason::new(
            ReasonCode::NoRole,
            Who::BusinessAdmin,
            "x",
            NextStep::Replace,
        ),
        classified,
        unclassified,
        definitive,
    };
    AssetFacts {
        refusals: Some(refusals),
        proved_at: facts.proved_at.map(|_| days(-2)),
        ..facts.clone()
    }
}

fn revoked(facts: &AssetFacts, notice: NoticeKind) -> AssetFacts {
    let refusals = facts.after_revocation(notice, start(), RULES.doubt_pause);
    AssetFacts {
        refusals,
        ..facts.clone()
    }
}

fn cut_off(facts: AssetFacts, at: i64, source: CutOffSource) -> AssetFacts {
    let cut_off = Some(CutOff {
        at: days(at),
        source,
        learned_at: days(-2),
    });
    AssetFacts { cut_off, ..facts }
}

/// What is observed, in the words of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// Nothing: only time passes.
    Nothing,
    /// The credential works.
    Works,
    /// It works, and Graph names a cut-off in ten days.
    WorksUntil,
    /// It works, and Graph names a cut-off of yesterday.
    WorksThough,
    /// A refusal that is enough alone.
    Definitive,
    /// The same of a person who must act at Meta, as it is before it is known whether it is held.
    OfPerson,
    /// A refusal of a class that says "not reached": after a cut-off it is enough alone.
    NotReached,
    /// Another refusal of a class.
    OfClass,
    /// The same two and those of a person, while refusals of the kind are held.
    NotReachedHeld,
    OfClassHeld,
    /// A refusal without a class.
    Doubtful,
    /// A refusal that says nothing.
    Silent,
    /// `debug_token` names: an end in 60 days, the dates that are known, an end of a minute ago, no end.
    DatesMoved,
    DatesSame,
    DatesPassed,
    DatesNone,
    /// A cut-off in ten days was announced, and one of an hour ago.
    Announced,
    AnnouncedLate,
    Deauthorised,
    Deleted,
}

/// Every kind of refusal with its place in the table.
fn refusals() -> Vec<(RefusalKind, Seen)> {
    use RefusalKind as Kind;
    let retry_at = days(50);
    vec![
        (Kind::NotReached, Seen::NotReached),
        (Kind::NotReachedWithoutScope(vec![]), Seen::NotReached),
        (Kind::NoRole, Seen::NotReached),
        (Kind::MissingScope(vec![]), Seen::OfClass),
        (Kind::MissingTask(vec![]), Seen::OfClass),
        (Kind::TwoFactorRequired, Seen::OfClass),
        (Kind::AppRestricted, Seen::OfClass),
        (Kind::Checkpoint, Seen::OfPerson),
        (Kind::Unconfirmed, Seen::OfPerson),
        (Kind::ConsentRequired, Seen::OfPerson),
        (Kind::DataAccessExpired, Seen::OfPerson),
        (Kind::TokenDead, Seen::Definitive),
        (Kind::PageMoved(None), Seen::Definitive),
        (Kind::TokenRefused, Seen::Doubtful),
        (Kind::Contradicted, Seen::Doubtful),
        (Kind::RequestFault, Seen::Doubtful),
        (Kind::Unclassified, Seen::Doubtful),
        (Kind::Throttled { retry_at }, Seen::Silent),
        (Kind::Unavailable, Seen::Silent),
        (Kind::AppFault, Seen::Silent),
    ]
}

/// One observation of the facts `before` at `at`.
pub(super) type Observe = Box<dyn Fn(AssetFacts, Timestamp) -> AssetFacts>;

pub(super) fn every_observation() -> Vec<(String, Seen, Observe)> {
    let mut all: Vec<(String, Seen, Observe)> = Vec::new();
    let mut add = |seen: Seen, observe: Observe| all.push((format!("{seen:?}"), seen, observe));
    add(Seen::Nothing, Box::new(|facts, _| facts));
    add(Seen::Works, Box::new(|facts, at| works(facts, None, at)));
    for (seen, to_go) in [(Seen::WorksUntil, 10), (Seen::WorksThough, -1)] {
        let read = move |at| Some(at + Duration::days(to_go));
        add(seen, Box::new(move |facts, at| works(facts, read(at), at)));
    }
    for (seen, to_go) in [
        (Seen::DatesMoved, Some(Duration::days(60))),
        (Seen::DatesPassed, Some(Duration::minutes(-1))),
        (Seen::DatesNone, None),
    ] {
        let read = move |at| TokenDates {
            expires_at: to_go.map(|it| at + it),
            data_access_expires_at: None,
        };
        let observe =
            move |facts: AssetFacts, at| facts.observe(Observation::Dates(read(at)), at, &RULES);
        add(seen, Box::new(observe));
    }
    let same = |facts: AssetFacts, at| {
        let dates = TokenDates {
            expires_at: facts.expires_at,
            data_access_expires_at: facts.data_access_expires_at,
        };
        facts.observe(Observation::Dates(dates), at, &RULES)
    };
    add(Seen::DatesSame, Box::new(same));
    for (seen, to_go) in [
        (Seen::Announced, Duration::days(10)),
        (Seen::AnnouncedLate, Duration::hours(-1)),
    ] {
        let observe = move |facts: AssetFacts, at: Timestamp| {
            facts.observe(Observation::Announcement(at + to_go), at, &RULES)
        };
        add(seen, Box::new(observe));
    }
    for (seen, notice) in [
        (Seen::Deauthorised, Observation::Deauthorisation),
        (Seen::Deleted, Observation::Deletion),
    ] {
        let observe = move |facts: AssetFacts, at| facts.observe(notice, at, &RULES);
        add(seen, Box::new(observe));
    }
    for (kind, seen) in refusals() {
        for is_held in [false, true] {
            let seen = match seen {
                Seen::NotReached if is_held => Seen::NotReachedHeld,
                Seen::OfClass | Seen::OfPerson if is_held => Seen::OfClassHeld,
                Seen::OfPerson => Seen::Definitive,
                _ => seen,
            };
            let name = format!("{kind:?}, held: {is_held}");
            let result = ProbeResult::Refused(Refusal {
                kind: kind.clone(),
                message: "message".to_owned(),
                fbtrace_id: None,
            });
            let observe = move |facts: AssetFacts, at| {
                let result = &result;
                facts.observe(Observation::Probe { result, is_held }, at, &RULES)
            };
            all.push((name, seen, Box::new(observe)));
        }
    }
    all
}

fn works(facts: AssetFacts, cut_off: Option<Timestamp>, at: Timestamp) -> AssetFacts {
    let result = &ProbeResult::Works(ProbeFacts {
        cut_off,
        ..ProbeFacts::default()
    });
    let is_held = true;
    facts.observe(Observation::Probe { result, is_held }, at, &RULES)
}
