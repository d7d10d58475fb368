//! The calendar in SQL agrees with the functions of the domain, on every kind of facts.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use regrant_domain::{
    Asset, AssetId, CredentialKind, Grant, GrantId, Reach, ReachLimit, Slot, Timestamp, TokenFacts,
    forecast::{CredentialOutlook, EndingTally, find_cover, list_calendar_endings, tally_by_day},
    state::Ending,
};
use regrant_migration::{open_to_migrate, sea_orm::ConnectionTrait};
use regrant_storage::{
    Activation, ForecastFilter, ForecastPosition, ForecastTotals, StoredCredential, TenantTx,
};

use crate::{
    asset::everything,
    bench::{Bench, activation, credential, day, grant, on_both, page},
    state::{NOW, every_kind_of_facts, write},
};

on_both!(
    the_calendar_is_that_of_the_domain,
    assets_at_risk_are_those_that_the_domain_finds,
    a_page_takes_the_same_time_however_many_assets_there_are
);

async fn the_calendar_is_that_of_the_domain(bench: Bench) {
    fill(&bench).await;
    let tx = bench.acme().await;
    let assets = tx.list_assets(&everything()).await.unwrap().rows;
    let ids: Vec<_> = assets.iter().map(|it| it.id.clone()).collect();
    let behind = tx.find_standby_facts(&ids).await.unwrap();
    for filter in filters() {
        let wanted = Wanted::of(&assets, &behind, &filter);
        let found = paged(&tx, &filter).await;
        let differs = found
            .iter()
            .zip(&wanted.positions)
            .find(|(found, wanted)| found != wanted);
        assert_eq!(
            (differs, found.len()),
            (None, wanted.positions.len()),
            "{filter:?}"
        );
        let tallies = tx.count_endings_by_day(&filter).await.unwrap();
        assert_eq!(
            tally_by_day(tallies.iter().copied()),
            tally_by_day(wanted.tallies.iter().copied()),
            "{filter:?}"
        );
        assert_eq!(
            count_gone(&tallies),
            count_gone(&wanted.tallies),
            "{filter:?}"
        );
        assert_eq!(
            tx.count_endless_assets(&filter).await.unwrap(),
            wanted.totals,
            "{filter:?}"
        );
        let lines = tx.list_forecast_lines(&filter, 3).await.unwrap();
        let lines: BTreeSet<_> = lines.iter().map(|it| key(&it.position)).collect();
        assert_eq!(lines, wanted.first(3), "{filter:?}");
    }
    let with_system_user = tx
        .find_standby_facts(&ids)
        .await
        .unwrap()
        .into_values()
        .flatten()
        .any(|it| it.system_user);
    assert!(
        with_system_user,
        "the fixtures hold a standby token of a system user"
    );
}

async fn assets_at_risk_are_those_that_the_domain_finds(bench: Bench) {
    fill(&bench).await;
    let tx = bench.acme().await;
    let assets = tx.list_assets(&everything()).await.unwrap().rows;
    let ids: Vec<_> = assets.iter().map(|it| it.id.clone()).collect();
    let behind = tx.find_standby_facts(&ids).await.unwrap();
    let filter = ForecastFilter {
        from: day(0),
        to: day(NOW + 90),
        every: true,
        ..filters().remove(0)
    };
    let none = Vec::new();
    let mut wanted = BTreeMap::new();
    for asset in &assets {
        let behind = behind.get(&asset.id).unwrap_or(&none);
        let mut persons: Vec<_> = behind
            .iter()
            .filter(|it| it.slot != Slot::Candidate && !it.system_user)
            .filter_map(|it| it.person_id.clone())
            .collect();
        persons.sort_unstable();
        let cut_off = asset.facts.standing_cut_off().map(|it| it.at);
        let cut_off = cut_off.filter(|it| *it < filter.to);
        let state = asset.state_at(filter.now, chrono::Duration::zero());
        if !state.is_serving() {
            if asset.generation > 0 {
                wanted.insert(asset.id.clone(), (None, cut_off, persons));
            }
            continue;
        }
        let is_open = |it: &Ending| {
            let cover = find_cover(it, behind, None, filter.now);
            (filter.from..filter.to).contains(&it.at) && !cover.is_some_and(|it| it.0.is_seamless())
        };
        let endings = list_calendar_endings(&asset.facts, filter.now, false);
        if let Some(ending) = endings.into_iter().find(is_open) {
            wanted.insert(asset.id.clone(), (Some(ending.at), cut_off, persons));
        }
    }
    let found = tx.list_assets_at_risk(&filter).await.unwrap();
    let count = found.len();
    let found: BTreeMap<_, _> = found
        .into_iter()
        .map(|mut it| {
            it.persons.sort_unstable();
            (it.id, (it.ends_at, it.cut_off, it.persons))
        })
        .collect();
    assert_eq!(found.len(), count, "each asset once");
    assert!(wanted.values().any(|it| it.0.is_none()) && wanted.len() > 100);
    assert!(
        wanted.values().any(|it| it.0.is_none() && it.1.is_some()),
        "a cut-off has ended one"
    );
    let differs = found.iter().find(|(id, it)| wanted.get(*id) != Some(it));
    assert_eq!((differs, found.len()), (None, wanted.len()));
}

/// Windows, filters and persons who leave.
fn filters() -> Vec<ForecastFilter> {
    let ahead = ForecastFilter {
        from: day(NOW),
        to: day(NOW + 30),
        now: day(NOW),
        kinds: Vec::new(),
        business_id: None,
        person_ids: Vec::new(),
        leaves: None,
        every: false,
        within: None,
    };
    let person = |n: &str| n.parse().unwrap();
    let some = ReachLimit {
        assets: (0..40)
            .map(|n: u32| n.to_string().parse().unwrap())
            .collect(),
        ..ReachLimit::default()
    };
    vec![
        ahead.clone(),
        ForecastFilter {
            from: day(0),
            to: day(NOW + 90),
            ..ahead.clone()
        },
        ForecastFilter {
            from: day(0),
            to: day(NOW + 90),
            every: true,
            ..ahead.clone()
        },
        ForecastFilter {
            to: day(NOW + 90),
            leaves: Some(person("77")),
            ..ahead.clone()
        },
        ForecastFilter {
            from: day(0),
            every: true,
            leaves: Some(person("78")),
            ..ahead.clone()
        },
        ForecastFilter {
            to: day(NOW + 90),
            person_ids: vec![person("78")],
            ..ahead.clone()
        },
        ForecastFilter {
            leaves: Some(person("9")),
            ..ahead.clone()
        },
        ForecastFilter {
            business_id: Some("5".parse().unwrap()),
            ..ahead.clone()
        },
        ForecastFilter {
            within: Some(ReachLimit {
                businesses: ["5".parse().unwrap()].into(),
                ..some.clone()
            }),
            ..ahead.clone()
        },
        ForecastFilter {
            within: Some(some),
            ..ahead
        },
    ]
}

/// The calendar as the domain computes it.
struct Wanted {
    positions: Vec<ForecastPosition>,
    tallies: Vec<EndingTally>,
    totals: ForecastTotals,
}

impl Wanted {
    fn of(
        assets: &[Asset],
        behind: &HashMap<AssetId, Vec<CredentialOutlook>>,
        filter: &ForecastFilter,
    ) -> Self {
        let mut wanted = Self {
            positions: Vec::new(),
            tallies: Vec::new(),
            totals: ForecastTotals::default(),
        };
        for asset in assets.iter().filter(|it| passes(it, filter)) {
            let leaves = filter.leaves.is_some() && asset.person_id == filter.leaves;
            let endings = list_calendar_endings(&asset.facts, filter.now, leaves);
            let none = Vec::new();
            let behind = behind.get(&asset.id).unwrap_or(&none);
            let in_window = endings
                .iter()
                .filter(|it| (filter.from..filter.to).contains(&it.at));
            let works = asset
                .state_at(filter.now, chrono::Duration::zero())
                .is_serving();
            let is_open = |it: &&Ending| {
                let cover = find_cover(it, behind, filter.leaves.as_ref(), filter.now);
                !cover.is_some_and(|it| it.0.is_seamless())
            };
            let shown: Vec<_> = if filter.every {
                in_window.collect()
            } else {
                let first = in_window.clone().next();
                in_window
                    .clone()
                    .find(is_open)
                    .or(first)
                    .into_iter()
                    .collect()
            };
            for ending in shown {
                wanted.add(asset, ending, (behind, works), filter);
            }
            wanted.totals.passed += u64::from(!works && asset.generation > 0);
            let ahead = endings.iter().any(|it| it.at > filter.now);
            wanted.totals.unknown += u64::from(works && !leaves && !ahead);
        }
        // Stable: endings of one asset at one moment keep their order.
        wanted
            .positions
            .sort_by(|one, two| (one.at, &one.asset_id).cmp(&(two.at, &two.asset_id)));
        wanted
    }

    fn add(
        &mut self,
        asset: &Asset,
        ending: &Ending,
        (behind, works): (&[CredentialOutlook], bool),
        filter: &ForecastFilter,
    ) {
        let cover = find_cover(ending, behind, filter.leaves.as_ref(), filter.now).map(|it| it.0);
        let Ending {
            at,
            cause,
            confidence,
            ..
        } = *ending;
        self.positions.push(ForecastPosition {
            at,
            asset_id: asset.id.clone(),
            cause,
        });
        self.tallies.push(EndingTally {
            date: at.date_naive(),
            cause,
            confidence,
            cover,
            count: 1,
            gone: u64::from(!works),
        });
    }

    /// The first `most` endings of each day and cause.
    fn first(&self, most: usize) -> BTreeSet<(Timestamp, AssetId, &'static str)> {
        let mut groups: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for it in &self.positions {
            groups
                .entry((it.at.date_naive(), it.cause))
                .or_default()
                .push(key(it));
        }
        groups
            .into_values()
            .flat_map(|it| it.into_iter().take(most))
            .collect()
    }
}

/// How many assets do not work, by day, cause and cover.
fn count_gone(tallies: &[EndingTally]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for it in tallies.iter().filter(|it| it.gone > 0) {
        let key = format!("{} {} {:?}", it.date, it.cause, it.cover);
        *counts.entry(key).or_default() += it.gone;
    }
    counts
}

fn key(it: &ForecastPosition) -> (Timestamp, AssetId, &'static str) {
    (it.at, it.asset_id.clone(), it.cause.as_str())
}

fn passes(asset: &Asset, filter: &ForecastFilter) -> bool {
    let of = asset
        .person_id
        .as_ref()
        .is_some_and(|it| filter.person_ids.contains(it));
    (filter.person_ids.is_empty() || of)
        && (filter.business_id.is_none() || asset.business_id == filter.business_id)
        && filter
            .within
            .as_ref()
            .is_none_or(|it| Reach::Within(it.clone()).includes_asset(asset))
}

/// Every entry, page by page.
async fn paged(tx: &TenantTx, filter: &ForecastFilter) -> Vec<ForecastPosition> {
    let mut all: Vec<ForecastPosition> = Vec::new();
    loop {
        let page = tx.list_endings(filter, all.last(), 700).await.unwrap().rows;
        let last = page.len() < 700;
        all.extend(page);
        if last {
            return all;
        }
    }
}

/// Assets with every kind of facts, served by different persons and with different standby credentials.
async fn fill(bench: &Bench) {
    let facts = every_kind_of_facts();
    let ids: Vec<_> = (0..facts.len()).map(|n| n.to_string()).collect();
    let tx = bench.acme().await;
    let mut pages: Vec<_> = ids.iter().map(|id| page(id)).collect();
    for it in pages.iter_mut().step_by(3) {
        it.business_id = Some("5".parse().unwrap());
    }
    tx.register_assets(&pages).await.unwrap();
    let renewable = Grant {
        id: GrantId::mint(),
        ..grant()
    };
    let system = Grant {
        id: GrantId::mint(),
        facts: TokenFacts {
            kind: CredentialKind::SystemUser,
            ..grant().facts
        },
    };
    tx.insert_grant(&renewable, day(1)).await.unwrap();
    tx.insert_grant(&system, day(1)).await.unwrap();
    let mut served: Vec<Activation> = ids
        .iter()
        .step_by(2)
        .map(|id| activation(id, 0, 1))
        .collect();
    for (n, it) in served.iter_mut().enumerate() {
        let it = &mut it.credential.credential;
        it.person_id = (n % 5 > 0).then(|| if n % 3 == 0 { "78" } else { "77" }.parse().unwrap());
        it.kind = if n % 7 == 0 {
            CredentialKind::SystemUser
        } else {
            CredentialKind::User
        };
        it.grant_id = (n % 2 == 0).then_some(renewable.id);
    }
    tx.activate_credentials(&served, 1, day(1)).await.unwrap();
    let waiting = |slot: Slot, step: usize| -> Vec<StoredCredential> {
        let one = |(n, id): (usize, &String)| {
            let mut it = credential(id, slot, 1, 1);
            let credential = &mut it.credential;
            credential.person_id = (n % 11 > 0).then(|| ["77", "78", "79"][n % 3].parse().unwrap());
            credential.expires_at = [None, Some(day(NOW + 1)), Some(day(NOW + 20))][n % 4 % 3];
            credential.data_access_expires_at = if n % 6 == 0 {
                Some(day(NOW + 10))
            } else {
                None
            };
            credential.proved_at = (n % 9 > 0 && slot == Slot::Standby).then(|| day(1));
            credential.grant_id = (n % 5 == 0).then_some(system.id);
            it
        };
        ids.iter().enumerate().step_by(step).map(one).collect()
    };
    tx.insert_standby_credentials(&waiting(Slot::Standby, 5))
        .await
        .unwrap();
    tx.park_credentials(&waiting(Slot::Candidate, 7))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    write(bench, &facts).await;
    let sealed = format!(
        "UPDATE grants SET sealed = {} WHERE kind = 'user'",
        bench.bytes()
    );
    let revoked = "UPDATE assets SET failing_since = NULL, failing_reason = NULL, unclassified_refusals = 0
            WHERE failures = 0;
        UPDATE assets SET failing_reason = replace(failing_reason, 'no_role', 'revoked') WHERE id LIKE '%4'";
    raw(bench, &format!("{sealed}; {revoked}")).await;
}

async fn raw(bench: &Bench, sql: &str) {
    let url = bench
        .database
        .superuser_url()
        .unwrap_or_else(|| bench.database.url().to_owned());
    let raw = open_to_migrate(&url).await.unwrap();
    raw.execute_unprepared(sql).await.unwrap();
    raw.close().await.unwrap();
}

impl Bench {
    /// Some bytes as this database writes them.
    fn bytes(&self) -> &'static str {
        if self.store.is_sqlite() {
            "x'01'"
        } else {
            "'\\x01'"
        }
    }
}

/// Fifty thousand pages with a token each, inserted by one statement.
async fn fill_with_many(bench: &Bench) {
    let tenant = bench.acme.tenant().uuid().simple().to_string();
    let (tenant, id) = if bench.store.is_sqlite() {
        (format!("x'{tenant}'"), "randomblob(16)")
    } else {
        (format!("'{tenant}'::uuid"), "gen_random_uuid()")
    };
    let numbers =
        "WITH RECURSIVE n(i) AS (SELECT 1000000 UNION ALL SELECT i + 1 FROM n WHERE i < 1049999)";
    let (expires, access, bytes) = (micros(60), micros(90), bench.bytes());
    let assets = format!(
        "INSERT INTO assets (tenant_id, id, kind, person_id, generation, proved_at, expires_at,
            data_access_expires_at, created_at) {numbers}
         SELECT {tenant}, CAST(i AS TEXT), 'page', '77', 1, 1, {expires}, {access}, 1 FROM n;"
    );
    let credentials = format!(
        "INSERT INTO credentials (tenant_id, id, asset_id, slot, kind, generation, person_id, intent_seq, sealed,
            key_id, key_version, fingerprint, tasks, created_at)
         SELECT {tenant}, {id}, id, 'active', 'user', 1, '77', 1, {bytes}, {id}, 1, {bytes}, '[]', 1 FROM assets;"
    );
    // A database that was filled at once has no statistics yet.
    raw(bench, &format!("{assets} {credentials} ANALYZE;")).await;
}

fn micros(n: i64) -> i64 {
    day(n).timestamp_micros()
}

async fn a_page_takes_the_same_time_however_many_assets_there_are(bench: Bench) {
    fill_with_many(&bench).await;
    let filter = ForecastFilter {
        from: day(2),
        now: day(2),
        to: day(92),
        ..filters().remove(0)
    };
    let tx = bench.store.begin_read(&bench.acme).await.unwrap();
    let started = std::time::Instant::now();
    let page = tx.list_endings(&filter, None, 201).await.unwrap().rows;
    let listed = started.elapsed();
    let days = tally_by_day(tx.count_endings_by_day(&filter).await.unwrap());
    let counted = started.elapsed().saturating_sub(listed);
    let totals = tx.count_endless_assets(&filter).await.unwrap();
    println!(
        "50,000 assets: page {listed:?}, days {counted:?}, all {:?}",
        started.elapsed()
    );
    assert_eq!(page.len(), 201);
    assert_eq!(days.values().map(|it| it.count).sum::<u64>(), 50_000);
    assert_eq!(days.len(), 1, "all end on the day of their token: {days:?}");
    assert_eq!(totals, ForecastTotals::default());
    assert_eq!(tx.list_forecast_lines(&filter, 50).await.unwrap().len(), 50);
    let next = tx
        .list_endings(&filter, page.last(), 201)
        .await
        .unwrap()
        .rows;
    assert_eq!(next[0].asset_id.as_str(), (1_000_000 + 201).to_string());
}
