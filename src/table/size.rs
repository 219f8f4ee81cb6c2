//! The size of an item as DynamoDB counts it: the bytes of names and values.

use super::item::{PK, SK};
use super::{Attr, Attrs, Key, Update};

pub(super) fn of_key(key: &Key) -> usize {
    PK.len() + key.pk.len() + SK.len() + key.sk.len()
}

#[cfg(feature = "local")]
pub(super) fn of_item(item: &super::Item) -> usize {
    let attrs: usize = item.attrs.iter().map(|(name, attr)| of(name, attr)).sum();
    of_key(&item.key) + attrs
}

pub(super) fn of_put(key: &Key, attrs: &Attrs) -> usize {
    of_key(key) + of_attrs(attrs)
}

/// What the update brings; the item may hold more.
pub(super) fn of_update(key: &Key, update: &Update) -> usize {
    let added: usize = update
        .add
        .iter()
        .map(|(name, number)| name.len() + of_number(*number))
        .sum();
    of_key(key) + of_attrs(&update.set) + added
}

fn of_attrs(attrs: &Attrs) -> usize {
    attrs.iter().map(|(name, attr)| of(name, attr)).sum()
}

pub(super) fn of(name: &str, attr: &Attr) -> usize {
    let value = match attr {
        Attr::S(text) => text.len(),
        Attr::N(number) => of_number(*number),
        Attr::B(bytes) => bytes.len(),
        Attr::Ss(members) => members.iter().map(String::len).sum(),
    };
    name.len() + value
}

/// A byte for two digits, one more, and one for the sign; trailing zeros are not discounted, so this errs high.
fn of_number(number: i64) -> usize {
    let digits = number.unsigned_abs().checked_ilog10().unwrap_or(0) as usize + 1;
    digits.div_ceil(2) + 1 + usize::from(number < 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_a_byte_for_two_digits() {
        for (number, bytes) in [(0, 2), (7, 2), (42, 2), (123, 3), (-123, 4), (i64::MIN, 12)] {
            assert_eq!(of_number(number), bytes, "{number}");
        }
    }

    #[test]
    fn names_and_values_count() {
        let key = Key {
            pk: "abc".into(),
            sk: "é".into(),
        };
        let attrs = Attrs::from([
            ("d", Attr::S("four".into())),
            ("set", Attr::Ss(vec!["a".into(), "bc".into()])),
        ]);
        assert_eq!(of_put(&key, &attrs), (2 + 3) + (2 + 2) + (1 + 4) + (3 + 3));
    }
}
