//! Prints `docs/judgement.md` from the tables of the code.
//!
//! The rule: what a table says is printed from the table; only what is code and no table is written here.
//! Start at [`print_judgement`].

use std::fmt::Write;

use crate::{
    DateStanding, Locale, NextStep, RefusalKind, Timestamp,
    errors::{
        Codes, ErrorClass, ErrorRow, RowClass, Throttle, When, list_family_rows, list_known_rows,
    },
    state::Status,
};

/// The text of `docs/judgement.md`.
#[must_use]
pub fn print_judgement() -> String {
    let known: Vec<_> = list_known_rows().collect();
    let families: Vec<_> = list_family_rows().collect();
    let (limits, refusals): (Vec<_>, Vec<_>) = known.into_iter().partition(|it| is_limit(it));
    let sections = [
        INTRODUCTION.to_owned(),
        print_states(),
        print_dates(),
        format!("## Kinds of refusals\n\n{KINDS}\n{}", print_kinds()),
        print_steps(),
        format!("## Errors\n\n{ERRORS}\n{}", print_rows(&refusals)),
        format!("## Limits\n\n{LIMITS}\n{}", print_rows(&limits)),
        format!(
            "## Families of unknown errors\n\n{FAMILIES}\n{}",
            print_rows(&families)
        ),
    ];
    sections.join("\n")
}

const INTRODUCTION: &str = "\
# What Regrant concludes

Printed from the tables of `crates/domain` by `cargo run -p regrant-domain --example print_judgement`; a test compares.
A proof on the asset outranks every date and every refusal before it. Every state names the fact that explains it.
";
const KINDS: &str = "\
A refusal proves as much as its kind. *Definitive*: one disconnects. *Spaced*: two disconnect if the doubt pause lies
between them, no matter who asked. *Doubtful*: it can only make the asset suspect. *Silent*: it says nothing about the
token. *Held*: while many persons are refused at once it is doubtful, because an incident at Meta is likely. The second
step is the one for a token that was offered in a reconnect.
";
const STEPS: &str = "\
Each reason has a next step, as a code and as a sentence. What heals is one of: `reconnect` (the person logs in again),
`other_person` (another account's token), `admin` (an administrator of the business), `wait` (Regrant continues by
itself), `nobody` (nothing is wrong, or only the provider can act). A page offers only what heals.
";
const ERRORS: &str = "\
The first row that fits decides: code, after `/` the subcode, conditions, then what the error means, then the source.
Texts are compared in lower case. `graph-facts` are the project's notes on Graph, drawn from Meta's pages and SDKs.
Rows of limits are listed below; they are tried after the faults of the app and of the request.
";
const LIMITS: &str = "\
A limit rests what it names. Where the call has no such thing, the limit of an object rests the person, or else the
app; that of a person whom Regrant does not know rests the object, or else nothing. The pause is as long as the row
says, or as the usage headers say of that object, otherwise as long as the settings say.
Three objects of one person that rest as `person_on_object` at the same time rest the person.
The usage header by business use case rests that use case of that business or object; other types rest nothing.
";
const FAMILIES: &str = "\
An error that no row knows falls to its family. It is kept with its redacted text and counted, for operators.
";

/// The states in the order in which they are judged.
fn print_states() -> String {
    let mut out = "## States\n\nThe first that holds is the state.\n\n".to_owned();
    for (status, when) in [
        (
            Status::Disconnected,
            "no credential serves; or one definitive or two spaced refusals of a class since the last \
            proof; or the token's end has arrived, was read again after that, and no proof disproves it",
        ),
        (
            Status::Suspect,
            "one refusal of a class or two spaced ones without a class since the last proof; or an end has \
            arrived that Graph has not confirmed",
        ),
        (
            Status::Unproven,
            "the credential was imported and no probe has shown that it works",
        ),
        (
            Status::Migrating,
            "a cut-off is known that lies after the last proof",
        ),
        (Status::Expiring, "an ending is within the notice window"),
        (
            Status::Healthy,
            "the credential worked in the last probe, and no ending is near",
        ),
    ] {
        push_item(&mut out, &format!("**`{status}`**: {when}."));
    }
    out
}

fn print_dates() -> String {
    let mut out = "## Dates that Meta may move\n\n".to_owned();
    for (standing, when) in [
        (DateStanding::Ahead, "it lies in the future"),
        (
            DateStanding::Disproved,
            "it has arrived, and the credential was proved on the asset at or after it",
        ),
        (
            DateStanding::Passed,
            "it has arrived, and was read at or after that: it holds",
        ),
        (
            DateStanding::Unconfirmed,
            "it has arrived, and Graph has not been asked since: it is read again first",
        ),
    ] {
        push_item(&mut out, &format!("**{standing:?}**: {when}."));
    }
    out
}

/// One kind of each, in the order of the type.
pub(crate) fn every_kind() -> [RefusalKind; 20] {
    use RefusalKind as Kind;
    [
        Kind::NotReached,
        Kind::NotReachedWithoutScope(Vec::new()),
        Kind::NoRole,
        Kind::MissingScope(Vec::new()),
        Kind::MissingTask(Vec::new()),
        Kind::Checkpoint,
        Kind::Unconfirmed,
        Kind::TwoFactorRequired,
        Kind::ConsentRequired,
        Kind::DataAccessExpired,
        Kind::TokenDead,
        Kind::TokenRefused,
        Kind::Contradicted,
        Kind::AppRestricted,
        Kind::AppFault,
        Kind::PageMoved(None),
        Kind::RequestFault,
        Kind::Throttled {
            retry_at: Timestamp::UNIX_EPOCH,
        },
        Kind::Unavailable,
        Kind::Unclassified,
    ]
}

fn print_kinds() -> String {
    let mut out = String::new();
    for kind in every_kind() {
        let meaning = kind.meaning();
        let item = format!(
            "**{}**: {}{}; code `{}`; who `{}`. {} / {}",
            name_kind(&kind),
            kind.certainty(),
            if kind.is_mass_suspect() { ", held" } else { "" },
            meaning.code,
            meaning.who,
            print_step(meaning.serving),
            print_step(meaning.offered)
        );
        push_item(&mut out, &item);
    }
    out
}

/// A next step with its code.
fn print_step(step: NextStep) -> String {
    format!("{} (`{step}`)", step.sentence(Locale::En))
}

/// Every next step, and what heals.
fn print_steps() -> String {
    let mut out = format!("## Next steps\n\n{STEPS}\n");
    for step in NextStep::ALL {
        let sentence = step.sentence(Locale::En);
        push_item(
            &mut out,
            &format!("**`{step}`**: {sentence} Heals: `{}`.", step.heals()),
        );
    }
    out
}

fn print_rows(rows: &[&ErrorRow]) -> String {
    let mut out = String::new();
    for row in rows {
        let subcode = match row.subcode {
            Codes::Any => String::new(),
            codes => format!("/{}", print_codes(codes)),
        };
        let when = print_when(&row.when);
        let code = print_codes(row.code);
        let class = print_class(&row.class);
        let item = format!("**{code}{subcode}**{when}: {class}. *{}*", row.source);
        push_item(&mut out, &item);
    }
    out
}

const fn is_limit(row: &ErrorRow) -> bool {
    matches!(row.class, RowClass::Throttled(_))
}

fn print_codes(codes: Codes) -> String {
    let numbers = |numbers: &[i64]| {
        let texts: Vec<_> = numbers.iter().map(ToString::to_string).collect();
        texts.join(", ")
    };
    match codes {
        Codes::Any => "any code".to_owned(),
        Codes::Absent => "none".to_owned(),
        Codes::In(list) => numbers(list),
        Codes::Between(i64::MIN, last) => format!("up to {last}"),
        Codes::Between(first, last) => format!("{first} to {last}"),
        Codes::Permission => "10, 200 to 299".to_owned(),
    }
}

fn print_when(when: &When) -> String {
    match when {
        When::Always => String::new(),
        When::Says(texts) => format!(", says “{}”", texts.join("” or “")),
        When::NamesPermission => ", names a permission".to_owned(),
        When::IsType(kind) => format!(", type `{kind}`"),
        When::IsTransient => ", is transient".to_owned(),
        When::Status(first, last) if first == last => format!(", HTTP {first}"),
        When::Status(first, last) => format!(", HTTP {first} to {last}"),
        When::About(kinds) => format!(", about {}", join_texts(kinds)),
        When::CalledBy(callers) => format!(", called by {}", join_texts(callers)),
        When::Both(one, other) => format!("{}{}", print_when(one), print_when(other)),
    }
}

fn join_texts(items: &[impl ToString]) -> String {
    let texts: Vec<_> = items.iter().map(ToString::to_string).collect();
    texts.join(" or ")
}

fn print_class(class: &RowClass) -> String {
    match class.to_class("") {
        ErrorClass::Refused(kind) => name_kind(&kind),
        ErrorClass::Throttled(Throttle { rests, pause }) => {
            let length = pause.map(|it| format!(" for {} hours", it.as_secs() / 3_600));
            format!("rests `{rests}`{}", length.unwrap_or_default())
        }
    }
}

/// The name of a kind without its content.
fn name_kind(kind: &RefusalKind) -> String {
    let name = format!("{kind:?}");
    let end = name.find(|c: char| !c.is_ascii_alphanumeric());
    name.chars().take(end.unwrap_or(name.len())).collect()
}

/// Longer lines are wrapped.
const LINE_CHARS: usize = 120;

/// Adds a list item, wrapped.
fn push_item(out: &mut String, text: &str) {
    let mut line = "-".to_owned();
    for word in text.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > LINE_CHARS {
            // Writing to a text does not fail.
            let _written = writeln!(out, "{line}");
            " ".clone_into(&mut line);
        }
        line.push(' ');
        line.push_str(word);
    }
    let _written = writeln!(out, "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_what_the_tables_print() {
        let document = include_str!("../../../docs/judgement.md");
        let command = "cargo run -p regrant-domain --example print_judgement > docs/judgement.md";
        assert!(document == print_judgement(), "print it again: {command}");
    }

    #[test]
    fn no_line_is_longer_than_a_line_of_the_docs() {
        let printed = print_judgement();
        assert!(printed.lines().all(|it| it.chars().count() <= LINE_CHARS));
    }

    #[test]
    fn every_kind_that_a_row_means_is_printed() {
        let kinds = every_kind().map(|it| name_kind(&it));
        let rows = list_known_rows().chain(list_family_rows());
        for row in rows.filter(|it| !is_limit(it)) {
            assert!(kinds.contains(&print_class(&row.class)), "{row:?}");
        }
    }
}
