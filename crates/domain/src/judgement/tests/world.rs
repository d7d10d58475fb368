//! A world in which tokens work or do not: what Graph would answer, and how the answers are delivered.
//!
//! It knows nothing of the engine but [`AssetFacts::observe`] and [`RefusalWindow`], which it calls as the use cases do.

use chrono::{DateTime, Duration};

use super::invariants::Record;
use crate::{
    ActivatedToken, AssetFacts, AssetKind, CredentialKind, Hold, Observation, ProbeFacts,
    ProbeResult, Refusal, RefusalKind, RefusalWindow, Rules, TenantId, Timestamp, TokenDates,
    watch::{cut_off_after_probe, explains_refusal},
};

pub(super) const RULES: Rules = Rules {
    doubt_pause: Duration::minutes(10),
};
pub(super) const PERSONS: usize = 6;
/// The persons have a page each, and the first one an ad account besides.
pub(super) const ASSETS: usize = PERSONS + 1;
const NAMES: [&str; PERSONS] = ["1", "2", "3", "4", "5", "6"];

/// One step of a history; numbers wrap around, so that every step makes sense in every world.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    /// The clock moves by these seconds; it may jump back.
    Wait(i64),
    /// The assets of the mask are probed; the results arrive after this many steps, perhaps twice.
    Probe(u8, u8, bool),
    /// `debug_token` is asked about a person's token; so do its dates.
    ReadDates(usize, u8, bool),
    /// Meta announces a cut-off in so many hours for a person.
    Announce(usize, i64, u8),
    Deauthorise(usize),
    Delete(usize),
    /// The person logs in; the token is proved at once, or imported.
    Grant(usize, bool),
    /// The person's token is refused with this kind from now on, or works again.
    Token(usize, usize),
    /// One asset is refused with this kind from now on, or works again.
    Access(usize, usize),
    /// The dates of a person's token move to so many hours from now.
    MoveDates(usize, Option<i64>, Option<i64>),
    /// The cut-off of an asset is set to so many hours from now.
    CutOff(usize, Option<i64>),
    /// Every call is refused with this kind from now on, or not any more: an incident or an outage.
    Everything(usize),
}

/// What has been observed and not delivered yet.
#[derive(Clone)]
struct Delivery {
    asset: usize,
    generation: u32,
    at: Timestamp,
    left: u8,
    what: Delivered,
}

#[derive(Clone)]
enum Delivered {
    /// A probe: the cut-off that was read or the refusal, and whether it is held.
    Probe(Result<Option<Timestamp>, RefusalKind>, bool),
    Dates(TokenDates),
    Announcement(Timestamp),
}

#[derive(Default)]
struct Token {
    fault: Option<RefusalKind>,
    dates: TokenDates,
}

#[derive(Default)]
pub(super) struct ModelAsset {
    pub(super) facts: AssetFacts,
    pub(super) record: Record,
    generation: u32,
    fault: Option<RefusalKind>,
    cut_off: Option<Timestamp>,
}

pub(super) struct World {
    pub(super) now: Timestamp,
    pub(super) assets: [ModelAsset; ASSETS],
    tokens: [Token; PERSONS],
    everything: Option<RefusalKind>,
    window: RefusalWindow,
    pending: Vec<Delivery>,
}

/// Every kind of refusal, and none.
fn fault(n: usize, now: Timestamp) -> Option<RefusalKind> {
    use RefusalKind as Kind;
    let retry_at = now + Duration::hours(1);
    Some(match n % 22 {
        0 => Kind::NotReached,
        1 => Kind::NoRole,
        2 => Kind::MissingScope(vec![]),
        3 => Kind::MissingTask(vec![]),
        4 => Kind::Checkpoint,
        5 => Kind::Unconfirmed,
        6 => Kind::TwoFactorRequired,
        7 => Kind::ConsentRequired,
        8 => Kind::DataAccessExpired,
        9 => Kind::TokenDead,
        10 => Kind::TokenRefused,
        11 => Kind::Contradicted,
        12 => Kind::AppRestricted,
        13 => Kind::AppFault,
        14 => Kind::PageMoved(None),
        15 => Kind::RequestFault,
        16 => Kind::Throttled { retry_at },
        17 => Kind::Unavailable,
        18 => Kind::Unclassified,
        19 => Kind::NotReachedWithoutScope(vec![]),
        _ => return None,
    })
}

pub(super) const fn owner(asset: usize) -> usize {
    if asset < PERSONS { asset } else { 0 }
}

const fn kind(asset: usize) -> AssetKind {
    if asset < PERSONS {
        AssetKind::Page
    } else {
        AssetKind::AdAccount
    }
}

fn assets_of(person: usize) -> impl Iterator<Item = usize> {
    (0..ASSETS).filter(move |it| owner(*it) == person)
}

impl World {
    /// A world in which every asset is registered and every person has logged in.
    pub(super) fn new() -> Self {
        let now = DateTime::UNIX_EPOCH + Duration::days(1_000);
        let mut world = Self {
            now,
            assets: Default::default(),
            tokens: Default::default(),
            everything: None,
            window: RefusalWindow::default(),
            pending: Vec::new(),
        };
        for person in 0..PERSONS {
            world.grant(person, true);
        }
        world
    }

    /// Takes a step and delivers what is due; returns the assets whose facts may have changed.
    pub(super) fn take(&mut self, step: Step) -> Vec<usize> {
        let hours = |it: i64| self.now + Duration::hours(it);
        let mut touched = Vec::new();
        match step {
            Step::Wait(seconds) => self.now += Duration::seconds(seconds),
            Step::Probe(mask, late, twice) => self.probe(mask, late, twice),
            Step::ReadDates(person, late, twice) => self.read_dates(person, late, twice),
            Step::Announce(person, to_go, late) => {
                let what = Delivered::Announcement(hours(to_go));
                self.queue(person, &what, late, false);
            }
            Step::Deauthorise(person) => {
                touched = self.revoke(person, Observation::Deauthorisation);
            }
            Step::Delete(person) => touched = self.revoke(person, Observation::Deletion),
            Step::Grant(person, is_proved) => touched = self.grant(person, is_proved),
            Step::Token(person, n) => self.tokens[person].fault = fault(n, self.now),
            Step::Access(asset, n) => self.assets[asset].fault = fault(n, self.now),
            Step::MoveDates(person, expires, data_access) => {
                self.tokens[person].dates = TokenDates {
                    expires_at: expires.map(hours),
                    data_access_expires_at: data_access.map(hours),
                };
            }
            Step::CutOff(asset, to_go) => self.assets[asset].cut_off = to_go.map(hours),
            Step::Everything(n) => self.everything = fault(n, self.now),
        }
        touched.extend(self.deliver());
        touched
    }

    /// What Graph answers about an asset: its cut-off, or a refusal.
    fn answer(&self, asset: usize) -> Result<Option<Timestamp>, RefusalKind> {
        let (model, token) = (&self.assets[asset], &self.tokens[owner(asset)]);
        let is_over = |it: Option<Timestamp>| it.is_some_and(|it| it <= self.now);
        let refusal = (self.everything.clone())
            .or_else(|| token.fault.clone())
            .or_else(|| is_over(token.dates.expires_at).then_some(RefusalKind::TokenDead))
            .or_else(|| {
                let is_over = is_over(token.dates.data_access_expires_at);
                is_over.then_some(RefusalKind::DataAccessExpired)
            })
            .or_else(|| is_over(model.cut_off).then_some(RefusalKind::NotReached))
            .or_else(|| model.fault.clone());
        refusal.map_or(Ok(model.cut_off), Err)
    }

    /// One pass, as `vault::watch` makes it: the answers are gathered first, then the window is asked.
    fn probe(&mut self, mask: u8, late: u8, twice: bool) {
        let due: Vec<_> = (0..ASSETS)
            .filter(|it| mask >> it & 1 == 1 && self.assets[*it].facts.is_served())
            .map(|it| (it, self.answer(it)))
            .collect();
        for of_kind in [AssetKind::Page, AssetKind::AdAccount] {
            let pass: Vec<_> = due.iter().filter(|it| kind(it.0) == of_kind).collect();
            let results: Vec<_> = pass
                .iter()
                .filter_map(|(asset, answer)| self.mass_observation(*asset, answer))
                .collect();
            let app = "1".parse().unwrap();
            let is_held = !results.is_empty()
                && self
                    .window
                    .observe(&app, TenantId::SYSTEM, of_kind, results, self.now)
                    != Hold::Open;
            for (asset, answer) in pass {
                let what = Delivered::Probe(answer.clone(), is_held);
                self.push(*asset, &what, late, twice);
            }
        }
    }

    fn mass_observation(
        &self,
        asset: usize,
        answer: &Result<Option<Timestamp>, RefusalKind>,
    ) -> Option<(&'static str, bool)> {
        let known = self.assets[asset].facts.standing_cut_off();
        let person = NAMES[owner(asset)];
        match answer {
            Ok(_) => Some((person, false)),
            Err(kind) if explains_refusal(known, kind, self.now) => None,
            Err(kind) => kind.is_mass_suspect().then_some((person, true)),
        }
    }

    fn read_dates(&mut self, person: usize, late: u8, twice: bool) {
        let what = Delivered::Dates(self.tokens[person].dates);
        self.queue(person, &what, late, twice);
    }

    fn queue(&mut self, person: usize, what: &Delivered, late: u8, twice: bool) {
        for asset in assets_of(person) {
            self.push(asset, what, late, twice);
        }
    }

    fn push(&mut self, asset: usize, what: &Delivered, late: u8, twice: bool) {
        let delivery = |left| Delivery {
            asset,
            generation: self.assets[asset].generation,
            at: self.now,
            left,
            what: what.clone(),
        };
        let (first, second) = (delivery(late), delivery(late + 2));
        self.pending.push(first);
        self.pending.extend(twice.then_some(second));
    }

    /// Delivers what is due. What was asked about an earlier credential is dropped, as the use cases do.
    fn deliver(&mut self) -> Vec<usize> {
        let mut touched = Vec::new();
        for mut it in std::mem::take(&mut self.pending) {
            if it.left > 0 {
                it.left -= 1;
                self.pending.push(it);
            } else if it.generation == self.assets[it.asset].generation {
                touched.push(it.asset);
                self.assets[it.asset].receive(&it.what, it.at);
            }
        }
        touched
    }

    fn revoke(&mut self, person: usize, notice: Observation<'_>) -> Vec<usize> {
        self.tokens[person].fault = Some(RefusalKind::TokenDead);
        let assets: Vec<_> = assets_of(person).collect();
        for asset in &assets {
            let model = &mut self.assets[*asset];
            if model.facts.is_served() {
                let is_deletion = matches!(notice, Observation::Deletion);
                model.record.note_revocation(self.now, is_deletion);
                model.observe(notice, self.now);
            }
        }
        assets
    }

    /// The person logs in: every asset that the new token reaches is activated.
    fn grant(&mut self, person: usize, is_proved: bool) -> Vec<usize> {
        let dates = TokenDates {
            expires_at: Some(self.now + Duration::days(60)),
            data_access_expires_at: Some(self.now + Duration::days(90)),
        };
        self.tokens[person] = Token { fault: None, dates };
        let assets: Vec<_> = assets_of(person).collect();
        for asset in &assets {
            let Ok(cut_off) = self.answer(*asset) else {
                continue;
            };
            let (now, model) = (self.now, &mut self.assets[*asset]);
            let known = cut_off_after_probe(model.facts.cut_off, cut_off, now);
            let token = ActivatedToken {
                kind: CredentialKind::User,
                proved_at: is_proved.then_some(now),
                cut_off: known.filter(|_| is_proved),
                dates: if is_proved {
                    dates
                } else {
                    TokenDates::default()
                },
                dates_read_at: is_proved.then_some(now),
                condition: None,
            };
            model.generation += 1;
            model.record = Record::of_activation(&token);
            model.observe(Observation::Activation(token), now);
        }
        assets
    }
}

impl ModelAsset {
    fn receive(&mut self, what: &Delivered, at: Timestamp) {
        if !self.facts.is_served() {
            return;
        }
        match what {
            Delivered::Dates(dates) => {
                self.record.note_reading(*dates, at);
                self.observe(Observation::Dates(*dates), at);
            }
            Delivered::Announcement(cut_off) => {
                self.record.note_cut_off(*cut_off);
                self.observe(Observation::Announcement(*cut_off), at);
            }
            Delivered::Probe(Ok(cut_off), is_held) => {
                self.record.note_proof(*cut_off, at);
                let read = ProbeFacts {
                    cut_off: *cut_off,
                    ..ProbeFacts::default()
                };
                self.observe_probe(&ProbeResult::Works(read), *is_held, at);
            }
            Delivered::Probe(Err(kind), is_held) => {
                self.record.note_refusal(kind, *is_held, at);
                let refusal = Refusal {
                    kind: kind.clone(),
                    message: String::new(),
                    fbtrace_id: None,
                };
                self.observe_probe(&ProbeResult::Refused(refusal), *is_held, at);
            }
        }
    }

    fn observe_probe(&mut self, result: &ProbeResult, is_held: bool, at: Timestamp) {
        self.observe(Observation::Probe { result, is_held }, at);
    }

    fn observe(&mut self, observation: Observation<'_>, at: Timestamp) {
        let facts = std::mem::take(&mut self.facts);
        self.facts = facts.observe(observation, at, &RULES);
    }
}
