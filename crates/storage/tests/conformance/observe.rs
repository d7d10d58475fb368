//! The statements leave of an asset's facts what `AssetFacts::observe` says, whatever is observed in whatever order.
//!
//! `carry_out` calls what the use cases call, in their order; the fold is compared after every step.

use chrono::Duration;
use regrant_domain::{
    ActivatedToken, Asset, AssetFacts, AssetId, Certainty, CredentialKind, CutOff, CutOffSource,
    NoticeKind, ObjectCondition, Observation, ProbeFacts, ProbeResult, Reason, Refusal,
    RefusalKind, Rules, Timestamp, TokenDates, hold_refusal,
    watch::{Verdict, cut_off_after_probe, is_newer_cut_off, judge_probe},
};
use regrant_storage::{
    Activation, Confirmation, CountedRefusal, DateReading, RevokedConsent, TenantTx,
};

use crate::bench::{Bench, activation, day, id, on_both, page};

on_both!(the_statements_leave_what_the_fold_says);

const SEQUENCES: usize = 300;
const STEPS: usize = 14;
const RULES: Rules = Rules {
    doubt_pause: Duration::minutes(10),
};

async fn the_statements_leave_what_the_fold_says(bench: Bench) {
    let ids: Vec<_> = (1..=SEQUENCES).map(|n| id(&n.to_string())).collect();
    let pages: Vec<_> = ids.iter().map(|it| page(it.as_str())).collect();
    let tx = bench.acme().await;
    tx.register_assets(&pages).await.unwrap();
    tx.commit().await.unwrap();
    let registered = AssetFacts {
        registered_at: day(0),
        ..AssetFacts::default()
    };
    let mut expected = vec![registered; SEQUENCES];
    let mut random = Random(0x5eed);
    for step in 0..STEPS {
        let tx = bench.acme().await;
        for (id, facts) in ids.iter().zip(&mut expected) {
            let (observed, at) = (random.observation(step), random.moment(step));
            let asset = tx.find_asset(id).await.unwrap();
            carry_out(&tx, &asset, &observed, at).await;
            *facts = std::mem::take(facts).observe(observed.as_observation(), at, &RULES);
            let left = tx.find_asset(id).await.unwrap().facts;
            assert_eq!(
                left, *facts,
                "step {step} of asset {id}: {observed:?} at {at}"
            );
        }
        tx.commit().await.unwrap();
    }
    let served = expected.iter().filter(|it| it.is_served()).count();
    let refused = expected.iter().filter(|it| it.refusals.is_some()).count();
    assert!(
        served > SEQUENCES / 4 && refused > SEQUENCES / 8,
        "{served} {refused}"
    );
}

/// What is observed, with the probe's result.
#[derive(Debug)]
enum Observed {
    Probe(ProbeResult, bool),
    Other(Observation<'static>),
}

impl Observed {
    fn as_observation(&self) -> Observation<'_> {
        match self {
            Self::Probe(result, is_held) => Observation::Probe {
                result,
                is_held: *is_held,
            },
            Self::Other(it) => *it,
        }
    }
}

async fn carry_out(tx: &TenantTx, asset: &Asset, observed: &Observed, at: Timestamp) {
    match observed {
        Observed::Other(Observation::Activation(token)) => activate(tx, asset, token, at).await,
        _ if !asset.facts.is_served() => {}
        Observed::Probe(result, is_held) => probe(tx, asset, result, *is_held, at).await,
        Observed::Other(Observation::Dates(dates)) => {
            let reading = DateReading {
                asset_id: asset.id.clone(),
                expires_at: dates.expires_at,
                data_access_expires_at: dates.data_access_expires_at,
                read_at: at,
            };
            tx.write_date_readings(&[reading]).await.unwrap();
        }
        Observed::Other(Observation::Announcement(cut_off)) => {
            let announced = CutOff {
                at: *cut_off,
                source: CutOffSource::Webhook,
                learned_at: at,
            };
            if is_newer_cut_off(asset.facts.cut_off, announced) {
                let ids = [asset.id.clone()];
                tx.set_cut_offs(&ids, announced).await.unwrap();
            }
        }
        Observed::Other(Observation::Deauthorisation) => {
            revoke(tx, asset, NoticeKind::Deauthorize, at).await;
        }
        Observed::Other(_) => revoke(tx, asset, NoticeKind::DataDeletion, at).await,
    }
}

async fn probe(tx: &TenantTx, asset: &Asset, result: &ProbeResult, held: bool, at: Timestamp) {
    let verdict = judge_probe(result, asset.facts.standing_cut_off(), at);
    match (verdict, result) {
        (Verdict::Alive, ProbeResult::Works(read)) => {
            let confirmation = Confirmation {
                asset_id: asset.id.clone(),
                cut_off: cut_off_after_probe(asset.facts.cut_off, read.cut_off, at),
                tasks: vec!["MANAGE".to_owned()],
                condition: read.condition,
            };
            tx.confirm_credentials(&[confirmation], at).await.unwrap();
        }
        (Verdict::Refused { reason, certainty }, _) if held => {
            let (reason, certainty) = hold_refusal(reason, certainty);
            count_refusal(tx, asset, reason, certainty, at).await;
        }
        (Verdict::Refused { reason, certainty }, _) => {
            count_refusal(tx, asset, reason, certainty, at).await;
        }
        _ => {}
    }
}

async fn count_refusal(
    tx: &TenantTx,
    asset: &Asset,
    reason: Reason,
    certainty: Certainty,
    at: Timestamp,
) {
    let pause = RULES.doubt_pause;
    let refusals = asset.facts.after_refusal(reason, certainty, at, pause);
    let counted = refusals.map(|refusals| CountedRefusal {
        asset_id: asset.id.clone(),
        refusals,
    });
    let counted: Vec<_> = counted.into_iter().collect();
    tx.write_refusals(&counted, at).await.unwrap();
}

async fn revoke(tx: &TenantTx, asset: &Asset, notice: NoticeKind, at: Timestamp) {
    let ids: [AssetId; 1] = [asset.id.clone()];
    let pause = RULES.doubt_pause;
    let refusals = asset.facts.after_revocation(notice, at, pause);
    let counted = refusals.map(|refusals| CountedRefusal {
        asset_id: asset.id.clone(),
        refusals,
    });
    let counted: Vec<_> = counted.into_iter().collect();
    tx.write_refusals(&counted, at).await.unwrap();
    if notice == NoticeKind::DataDeletion {
        let revoked = RevokedConsent {
            person: &"77".parse().unwrap(),
            before: day(9_999),
        };
        tx.delete_revoked_credentials(revoked, &ids, true)
            .await
            .unwrap();
        tx.erase_serving_person(&ids).await.unwrap();
    }
}

async fn activate(tx: &TenantTx, asset: &Asset, token: &ActivatedToken, at: Timestamp) {
    let seq = asset.intent_seq + 1;
    let mut new = Activation {
        cut_off: token.cut_off,
        dates_read_at: token.dates_read_at,
        condition: token.condition,
        ..activation(asset.id.as_str(), asset.generation, seq)
    };
    let credential = &mut new.credential.credential;
    credential.kind = token.kind;
    credential.proved_at = token.proved_at;
    credential.expires_at = token.dates.expires_at;
    credential.data_access_expires_at = token.dates.data_access_expires_at;
    tx.activate_credentials(&[new], seq, at).await.unwrap();
}

/// A small generator of random numbers (`SplitMix64`).
struct Random(u64);

impl Random {
    fn below(&mut self, n: i64) -> i64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut it = self.0;
        it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        i64::try_from((it ^ (it >> 31)) % n.unsigned_abs()).unwrap()
    }

    /// When the observation of a step is made: later steps are mostly later.
    fn moment(&mut self, step: usize) -> Timestamp {
        let step = i64::try_from(step).unwrap();
        day(100) + Duration::minutes(step * 6 + self.below(31) - 15)
    }

    /// A date some hours from the moments of the steps, or none.
    fn date(&mut self) -> Option<Timestamp> {
        let date = day(100) + Duration::minutes(self.below(120) * 2 - 60);
        (self.below(4) > 0).then_some(date)
    }

    fn observation(&mut self, step: usize) -> Observed {
        let dates = TokenDates {
            expires_at: self.date(),
            data_access_expires_at: self.date(),
        };
        if step == 0 {
            return self.activation(dates);
        }
        match self.below(24) {
            0..=5 => {
                let read = ProbeFacts {
                    cut_off: self.date().filter(|_| step.is_multiple_of(2)),
                    condition: (self.below(2) == 0).then_some(ObjectCondition::PageUnpublished),
                    ..ProbeFacts::default()
                };
                Observed::Probe(ProbeResult::Works(read), false)
            }
            6..=14 => self.refusal(),
            15..=17 => Observed::Other(Observation::Dates(dates)),
            18..=19 => {
                let cut_off = self.date().unwrap_or(day(101));
                Observed::Other(Observation::Announcement(cut_off))
            }
            20 => Observed::Other(Observation::Deauthorisation),
            21 => Observed::Other(Observation::Deletion),
            _ => self.activation(dates),
        }
    }

    fn refusal(&mut self) -> Observed {
        let kind = match self.below(8) {
            0 | 1 => RefusalKind::NotReached,
            2 => RefusalKind::NoRole,
            3 | 4 => RefusalKind::Unclassified,
            5 => RefusalKind::Contradicted,
            6 => RefusalKind::TokenDead,
            _ => RefusalKind::Unavailable,
        };
        let refusal = Refusal {
            kind,
            message: "message".to_owned(),
            fbtrace_id: None,
        };
        Observed::Probe(ProbeResult::Refused(refusal), self.below(3) == 0)
    }

    fn activation(&mut self, dates: TokenDates) -> Observed {
        let is_proved = self.below(3) > 0;
        let known = self.date();
        let cut_off = known.map(|at| CutOff {
            at,
            source: CutOffSource::Probe,
            learned_at: day(99),
        });
        let token = ActivatedToken {
            kind: CredentialKind::Page,
            proved_at: is_proved.then_some(day(100) + Duration::minutes(self.below(80))),
            cut_off: cut_off.filter(|_| is_proved),
            dates,
            dates_read_at: is_proved.then_some(day(100)),
            condition: (self.below(2) == 0).then_some(ObjectCondition::PageUnpublished),
        };
        Observed::Other(Observation::Activation(token))
    }
}
