//! The library, its sessions and the log-in.
//!
//! The rule: a session that a restart of the device ended is opened again once, and then the call is repeated. A PIN that
//! was refused is not sent again until its file holds another one, because a token locks after a few wrong ones.

use std::sync::{Mutex, MutexGuard, PoisonError};

use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11 as Library},
    error::{Error, RvError},
    session::{Session, SessionState, UserType},
    slot::Slot,
    types::AuthPin,
};
use regrant_crypto::{KekRef, ProviderError, ProviderKind};
use zeroize::Zeroizing;

use super::unavailable;
use crate::Pkcs11Settings;

/// A token behind a library.
pub(super) struct Device {
    library: Library,
    pub(super) settings: Pkcs11Settings,
    /// Sessions that wait for the next call.
    sessions: Mutex<Vec<Session>>,
    refused_pin: Mutex<Option<Zeroizing<String>>>,
}

/// Why a call of the library failed.
#[derive(Debug)]
pub(super) enum DeviceError {
    Library(Error),
    /// There is no token with the label.
    NoToken,
    /// The token has no key of this version, or several.
    NoKey,
    Refused(String),
    Unavailable(String),
    Random,
}

impl Device {
    pub(super) fn load(settings: Pkcs11Settings) -> Result<Self, DeviceError> {
        let library = Library::new(&settings.module)?;
        Ok(Self {
            library,
            settings,
            sessions: Mutex::default(),
            refused_pin: Mutex::default(),
        })
    }

    /// Works with a session; opens another one if this one was lost.
    pub(super) fn with_session<T>(
        &self,
        work: impl Fn(&Self, &Session) -> Result<T, DeviceError>,
    ) -> Result<T, DeviceError> {
        let waiting = lock(&self.sessions).pop();
        // Without a log-in the token shows no key, as if there were none.
        let session = match waiting.filter(is_logged_in) {
            Some(session) => session,
            None => self.open_session()?,
        };
        match work(self, &session) {
            Err(DeviceError::Library(error)) if is_lost(&error) => {
                drop(session);
                lock(&self.sessions).clear();
                let session = self.open_session()?;
                self.keep_if_well(session, &work)
            }
            Ok(done) => {
                lock(&self.sessions).push(session);
                Ok(done)
            }
            Err(error) => Err(error),
        }
    }

    fn keep_if_well<T>(
        &self,
        session: Session,
        work: impl Fn(&Self, &Session) -> Result<T, DeviceError>,
    ) -> Result<T, DeviceError> {
        let done = work(self, &session)?;
        lock(&self.sessions).push(session);
        Ok(done)
    }

    fn open_session(&self) -> Result<Session, DeviceError> {
        let slot = match self.find_slot() {
            Err(DeviceError::Library(Error::Pkcs11(RvError::CryptokiNotInitialized, _))) => {
                self.initialize()?;
                self.find_slot()?
            }
            found => found?,
        };
        let session = self.library.open_rw_session(slot)?;
        self.log_in(&session)?;
        Ok(session)
    }

    fn initialize(&self) -> Result<(), DeviceError> {
        let initialized = self
            .library
            .initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK));
        match initialized {
            Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(()),
            other => Ok(other?),
        }
    }

    /// Slots are renumbered by a restart, so the token is found by its label.
    fn find_slot(&self) -> Result<Slot, DeviceError> {
        for slot in self.library.get_slots_with_initialized_token()? {
            let token = self.library.get_token_info(slot)?;
            if token.label().trim_end() == self.settings.token_label {
                return Ok(slot);
            }
        }
        Err(DeviceError::NoToken)
    }

    fn log_in(&self, session: &Session) -> Result<(), DeviceError> {
        let pin = (self.settings.read_pin)().map_err(|error| {
            DeviceError::Unavailable(format!("the PIN cannot be read: {error}"))
        })?;
        let mut refused = lock(&self.refused_pin);
        if refused.as_ref() == Some(&pin) {
            return Err(DeviceError::Refused("the token refused the PIN".to_owned()));
        }
        let secret = AuthPin::new(pin.as_str().into());
        match session.login(UserType::User, Some(&secret)) {
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
            Err(error @ Error::Pkcs11(RvError::PinIncorrect | RvError::PinLocked, _)) => {
                *refused = Some(pin);
                Err(error.into())
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl DeviceError {
    pub(super) fn for_kek(self, kek: KekRef) -> ProviderError {
        let denied = |reason| ProviderError::Denied {
            provider: ProviderKind::Pkcs11,
            kek,
            reason,
        };
        match self {
            Self::Library(Error::Pkcs11(error, function)) if is_refusal(error) => {
                denied(format!("{function:?}: {error:?}"))
            }
            Self::Library(Error::Pkcs11(error, function)) => {
                unavailable(format!("{function:?}: {error:?}"))
            }
            Self::Library(error) => unavailable(error.to_string()),
            Self::NoToken => unavailable("no token has the label of the settings".to_owned()),
            Self::NoKey => ProviderError::UnknownKek(kek),
            Self::Refused(reason) => denied(reason),
            Self::Unavailable(reason) => unavailable(reason),
            Self::Random => ProviderError::Random,
        }
    }
}

impl From<Error> for DeviceError {
    fn from(error: Error) -> Self {
        Self::Library(error)
    }
}

fn is_logged_in(session: &Session) -> bool {
    let state = session.get_session_info().map(|it| it.session_state());
    matches!(state, Ok(SessionState::RwUser | SessionState::RoUser))
}

/// Whether another session may succeed.
const fn is_lost(error: &Error) -> bool {
    matches!(
        error,
        Error::Pkcs11(
            RvError::SessionHandleInvalid
                | RvError::SessionClosed
                | RvError::UserNotLoggedIn
                | RvError::CryptokiNotInitialized
                | RvError::DeviceRemoved
                | RvError::TokenNotPresent
                | RvError::ObjectHandleInvalid
                | RvError::KeyHandleInvalid,
            _,
        )
    )
}

/// Whether a decryption may have failed because of its bytes.
pub(super) const fn may_be_wrong_tag(error: &Error) -> bool {
    matches!(
        error,
        Error::Pkcs11(
            RvError::EncryptedDataInvalid
                | RvError::EncryptedDataLenRange
                | RvError::DataInvalid
                | RvError::DataLenRange
                | RvError::FunctionFailed
                | RvError::GeneralError,
            _,
        )
    )
}

/// Whether an operator must change something before a call can succeed.
const fn is_refusal(error: RvError) -> bool {
    matches!(
        error,
        RvError::PinIncorrect
            | RvError::PinLocked
            | RvError::PinExpired
            | RvError::UserPinNotInitialized
            | RvError::KeyFunctionNotPermitted
            | RvError::MechanismInvalid
            | RvError::MechanismParamInvalid
            | RvError::TokenWriteProtected
            | RvError::ActionProhibited
            | RvError::AttributeReadOnly
            | RvError::TemplateInconsistent
    )
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
