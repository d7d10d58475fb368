//! The names that Meta's types have: a name among them that is not simulated is no mistake of the caller.

/// Lines `Type: name name …`, continued on indented lines; `tests/sdk/names.py` writes them.
const NAMES: &str = include_str!("meta_names.txt");

/// Whether a type of Meta's has a field or an edge of this name.
pub(super) fn has_name(node_type: &str, name: &str) -> bool {
    let mut in_type = false;
    NAMES.lines().any(|line| {
        let names = match line.split_once(':') {
            Some((title, names)) => {
                in_type = title == node_type;
                names
            }
            None => line,
        };
        in_type && names.split_whitespace().any(|it| it == name)
    })
}

#[cfg(test)]
mod tests {
    use super::has_name;

    #[test]
    fn names_belong_to_their_type() {
        assert!(has_name("Page", "insights") && has_name("AdAccount", "campaigns"));
        assert!(!has_name("Page", "campaigns") && !has_name("IGUser", "user_access_expire_time"));
        assert!(!has_name("User:", "id") && !has_name("Page", "Page"));
    }
}
