//! Scenario files for the sandbox: businesses with assets of every kind.

use std::fmt::Write;

use serde_json::{Value, json};

pub const APP: &str = "400100200300400";
pub const OTHER_APP: &str = "400100200300499";
pub const VERIFY_TOKEN: &str = "agreed-with-meta";
pub const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// Businesses of one person. The person also has a managed account; [`Fleet::new_roles`] says where it has roles.
pub struct Fleet {
    pub businesses: usize,
    /// Generated assets of each business, in addition to the business itself.
    pub each: usize,
    /// Roles of the managed account, each a YAML mapping.
    pub new_roles: Vec<String>,
}

impl Fleet {
    pub const PERSON: &str = "100000000000001";
    pub const MANAGED: &str = "100000000000002";
    pub const STRANGER: &str = "100000000000009";

    /// A fleet whose managed account has finished its migration in the first `migrated` businesses.
    pub fn new(businesses: usize, each: usize, migrated: usize) -> Self {
        let new_roles = (1..=migrated)
            .map(|n| format!("{{business: \"{}\"}}", business(n)))
            .collect();
        Self {
            businesses,
            each,
            new_roles,
        }
    }

    /// The scenario file.
    pub fn world(&self) -> String {
        let mut text = format!(
            "apps:\n  - {{id: \"{APP}\", secret: \"{SECRET}\", name: Provider App, require_proof: true}}\n  \
             - {{id: \"{OTHER_APP}\", secret: other-secret-other-secret, name: Other App}}\nbusinesses:\n"
        );
        for n in 1..=self.businesses {
            let _ = writeln!(text, "  - {{id: \"{}\", name: Business {n}}}", business(n));
        }
        let all: Vec<_> = (1..=self.businesses)
            .map(|n| format!("{{business: \"{}\"}}", business(n)))
            .collect();
        let _ = writeln!(
            text,
            "persons:\n  - {{id: \"{}\", name: Person, roles: [{}]}}\n  - {{id: \"{}\", name: Managed, \
             is_work_account: true, roles: [{}]}}\n  - {{id: \"{}\", name: Stranger, roles: []}}\ngenerate:",
            Self::PERSON,
            all.join(", "),
            Self::MANAGED,
            self.new_roles.join(", "),
            Self::STRANGER,
        );
        for asset in self.assets().iter().filter(|it| it["kind"] != "business") {
            let (kind, id) = (
                asset["kind"].as_str().unwrap_or_default(),
                asset["id"].as_str().unwrap_or_default(),
            );
            let business = asset["business_id"].as_str().unwrap_or_default();
            let _ = writeln!(
                text,
                "  - {{kind: {kind}, business: \"{business}\", count: 1, first_id: \"{id}\", name: \"{kind} {{n}}\"}}"
            );
        }
        text
    }

    /// The scenario file of a fleet where each business has a person of its own.
    pub fn world_of_many(&self) -> String {
        let text = self.world();
        let (head, rest) = text
            .split_once("persons:\n")
            .expect("the fleet has persons");
        let (_, assets) = rest.split_once("generate:").expect("the fleet has assets");
        let mut persons = String::new();
        for n in 1..=self.businesses {
            let (id, business) = (Self::person_of(n), business(n));
            let roles = format!("[{{business: \"{business}\"}}]");
            let _ = writeln!(
                persons,
                "  - {{id: \"{id}\", name: Person {n}, roles: {roles}}}"
            );
        }
        format!("{head}persons:\n{persons}generate:{assets}")
    }

    /// The person of business `n` in that world.
    pub fn person_of(n: usize) -> String {
        format!("1000000000001{n:02}")
    }

    /// The assets of business `n`.
    pub fn assets_of(&self, n: usize) -> Vec<Value> {
        self.assets()
            .into_iter()
            .filter(|it| it["business_id"] == business(n))
            .collect()
    }

    /// The registrations of all assets: each business, and `each` assets of the other kinds in turn.
    pub fn assets(&self) -> Vec<Value> {
        let mut assets = Vec::new();
        for n in 1..=self.businesses {
            assets
                .push(json!({ "id": business(n), "kind": "business", "business_id": business(n) }));
            for i in 0..self.each {
                let (kind, prefix) = KINDS[i % KINDS.len()];
                let id = format!("{prefix}{n:03}{i:06}");
                assets.push(json!({ "id": id, "kind": kind, "business_id": business(n) }));
            }
        }
        assets
    }

    /// The ids of `assets`.
    pub fn ids(&self) -> Vec<String> {
        ids(&self.assets())
    }
}

/// The ids of registrations.
pub fn ids(assets: &[Value]) -> Vec<String> {
    assets
        .iter()
        .filter_map(|it| it["id"].as_str().map(ToOwned::to_owned))
        .collect()
}

const KINDS: [(&str, &str); 6] = [
    ("page", "3001"),
    ("ad_account", "act_5001"),
    ("product_catalog", "6001"),
    ("pixel", "7001"),
    ("instagram_account", "178414"),
    ("whatsapp_business_account", "8001"),
];

pub fn business(n: usize) -> String {
    format!("20000000000{n:04}")
}
