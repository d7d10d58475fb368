//! Reconnect plans: whom to ask, so that all assets at risk keep working.
//!
//! The rule: a plan names only persons who have or had a token for an asset, or whose newest login was granted for it. It
//! promises nothing: only the read on the asset shows that a consent reaches it.
//! Start at [`Vault::plan_reconnects`]; `regrant_domain::forecast::plan_asks` finds the persons.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta};
use regrant_domain::{
    AssetId, GrantedScope, PersonFacts, PersonId, Timestamp,
    coverage::targets_name_assets,
    forecast::{AskShare, AssetAtRisk, plan_asks},
};
use regrant_storage::{ForecastFilter, TenantTx};

use crate::{Error, Principal, Vault};

/// A plan of whom to ask.
#[derive(Debug)]
pub struct ReconnectPlan {
    /// The moment of the plan.
    pub generated_at: Timestamp,
    /// Assets that end before this moment are at risk.
    pub until: Timestamp,
    /// How many assets are at risk.
    pub at_risk: usize,
    /// The persons to ask, the most urgent first.
    pub asks: Vec<PlannedAsk>,
    /// No plan with fewer persons covers as many assets.
    pub at_least: usize,
    /// The assets that no known person can cover, the most urgent first.
    pub uncovered: Vec<AssetId>,
}

/// What one person is asked for.
#[derive(Debug)]
pub struct PlannedAsk {
    /// The person.
    pub person: PersonFacts,
    /// The assets, the most urgent first; no other person of the plan is asked for them.
    pub assets: Vec<AssetId>,
    /// The first ending among the assets; `None` if all of them have stopped working.
    pub first_end: Option<Timestamp>,
    /// How many of the assets have stopped working.
    pub stopped: usize,
    /// For how many of the assets the person must log in with another account: their cut-off ends, or has ended, the one
    /// that serves.
    pub needs_other_account: usize,
    /// How many assets no other known person can cover.
    pub only_by_person: usize,
    /// How many assets the plan does not cover if this person does not act.
    pub uncovered_without: usize,
}

/// The assets at risk and the persons who may cover them, numbered by id.
struct AskInput {
    assets: Vec<AssetAtRisk>,
    persons: Vec<PersonId>,
    /// For each asset the numbers of its persons; the one that serves it comes first.
    candidates: Vec<Vec<usize>>,
}

impl Vault {
    /// Whom to ask so that the assets that end within this time keep working, and those that have stopped work again.
    ///
    /// # Errors
    /// `Restricted` for a confined caller.
    pub async fn plan_reconnects(
        &self,
        caller: &Principal,
        within: TimeDelta,
    ) -> Result<ReconnectPlan, Error> {
        caller.require_whole_tenant()?;
        let (vault, caller) = (self.clone(), caller.clone());
        self.run_apart(async move {
            let _permit = vault.wait_for_list_permit(caller.tenant()).await?;
            vault.build_plan(&caller, within).await
        })
        .await
    }

    async fn build_plan(
        &self,
        caller: &Principal,
        within: TimeDelta,
    ) -> Result<ReconnectPlan, Error> {
        let now = self.calendar_moment(None);
        let until = now.checked_add_signed(within).unwrap_or(Timestamp::MAX_UTC);
        let tx = self.store.begin_read(&caller.scope).await?;
        let assets = tx.list_assets_at_risk(&risk_filter(now, until)).await?;
        let logins = tx.list_targeted_logins().await?;
        tx.commit().await?;
        let input = AskInput::new(assets, &logins);
        let plan = plan_asks(&input.candidates);
        let shares = plan.divide(&input.candidates);
        let tx = self.store.begin_read(&caller.scope).await?;
        let asks = input.describe_asks(&tx, shares).await?;
        tx.commit().await?;
        let open = input.assets.iter().zip(&input.candidates);
        let uncovered = open.filter(|(_, candidates)| candidates.is_empty());
        Ok(ReconnectPlan {
            generated_at: now,
            until,
            at_risk: input.assets.len(),
            asks,
            at_least: plan.at_least,
            uncovered: uncovered.map(|(asset, _)| asset.id.clone()).collect(),
        })
    }
}

impl AskInput {
    fn new(assets: Vec<AssetAtRisk>, logins: &[(PersonId, Vec<GrantedScope>)]) -> Self {
        let by_login = persons_by_login(&assets, logins);
        let persons_of = |(number, asset): (usize, &AssetAtRisk)| {
            let mut persons: BTreeSet<_> = asset.persons.iter().collect();
            persons.extend(by_login.get(&number).into_iter().flatten());
            let serving = asset.serving.as_ref().and_then(|it| persons.take(it));
            serving.into_iter().chain(persons).cloned().collect()
        };
        let by_asset: Vec<Vec<PersonId>> = assets.iter().enumerate().map(persons_of).collect();
        let persons: BTreeSet<_> = by_asset.iter().flatten().cloned().collect();
        let persons: Vec<_> = persons.into_iter().collect();
        let number = |it: &PersonId| persons.binary_search(it).ok();
        let candidates = by_asset
            .iter()
            .map(|it| it.iter().filter_map(number).collect())
            .collect();
        Self {
            assets,
            persons,
            candidates,
        }
    }

    /// The shares with the facts of their persons and assets, the most urgent first.
    async fn describe_asks(
        &self,
        tx: &TenantTx,
        shares: Vec<AskShare>,
    ) -> Result<Vec<PlannedAsk>, Error> {
        let ids: Vec<_> = shares
            .iter()
            .filter_map(|it| self.persons.get(it.person).cloned())
            .collect();
        let persons = tx.find_persons(&ids).await?;
        let mut persons: HashMap<_, _> =
            persons.into_iter().map(|it| (it.id.clone(), it)).collect();
        let ask = |(share, id): (AskShare, &PersonId)| {
            Some(self.describe_ask(persons.remove(id)?, &share))
        };
        let mut asks: Vec<_> = shares.into_iter().zip(&ids).filter_map(ask).collect();
        // The sort is stable: equally urgent persons stay in the order of their ids.
        asks.sort_by_key(|it| (it.stopped == 0, it.first_end));
        Ok(asks)
    }

    fn describe_ask(&self, person: PersonFacts, share: &AskShare) -> PlannedAsk {
        let assets: Vec<_> = share
            .assets
            .iter()
            .filter_map(|it| self.assets.get(*it))
            .collect();
        let is_own_cut_off =
            |it: &&&AssetAtRisk| it.cut_off.is_some() && it.serving.as_ref() == Some(&person.id);
        PlannedAsk {
            first_end: assets.iter().filter_map(|it| it.ends_at).min(),
            stopped: assets.iter().filter(|it| it.ends_at.is_none()).count(),
            needs_other_account: assets.iter().filter(is_own_cut_off).count(),
            assets: assets.iter().map(|it| it.id.clone()).collect(),
            only_by_person: share.only_by_person,
            uncovered_without: share.uncovered_without,
            person,
        }
    }
}

/// For each asset, by number, the persons whose newest login was granted for it by name.
fn persons_by_login<'a>(
    assets: &[AssetAtRisk],
    logins: &'a [(PersonId, Vec<GrantedScope>)],
) -> HashMap<usize, Vec<&'a PersonId>> {
    let mut by_digits: HashMap<&str, Vec<usize>> = HashMap::new();
    for (number, asset) in assets.iter().enumerate() {
        let digits = asset.id.as_digits();
        by_digits.entry(digits).or_default().push(number);
    }
    let mut found: HashMap<usize, Vec<&PersonId>> = HashMap::new();
    for (person, scopes) in logins {
        for scope in scopes {
            for target in scope.target_ids.iter().flatten() {
                let named = by_digits.get(target.as_str()).into_iter().flatten();
                let is_of_scope = |number: &&usize| {
                    let asset = assets.get(**number);
                    asset.is_some_and(|it| targets_name_assets(it.kind, &scope.scope))
                };
                for number in named.filter(is_of_scope) {
                    found.entry(*number).or_default().push(person);
                }
            }
        }
    }
    found
}

/// Every ending of every asset until then, those in the past too.
fn risk_filter(now: Timestamp, until: Timestamp) -> ForecastFilter {
    ForecastFilter {
        from: DateTime::UNIX_EPOCH,
        to: until,
        now,
        kinds: Vec::new(),
        business_id: None,
        person_ids: Vec::new(),
        leaves: None,
        every: true,
        within: None,
    }
}
