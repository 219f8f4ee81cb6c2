//! What a tenant is, and what a change says of it.

use std::str::FromStr;

use serde::{Deserialize, Deserializer};

use super::expiry::{EXPIRY_DEFAULT, EXPIRY_MAXIMUM, Expiry};
use super::{IdentityError, Provider, label};
use crate::store::keys::TenantScope;
use crate::table::{Attr, Item, Update};

pub(in crate::store) const NAME: &str = "name";
pub(in crate::store) const STATE: &str = "state";
pub(super) const CREATED: &str = "ct";
const DISPLAY_NAME: &str = "dn";
const PROVIDER: &str = "idp";

/// Whether a tenant is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Active,
    /// Every request is refused until the tenant is active again; nothing is lost.
    Suspended,
    /// Its items are being removed; there is no way back.
    Erasing,
    /// Nothing is left but this note.
    Erased,
}

/// A tenant as its vendor sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantInfo {
    pub scope: TenantScope,
    pub name: String,
    /// What people call it; the name where nothing else was said.
    pub display_name: String,
    /// Where its people come from, if that was said.
    pub provider: Option<Provider>,
    pub state: State,
    /// Milliseconds since 1970.
    pub created: i64,
    /// How long its tokens live.
    pub expiry: Expiry,
}

/// What a change says of something that need not be there. RFC 7396.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Said<T> {
    /// It stays.
    #[default]
    Nothing,
    /// It goes.
    Null,
    Value(T),
}

/// What is to be other than it is; `None` stays.
#[derive(Debug, Clone, Default)]
pub struct TenantChange {
    pub display_name: Said<String>,
    pub provider: Said<Provider>,
    /// Suspends, or serves again.
    pub suspended: Option<bool>,
    /// The rules for its tokens, each of which may stay.
    pub expiry_default: Said<i64>,
    pub expiry_maximum: Said<i64>,
}

impl State {
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Erasing => "erasing",
            Self::Erased => "erased",
        }
    }

    /// The state of the tenant whose config item this is.
    pub(in crate::store) fn of(config: &Item) -> Self {
        let states = [Self::Suspended, Self::Erasing, Self::Erased];
        let stored = config.text(STATE);
        let found = states
            .into_iter()
            .find(|state| stored == Some(state.name()));
        found.unwrap_or(Self::Active)
    }
}

impl<T> From<Option<T>> for Said<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Value)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Said<T> {
    fn deserialize<D: Deserializer<'de>>(given: D) -> Result<Self, D::Error> {
        Option::deserialize(given).map(Self::from)
    }
}

impl<T> Said<T> {
    /// What is, after the change of what was.
    pub fn over(self, was: Option<T>) -> Option<T> {
        match self {
            Self::Nothing => was,
            Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }

    /// The same of another kind.
    fn map<U>(self, to: impl FnOnce(T) -> U) -> Said<U> {
        match self {
            Self::Nothing => Said::Nothing,
            Self::Null => Said::Null,
            Self::Value(value) => Said::Value(to(value)),
        }
    }
}

impl TenantChange {
    /// The change of a tenant that is in this state and has these rules.
    pub(super) fn update(&self, state: State, was: Expiry) -> Result<Update, IdentityError> {
        let mut update = Update::default();
        let mut say = |name, value: Said<Attr>| match value {
            Said::Nothing => {}
            Said::Null => update.remove.push(name),
            Said::Value(value) => drop(update.set.insert(name, value)),
        };
        let words = |text: &str| Attr::S(text.to_owned());
        if let Said::Value(name) = &self.display_name {
            label("displayName", name)?;
        }
        let name = self.display_name.clone();
        say(DISPLAY_NAME, name.map(|name| words(name.trim())));
        say(
            PROVIDER,
            self.provider.map(|provider| words(provider.name())),
        );
        // Both are said where one is, for one bounds the other; and the state always is: what is being erased
        // meanwhile changes no more.
        if (self.expiry_default, self.expiry_maximum) != (Said::Nothing, Said::Nothing) {
            let expiry = Expiry {
                default: self.expiry_default.over(was.default),
                maximum: self.expiry_maximum.over(was.maximum),
            };
            let Expiry { default, maximum } = expiry.check()?;
            say(EXPIRY_DEFAULT, default.map(Attr::N).into());
            say(EXPIRY_MAXIMUM, maximum.map(Attr::N).into());
        }
        let suspended = self.suspended.unwrap_or(state == State::Suspended);
        let suspended = suspended.then(|| words(State::Suspended.name()));
        say(STATE, suspended.into());
        Ok(update)
    }
}

/// What the tenant's item says.
pub(super) fn info(scope: TenantScope, config: &Item) -> Option<TenantInfo> {
    let state = State::of(config);
    // Of an erased tenant nothing is known but its id.
    let name = config
        .text(NAME)
        .or((state == State::Erased).then_some(""))?;
    Some(TenantInfo {
        scope,
        display_name: config.text(DISPLAY_NAME).unwrap_or(name).to_owned(),
        name: name.to_owned(),
        provider: config
            .text(PROVIDER)
            .and_then(|name| Provider::from_str(name).ok()),
        state,
        created: config.number(CREATED).unwrap_or_default(),
        expiry: Expiry::of(config),
    })
}
