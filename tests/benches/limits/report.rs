//! The table and the JSON file of a run.

use serde_json::{Value, json};

/// What was measured, by name, in several rounds.
#[derive(Default)]
pub struct Report(Vec<(String, &'static str, Vec<f64>)>);

impl Report {
    /// Adds one round of a figure.
    pub fn add(&mut self, name: &str, unit: &'static str, value: f64) {
        match self.0.iter_mut().find(|it| it.0 == name) {
            Some((.., values)) => values.push(value),
            None => self.0.push((name.to_owned(), unit, vec![value])),
        }
    }

    /// The median of a figure; 0 where it was not measured.
    pub fn median(&self, name: &str) -> f64 {
        let found = self.0.iter().find(|it| it.0 == name);
        found.map_or(0.0, |it| quantiles(&it.2)[1])
    }

    /// Adds the ratio of two medians.
    pub fn add_ratio(&mut self, name: &str, one: &str, other: &str) {
        let ratio = self.median(one) / self.median(other);
        self.add(name, "ratio", ratio);
    }

    /// Prints the table, and writes the JSON file where `REGRANT_BENCH_JSON` says.
    pub fn print(&self) {
        println!(
            "{:<64} {:>12} {:>12} {:>12}  unit",
            "figure", "min", "median", "max"
        );
        for (name, unit, values) in &self.0 {
            let [min, median, max] = quantiles(values);
            println!("{name:<64} {min:>12.2} {median:>12.2} {max:>12.2}  {unit}");
        }
        if let Ok(path) = std::env::var("REGRANT_BENCH_JSON") {
            let all: Vec<Value> = self.0.iter().map(|(name, unit, values)| {
                let [min, median, max] = quantiles(values);
                json!({ "figure": name, "unit": unit, "min": min, "median": median, "max": max, "rounds": values })
            }).collect();
            std::fs::write(path, json!(all).to_string()).unwrap();
        }
    }
}

fn quantiles(values: &[f64]) -> [f64; 3] {
    let mut values = values.to_vec();
    values.sort_unstable_by(f64::total_cmp);
    [
        values[0],
        values[values.len() / 2],
        values[values.len() - 1],
    ]
}
