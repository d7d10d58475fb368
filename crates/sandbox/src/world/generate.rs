//! Generates many assets from one line of a scenario.

use super::{Asset, scenario::AssetGenerator};

impl AssetGenerator {
    /// The assets of this rule, with consecutive ids.
    pub fn build_assets(&self) -> Result<Vec<Asset>, String> {
        let ids = consecutive_ids(&self.first_id)?;
        let mut pages = self
            .first_page
            .as_deref()
            .map(consecutive_ids)
            .transpose()?;
        let numbered = (1..=self.count).zip(ids);
        Ok(numbered
            .map(|(n, id)| {
                let name = self.name.replace("{n}", &n.to_string());
                let mut asset = Asset::new(id, self.kind, &self.business, name);
                asset.page = pages.as_mut().and_then(Iterator::next);
                asset
            })
            .collect())
    }
}

fn consecutive_ids(first: &str) -> Result<impl Iterator<Item = String>, String> {
    let digits_at = first
        .find(|c: char| c.is_ascii_digit())
        .unwrap_or(first.len());
    let (prefix, digits) = first.split_at(digits_at);
    let number: u64 = digits
        .parse()
        .map_err(|_| format!("{first:?} does not end in a number"))?;
    Ok((0..).map(move |n| format!("{prefix}{}", number.saturating_add(n))))
}
