//! What a person does in the dialog: the field `act`.

use std::collections::HashSet;

use super::{DialogFault, fields::Fields, login::Choice, offer::Offer};

/// What the person pressed.
pub(super) enum Decision {
    /// `continue`: what the person chose the last time; the first time everything.
    Continue,
    /// `choose`: the ticked assets (`asset`) and permissions (`permission`).
    Choose {
        assets: HashSet<String>,
        scopes: HashSet<String>,
    },
    /// `cancel`: nothing.
    Cancel,
}

impl Decision {
    /// The decision, if one was sent.
    pub fn read(fields: &Fields) -> Result<Option<Self>, DialogFault> {
        match fields.get("act") {
            None => Ok(None),
            Some("continue") => Ok(Some(Self::Continue)),
            Some("cancel") => Ok(Some(Self::Cancel)),
            Some("choose") => Ok(Some(Self::Choose {
                assets: fields.set_of("asset"),
                scopes: fields.set_of("permission"),
            })),
            Some(other) => Err(DialogFault(format!("There is no act {other}."))),
        }
    }

    /// What the app gets by it.
    pub fn into_choice(
        self,
        offer: &Offer,
        earlier: Option<&Choice>,
    ) -> Result<Choice, DialogFault> {
        match (self, earlier) {
            (Self::Continue, Some(earlier)) => Ok(earlier.clone()),
            (Self::Continue | Self::Cancel, _) => Ok(Choice {
                scopes: offer.scopes.clone(),
                assets: None,
            }),
            (Self::Choose { assets, scopes }, _) => {
                if let Some(id) = assets.iter().find(|id| !offer.has_asset(id)) {
                    return Err(DialogFault(format!(
                        "The person does not reach the asset {id}."
                    )));
                }
                Ok(Choice {
                    scopes: offer.keep_scopes(&scopes),
                    assets: Some(assets),
                })
            }
        }
    }
}

impl Offer {
    /// The granted ones of the offered permissions. The public profile cannot be declined.
    fn keep_scopes(&self, granted: &HashSet<String>) -> Vec<String> {
        let is_kept = |scope: &&String| *scope == "public_profile" || granted.contains(*scope);
        self.scopes.iter().filter(is_kept).cloned().collect()
    }
}
