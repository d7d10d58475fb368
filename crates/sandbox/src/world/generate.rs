//! Generates many assets from one line of a scenario.

use super::{Asset, scenario::AssetGenerator};

impl AssetGenerator {
    /// The assets of this rule, with consecutive ids.
    pub fn build_assets(&self) -> Result<Vec<Asset>, String> {
        let digits_at = self
            .first_id
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(self.first_id.len());
        let (prefix, digits) = self.first_id.split_at(digits_at);
        let first: u64 = digits
            .parse()
            .map_err(|_| format!("{:?} does not end in a number", self.first_id))?;
        Ok((0..self.count)
            .map(|n| self.build_asset(prefix, first, n))
            .collect())
    }

    fn build_asset(&self, prefix: &str, first: u64, n: u32) -> Asset {
        Asset::new(
            format!("{prefix}{}", first.saturating_add(n.into())),
            self.kind,
            &self.business,
            self.name.replace("{n}", &(n.saturating_add(1)).to_string()),
        )
    }
}
