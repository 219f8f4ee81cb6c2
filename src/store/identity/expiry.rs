//! When a token ends: what was asked for, within what the tenant allows.

use super::IdentityError;
use crate::table::Item;

/// The shortest life of a token.
pub const EXPIRY_MIN_S: i64 = 900;
/// The longest that can be asked for: ten years.
pub(super) const EXPIRY_MAX_S: i64 = 10 * 366 * 86_400;

pub(super) const EXPIRY_DEFAULT: &str = "td";
pub(super) const EXPIRY_MAXIMUM: &str = "tm";

/// A tenant's rules for the life of its tokens, in seconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Expiry {
    /// What a token gets that was made without saying; `None`: no end.
    pub default: Option<i64>,
    /// The longest life; `None`: no limit, and tokens may have no end.
    pub maximum: Option<i64>,
}

impl Expiry {
    /// The rules of the tenant whose config item this is.
    pub(super) fn of(config: &Item) -> Self {
        Self {
            default: config.number(EXPIRY_DEFAULT),
            maximum: config.number(EXPIRY_MAXIMUM),
        }
    }

    pub(super) fn check(self) -> Result<Self, IdentityError> {
        let bounds = EXPIRY_MIN_S..=EXPIRY_MAX_S;
        for (name, seconds) in [
            ("tokenExpiryDefault", self.default),
            ("tokenExpiryMaximum", self.maximum),
        ] {
            if seconds.is_some_and(|seconds| !bounds.contains(&seconds)) {
                return Err(range(name, EXPIRY_MAX_S));
            }
        }
        if let (Some(default), Some(maximum)) = (self.default, self.maximum)
            && default > maximum
        {
            return Err(IdentityError::Invalid(
                "tokenExpiryDefault",
                "it is longer than tokenExpiryMaximum".to_owned(),
            ));
        }
        Ok(self)
    }

    /// The life of a new token in seconds; `None`: no end.
    pub(super) fn life(self, asked: Option<i64>) -> Result<Option<i64>, IdentityError> {
        let longest = self.maximum.unwrap_or(EXPIRY_MAX_S);
        match asked {
            Some(seconds) if (EXPIRY_MIN_S..=longest).contains(&seconds) => Ok(asked),
            Some(_) => Err(range("expiresIn", longest)),
            None => Ok(self.default.or(self.maximum)),
        }
    }
}

fn range(name: &'static str, longest: i64) -> IdentityError {
    IdentityError::Invalid(name, format!("{EXPIRY_MIN_S} to {longest} seconds"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_ends_within_what_the_tenant_allows() {
        let free = Expiry::default();
        let bound = Expiry {
            default: Some(3_600),
            maximum: Some(7_200),
        };
        assert_eq!(free.life(None).unwrap(), None);
        assert_eq!(free.life(Some(900)).unwrap(), Some(900));
        assert_eq!(bound.life(None).unwrap(), Some(3_600));
        assert_eq!(bound.life(Some(7_200)).unwrap(), Some(7_200));
        let endless = Expiry {
            default: None,
            ..bound
        };
        assert_eq!(endless.life(None).unwrap(), Some(7_200));
        for (expiry, asked) in [(free, 899), (free, -1), (free, i64::MAX), (bound, 7_201)] {
            assert!(expiry.life(Some(asked)).is_err(), "{asked}");
        }
    }

    #[test]
    fn the_tenants_rules_are_checked_themselves() {
        let rules = |default, maximum| Expiry { default, maximum }.check();
        assert!(rules(Some(900), Some(900)).is_ok());
        assert!(rules(Some(899), None).is_err());
        assert!(rules(None, Some(EXPIRY_MAX_S + 1)).is_err());
        assert!(rules(Some(901), Some(900)).is_err());
    }
}
