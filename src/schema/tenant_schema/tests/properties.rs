//! Random documents that are valid, and random resources that fit them.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::schema::{Quirks, known, normalize, schemas_of};

const TYPES: [&str; 7] = [
    "string",
    "boolean",
    "decimal",
    "integer",
    "dateTime",
    "reference",
    "binary",
];

fn simple(name: String) -> impl Strategy<Value = Value> {
    let words = (
        prop::sample::select(TYPES.to_vec()),
        prop::sample::select(vec!["readWrite", "immutable"]),
        prop::sample::select(vec!["default", "always", "request", "never"]),
    );
    (words, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        move |((kind, mutability, returned), multi, exact, brief)| {
            if brief {
                return json!({"name": name, "type": kind});
            }
            json!({
                "name": name, "type": kind, "multiValued": multi, "caseExact": exact, "required": false,
                "mutability": mutability, "returned": returned, "uniqueness": "none",
                "canonicalValues": ["one", "two"], "description": "Some text.",
            })
        },
    )
}

fn complex(name: String) -> impl Strategy<Value = Value> {
    let subs = prop::collection::vec(simple(String::new()), 1..5);
    (subs, any::<bool>()).prop_map(move |(mut subs, multi)| {
        for (index, sub) in subs.iter_mut().enumerate() {
            sub["name"] = format!("s{index}").into();
            sub.as_object_mut().unwrap().shift_remove("multiValued");
        }
        json!({"name": name, "type": "complex", "multiValued": multi, "subAttributes": subs})
    })
}

prop_compose! {
    fn attributes()(mut list in prop::collection::vec(prop_oneof![simple(String::new()).boxed(), complex(String::new()).boxed()], 1..8),
                    tails in prop::collection::vec("[A-Za-z0-9_-]{0,8}", 8)) -> Value {
        for (index, (attribute, tail)) in list.iter_mut().zip(tails).enumerate() {
            attribute["name"] = format!("x{index}{tail}").into();
        }
        list.into()
    }
}

fn schema_document() -> impl Strategy<Value = Value> {
    (
        attributes(),
        prop::sample::select(vec![URN, CORE_USER, ENTERPRISE]),
        any::<bool>(),
    )
        .prop_map(|(attributes, id, named)| {
            let mut document = json!({"id": id, "attributes": attributes});
            if named {
                document["name"] = "Own".into();
                document["description"] = "Attributes of our own.".into();
                document["schemas"] = json!(["urn:ietf:params:scim:schemas:core:2.0:Schema"]);
            }
            document
        })
}

/// A value of the attribute, made from `seed`.
fn value(attribute: &Value, seed: u64) -> Value {
    let single = |seed: u64| match attribute["type"].as_str().unwrap() {
        "boolean" => json!(seed.is_multiple_of(2)),
        "decimal" => json!(0.5 + f64::from(u32::try_from(seed % 1_000).unwrap())),
        "integer" => json!(i64::try_from(seed % 1_000).unwrap() - 500),
        "dateTime" => json!(format!(
            "20{:02}-01-31T08:00:0{}Z",
            seed % 90 + 10,
            seed % 10
        )),
        "reference" => json!(format!("https://fabrikam.example/{seed}")),
        "binary" => json!(["QQ==", "QUI", "q-_7", "AAAA"][usize::try_from(seed % 4).unwrap()]),
        "complex" => {
            let subs = attribute["subAttributes"].as_array().unwrap().iter();
            let named = |sub: &Value| {
                (
                    sub["name"].as_str().unwrap().to_owned(),
                    value(sub, seed / 3),
                )
            };
            Value::Object(subs.map(named).collect())
        }
        _ => json!(format!("text {seed} ß")),
    };
    if attribute["multiValued"] == json!(true) {
        return json!([single(seed), single(seed / 7 + 1)]);
    }
    single(seed)
}

/// A user with values for the attributes that `chosen` picks.
fn user(document: &Value, chosen: u64) -> Map<String, Value> {
    let own: Map<String, Value> = document["attributes"]
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
        .filter(|(index, _)| chosen >> index & 1 == 1)
        .map(|(index, attribute)| {
            let seed = chosen.rotate_left(u32::try_from(index).unwrap());
            (
                attribute["name"].as_str().unwrap().to_owned(),
                value(attribute, seed),
            )
        })
        .collect();
    let mut user = Map::from_iter([("userName".to_owned(), json!("ada@fabrikam.example"))]);
    match document["id"].as_str().unwrap() {
        CORE_USER => user.extend(own),
        urn if !own.is_empty() => drop(user.insert(urn.to_owned(), own.into())),
        _ => {}
    }
    user
}

proptest! {
    #![proptest_config(crate::drawn::drawn())]

    #[test]
    fn valid_documents_are_accepted_and_shown_as_they_are(document in schema_document()) {
        let schema = accepted(document.clone());
        let types = ResourceTypes::with(std::slice::from_ref(&schema));
        let kind = types.of(&USER);
        let shown = kind.schemas().find(|found| schema.is(&found.id)).unwrap();
        if schema.is(URN) {
            prop_assert_eq!(&Value::Object(shown.document.clone()), &document);
        } else {
            let list = shown.document["attributes"].as_array().unwrap();
            let added = document["attributes"].as_array().unwrap();
            prop_assert_eq!(&list[list.len() - added.len()..], added.as_slice());
        }
        let defined = document["attributes"].as_array().unwrap().iter();
        let names: Vec<&str> = defined.map(|attribute| attribute["name"].as_str().unwrap()).collect();
        prop_assert!(names.iter().all(|name| shown.attribute(name).is_some()));
    }

    #[test]
    fn what_fits_a_document_is_stored_and_shown_as_sent(document in schema_document(), chosen: u64) {
        let types = ResourceTypes::with(&[accepted(document.clone())]);
        let (kind, sent) = (types.of(&USER), user(&document, chosen));
        let mut quirks = Quirks::default();
        let stored = normalize(kind, &sent, &mut quirks).unwrap();
        prop_assert_eq!(&stored, &sent);
        prop_assert_eq!(&known(kind, &stored), &sent);
        prop_assert_eq!(quirks, Quirks::default());
        // Without the schema nothing of it is left to see.
        let without = known(&USER, &stored);
        prop_assert_eq!(without.keys().collect::<Vec<_>>(), ["userName"]);
        prop_assert_eq!(schemas_of(&USER, &without), [CORE_USER]);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,200}", document in schema_document(), cut in 0usize..400) {
        let _ = TenantSchema::read(&text, None);
        let json = document.to_string();
        let _ = TenantSchema::read(json.get(..cut).unwrap_or(&json), None);
    }
}
