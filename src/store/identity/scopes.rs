//! What a token may do: a method on a collection, such as `get:users`.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

/// An HTTP method as a scope names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// A collection as a scope names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Collection {
    Users,
    Groups,
}

/// One method on one collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scope(pub Action, pub Collection);

/// What a token may do; made without a list, everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scopes(BTreeSet<Scope>);

impl Scope {
    /// Every scope there is.
    pub const ALL: [Self; 10] = {
        use Action::{Delete, Get, Patch, Post, Put};
        use Collection::{Groups, Users};
        [
            Self(Get, Users),
            Self(Post, Users),
            Self(Put, Users),
            Self(Patch, Users),
            Self(Delete, Users),
            Self(Get, Groups),
            Self(Post, Groups),
            Self(Put, Groups),
            Self(Patch, Groups),
            Self(Delete, Groups),
        ]
    };

    pub fn name(self) -> &'static str {
        match (self.0, self.1) {
            (Action::Get, Collection::Users) => "get:users",
            (Action::Post, Collection::Users) => "post:users",
            (Action::Put, Collection::Users) => "put:users",
            (Action::Patch, Collection::Users) => "patch:users",
            (Action::Delete, Collection::Users) => "delete:users",
            (Action::Get, Collection::Groups) => "get:groups",
            (Action::Post, Collection::Groups) => "post:groups",
            (Action::Put, Collection::Groups) => "put:groups",
            (Action::Patch, Collection::Groups) => "patch:groups",
            (Action::Delete, Collection::Groups) => "delete:groups",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownScope;

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        let found = Self::ALL.into_iter().find(|scope| scope.name() == text);
        found.ok_or(UnknownScope)
    }
}

impl Default for Scopes {
    fn default() -> Self {
        Self(Scope::ALL.into())
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl Scopes {
    pub fn allows(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }

    /// Whether nothing here is beyond `other`.
    pub fn is_within(&self, other: &Self) -> bool {
        self.0.is_subset(&other.0)
    }

    /// What stands in an item.
    pub(super) fn names(&self) -> Vec<String> {
        self.iter().map(|scope| scope.name().to_owned()).collect()
    }

    /// Reads what stands in an item; what is no scope any more allows nothing.
    pub(super) fn of_names(names: &[String]) -> Self {
        names.iter().filter_map(|name| name.parse().ok()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_nothing_else_is() {
        for scope in Scope::ALL {
            assert_eq!(scope.name().parse(), Ok(scope));
        }
        for text in ["", "get", "GET:users", "get:users ", "admin", "get:schemas"] {
            assert_eq!(text.parse::<Scope>(), Err(UnknownScope), "{text}");
        }
    }

    #[test]
    fn without_a_list_everything_is_allowed_and_with_one_no_more() {
        assert!(
            Scope::ALL
                .into_iter()
                .all(|scope| Scopes::default().allows(scope))
        );
        let read: Scopes = [Scope(Action::Get, Collection::Users)]
            .into_iter()
            .collect();
        assert_eq!(read.names(), ["get:users"]);
        assert!(read.is_within(&Scopes::default()) && !Scopes::default().is_within(&read));
        assert_eq!(Scopes::of_names(&read.names()), read);
    }
}
