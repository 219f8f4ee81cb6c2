//! What holds of every filter, shown on random ones.

use std::sync::{Arc, LazyLock};

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

use super::ada;
use crate::filter::{CompareOp, Filter, parse};
use crate::schema::{AttrPath, Attribute, AttributeType, Quirks, ResourceType, Scope, USER};

/// Users with numbers, of which RFC 7643 gives them none.
static NUMBERED: LazyLock<ResourceType> = LazyLock::new(|| {
    let numbers = json!({ "id": "urn:example:numbers:1.0:User", "name": "Numbers", "attributes": [
        { "name": "count", "type": "integer" },
        { "name": "share", "type": "decimal" }
    ] });
    let mut numbered = USER.clone();
    numbered
        .extensions
        .push(serde_json::from_value(numbers).unwrap());
    numbered
});

/// Every attribute and sub-attribute that `NUMBERED` has, but for addresses.
static PATHS: LazyLock<Vec<AttrPath>> = LazyLock::new(|| {
    let common = ["id", "schemas", "meta"].map(|name| NUMBERED.core_attribute(name).unwrap());
    let core = NUMBERED
        .schema
        .attributes
        .iter()
        .chain(common)
        .map(|attribute| (None, attribute));
    let extensions = NUMBERED.extensions.iter().flat_map(|schema| {
        schema
            .attributes
            .iter()
            .map(|attribute| (Some(Arc::clone(&schema.id)), attribute))
    });
    let paths = core.chain(extensions).flat_map(|(extension, attribute)| {
        let whole = AttrPath {
            extension,
            attribute: Arc::clone(attribute),
            sub: None,
        };
        let mut paths = vec![whole.clone()];
        paths.extend(subs(attribute).map(|sub| AttrPath {
            sub: Some(sub),
            ..whole.clone()
        }));
        paths
    });
    paths.filter(|path| !path.is_address()).collect()
});

fn subs(attribute: &Arc<Attribute>) -> impl Iterator<Item = Arc<Attribute>> {
    attribute.sub_attributes.iter().map(Arc::clone)
}

fn comparison(path: AttrPath) -> BoxedStrategy<Filter> {
    use CompareOp::{Co, Eq, Ew, Ge, Gt, Le, Lt, Ne, Sw};

    let with = |ops: &'static [CompareOp], values: BoxedStrategy<serde_json::Value>| {
        let path = path.clone();
        (select(ops), values).prop_map(move |(op, value)| Filter::Compare(path.clone(), op, value))
    };
    let text = || any::<String>().prop_map_into().boxed();
    match path.leaf().kind {
        AttributeType::Complex => Just(Filter::Present(path)).boxed(),
        AttributeType::Boolean => with(&[Eq, Ne], any::<bool>().prop_map_into().boxed()).boxed(),
        AttributeType::Integer | AttributeType::Decimal => {
            let whole = any::<i64>().prop_map_into();
            let broken = any::<i32>().prop_map(|quarters| json!(f64::from(quarters) / 4.0));
            with(
                &[Eq, Ne, Gt, Ge, Lt, Le],
                prop_oneof![whole, broken].boxed(),
            )
            .boxed()
        }
        AttributeType::DateTime => {
            let date = "2[0-9]{3}-0[1-9]-1[0-9]T[01][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?";
            let date = date.to_owned() + "(Z|[+-][01][0-9]:[0-5][0-9])?";
            let dates = proptest::string::string_regex(&date)
                .unwrap()
                .prop_map_into()
                .boxed();
            prop_oneof![
                with(&[Eq, Ne, Gt, Ge, Lt, Le], dates),
                with(&[Co, Sw, Ew], text())
            ]
            .boxed()
        }
        AttributeType::Binary => with(&[Eq, Ne, Co, Sw, Ew], text()).boxed(),
        AttributeType::String | AttributeType::Reference => {
            with(&[Eq, Ne, Co, Sw, Ew, Gt, Ge, Lt, Le], text()).boxed()
        }
    }
}

fn leaf(paths: Vec<AttrPath>) -> BoxedStrategy<Filter> {
    let path = select(paths);
    prop_oneof![
        path.clone().prop_map(Filter::Present),
        path.prop_flat_map(comparison),
    ]
    .boxed()
}

fn joined(leaf: impl Strategy<Value = Filter> + 'static) -> BoxedStrategy<Filter> {
    leaf.prop_recursive(4, 12, 2, |inner| {
        let pair = (inner.clone(), inner.clone());
        let pair = pair.prop_map(|(left, right)| (Box::new(left), Box::new(right)));
        prop_oneof![
            inner.prop_map(|inner| Filter::Not(Box::new(inner))),
            pair.clone()
                .prop_map(|(left, right)| Filter::And(left, right)),
            pair.prop_map(|(left, right)| Filter::Or(left, right)),
        ]
    })
    .boxed()
}

fn value_path() -> impl Strategy<Value = Filter> {
    let complex = PATHS
        .iter()
        .filter(|path| path.leaf().is_complex())
        .cloned();
    select(complex.collect::<Vec<_>>()).prop_flat_map(|path| {
        let relative = |attribute| AttrPath {
            extension: None,
            attribute,
            sub: None,
        };
        let inner = joined(leaf(subs(&path.attribute).map(relative).collect()));
        inner.prop_map(move |inner| Filter::ValuePath(path.clone(), Box::new(inner)))
    })
}

fn filter() -> impl Strategy<Value = Filter> {
    joined(prop_oneof![3 => leaf(PATHS.clone()), 1 => value_path()])
}

/// Tokens in any order.
fn soup() -> impl Strategy<Value = String> {
    let tokens = [
        "(",
        ")",
        "[",
        "]",
        "not",
        "and",
        "or",
        "NOT(",
        " ",
        " and ",
        "emails",
        "title",
        ".",
        "value",
        "active",
        "meta.created",
        " eq ",
        " gt ",
        " pr",
        "\"",
        "\"a\"",
        "\\",
        "null",
        "true",
        "-1.5",
        "é",
        "urn:",
        "\u{0}",
    ];
    prop::collection::vec(select(tokens.to_vec()), 0..24).prop_map(|tokens| tokens.concat())
}

fn read(text: &str) -> Option<Filter> {
    parse(Scope::Resource(&NUMBERED), text, &mut Quirks::default()).ok()
}

/// The limits are another matter.
fn fits(text: &str) -> bool {
    text.chars().count() < crate::filter::TEXT_MAX - "not ()".len()
}

proptest! {
    #![proptest_config(crate::drawn::drawn())]

    #[test]
    fn what_is_printed_reads_as_the_same_tree(filter in filter()) {
        let printed = filter.to_string();
        prop_assume!(fits(&printed));
        prop_assert_eq!(read(&printed), Some(filter), "{}", printed);
    }

    #[test]
    fn not_matches_what_the_filter_does_not(filter in filter()) {
        let opposite = format!("not ({filter})");
        prop_assume!(fits(&opposite));
        let opposite = read(&opposite).map(|opposite| opposite.matches(&ada()));
        prop_assert_eq!(opposite, Some(!filter.matches(&ada())));
    }

    #[test]
    fn no_text_is_too_odd_to_be_read_or_refused(odd in any::<String>(), soup in soup()) {
        for text in [odd, soup] {
            if let Some(filter) = read(&text) {
                prop_assert_eq!(read(&filter.to_string()), Some(filter), "{}", text);
            }
        }
    }
}
