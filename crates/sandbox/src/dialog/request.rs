//! What an app asks for when it sends a person to the dialog.
//!
//! The rule: an unknown app and an address that the app does not list get a page and no way back, because a redirect
//! would lead the person, and the code, to a stranger.

use url::Url;

use super::{DialogFault, fields::Fields};
use crate::{
    token::DEFAULT_SCOPES,
    world::{App, World},
};

/// The fields that the forms of the dialog repeat.
const REPEATED: [&str; 7] = [
    "client_id",
    "redirect_uri",
    "state",
    "scope",
    "config_id",
    "response_type",
    "auth_type",
];

/// A checked request of an app.
pub(super) struct DialogRequest {
    pub app: App,
    /// As the app wrote it: the exchange of the code must name the same text.
    pub redirect_uri: String,
    /// The requested permissions.
    pub scopes: Vec<String>,
    /// Whether a configuration decides the permissions: then the person takes all of them or none.
    pub is_configured: bool,
    /// Whether the person is asked again for what they chose before.
    pub asks_again: bool,
    /// The request, as a form repeats it.
    pub repeated: Vec<(&'static str, String)>,
    target: Url,
    state: Option<String>,
}

impl DialogRequest {
    /// Checks the fields of a request.
    pub fn read(world: &World, fields: &Fields) -> Result<Self, DialogFault> {
        let app = find_app(world, fields)?;
        let redirect_uri = require(fields, "redirect_uri")?.to_owned();
        let target = check_redirect(&app, &redirect_uri)?;
        if fields
            .get("response_type")
            .is_some_and(|kind| kind != "code")
        {
            return Err(DialogFault(
                "This dialog answers response_type=code alone.".to_owned(),
            ));
        }
        let config = fields.get("config_id");
        let scopes = match config {
            Some(id) => scopes_of_config(&app, id)?,
            None => read_scopes(fields.get("scope")),
        };
        let repeated = REPEATED
            .into_iter()
            .filter_map(|name| Some((name, fields.get(name)?.to_owned())));
        Ok(Self {
            app,
            redirect_uri,
            scopes,
            is_configured: config.is_some(),
            asks_again: fields
                .get("auth_type")
                .is_some_and(|kind| kind == "rerequest"),
            repeated: repeated.collect(),
            target,
            state: fields.get("state").map(str::to_owned),
        })
    }

    /// The way back with a code.
    pub fn granted_location(&self, code: &str) -> String {
        self.location(&[("code", code)])
    }

    /// The way back of a person who cancelled.
    pub fn refused_location(&self) -> String {
        self.location(&[
            ("error", "access_denied"),
            ("error_code", "200"),
            ("error_description", "Permissions error"),
            ("error_reason", "user_denied"),
        ])
    }

    /// The address of the dialog with this request and more fields.
    pub fn query_with(&self, more: &[(&str, &str)]) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::from("?"));
        let kept = self
            .repeated
            .iter()
            .filter(|(name, _)| !more.iter().any(|(other, _)| other == name));
        query.extend_pairs(kept).extend_pairs(more);
        query.finish()
    }

    fn location(&self, answer: &[(&str, &str)]) -> String {
        let mut target = self.target.clone();
        target.query_pairs_mut().extend_pairs(answer);
        if let Some(state) = &self.state {
            target.query_pairs_mut().append_pair("state", state);
        }
        // Meta's dialog adds this fragment where there is none.
        if target.fragment().is_none() {
            target.set_fragment(Some("_=_"));
        }
        target.into()
    }
}

fn find_app(world: &World, fields: &Fields) -> Result<App, DialogFault> {
    let id = require(fields, "client_id")?;
    let app = world.apps.find_by_id(id).cloned();
    app.ok_or_else(|| DialogFault("Invalid app ID: the provided app ID does not exist.".to_owned()))
}

fn check_redirect(app: &App, text: &str) -> Result<Url, DialogFault> {
    let is_listed =
        app.redirect_uris.is_empty() || app.redirect_uris.iter().any(|listed| listed == text);
    let target = Url::parse(text)
        .ok()
        .filter(|target| matches!(target.scheme(), "http" | "https"));
    target.filter(|_| is_listed).ok_or_else(|| {
        DialogFault(
            "URL blocked: the redirect URI is not among the valid OAuth redirect URIs of the app."
                .to_owned(),
        )
    })
}

fn scopes_of_config(app: &App, id: &str) -> Result<Vec<String>, DialogFault> {
    if app.login_configs.is_empty() {
        return Ok(read_scopes(None));
    }
    let config = app.login_configs.iter().find(|config| config.id == id);
    let scopes = config.map(|config| config.scopes.clone());
    scopes.ok_or_else(|| DialogFault(format!("The app has no configuration {id}.")))
}

/// The scopes of a list that commas or spaces part; absent, those that a login grants by default.
fn read_scopes(list: Option<&str>) -> Vec<String> {
    let Some(list) = list else {
        return DEFAULT_SCOPES
            .iter()
            .map(|&scope| scope.to_owned())
            .collect();
    };
    let named = list
        .split([',', ' '])
        .filter(|scope| !scope.is_empty() && *scope != "public_profile");
    std::iter::once("public_profile")
        .chain(named)
        .map(str::to_owned)
        .collect()
}

fn require<'a>(fields: &'a Fields, name: &'a str) -> Result<&'a str, DialogFault> {
    let missing = || DialogFault(format!("The parameter {name} is required."));
    fields.get(name).ok_or_else(missing)
}
