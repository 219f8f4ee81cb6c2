use serde_json::json;

use super::*;
use crate::schema::{ResourceTypes, TenantSchema, USER};

const URN: &str = "urn:fabrikam:hr";

fn types() -> ResourceTypes {
    let document = json!({"id": URN, "attributes": [
        {"name": "badge", "mutability": "immutable"},
        {"name": "grade"},
        {"name": "pin", "mutability": "writeOnly", "returned": "never"},
        {"name": "cost", "mutability": "readOnly"},
        {"name": "contract", "type": "complex", "subAttributes": [
            {"name": "number", "mutability": "immutable"}, {"name": "ends"}, {"name": "key", "mutability": "writeOnly", "returned": "never"}
        ]},
        {"name": "keys", "type": "complex", "multiValued": true, "subAttributes": [
            {"name": "value"}, {"name": "made", "mutability": "immutable"}
        ]}
    ]});
    ResourceTypes::with(&[TenantSchema::read(&document.to_string(), None).unwrap()])
}

fn user(own: Value) -> Document {
    Document::from_iter([("userName".to_owned(), "ada".into()), (URN.to_owned(), own)])
}

#[test]
fn immutable_values_stay_once_they_are_there() {
    let types = types();
    let check = |old: Value, new: Value, moved: Option<&str>| {
        let found = unchanged(types.of(&USER), &user(old.clone()), &user(new.clone()));
        let expected = moved.map(|name| format!("{URN}:{name} cannot be changed"));
        assert_eq!(
            found.err().map(|error| error.to_string()),
            expected,
            "{old} -> {new}"
        );
    };
    check(json!({"grade": "1"}), json!({"badge": "b"}), None);
    check(
        json!({"badge": "b"}),
        json!({"badge": "b", "grade": "2"}),
        None,
    );
    check(json!({"badge": "b"}), json!({"badge": "c"}), Some("badge"));
    check(json!({"badge": "b"}), json!({"grade": "1"}), Some("badge"));
    let contract = |number: &str| json!({"contract": {"number": number, "ends": "soon"}});
    check(json!({"contract": {"ends": "soon"}}), contract("1"), None);
    check(contract("1"), contract("2"), Some("contract.number"));
    check(
        contract("1"),
        json!({"contract": {"ends": "soon"}}),
        Some("contract.number"),
    );
    check(contract("1"), json!({}), None);
    let keys = |made: &str| json!({"keys": [{"value": "k", "made": made}]});
    check(keys("1"), keys("2"), None);
    let gone = unchanged(
        types.of(&USER),
        &user(json!({"badge": "b"})),
        &Document::new(),
    );
    assert!(gone.is_err());
}

#[test]
fn a_replacement_keeps_what_the_client_cannot_send_back() {
    let types = types();
    let old = json!({"badge": "b", "grade": "1", "pin": "p", "cost": "c", "contract": {"number": "7", "ends": "soon", "key": "k"}});
    let check = |new: Value, expected: Value| {
        let mut document = user(new.clone());
        if new.is_null() {
            document.shift_remove(URN);
        }
        keep(types.of(&USER), &user(old.clone()), &mut document);
        assert_eq!(
            Value::Object(document),
            Value::Object(user(expected)),
            "{new}"
        );
    };
    check(json!(null), json!({"badge": "b", "pin": "p", "cost": "c"}));
    check(
        json!({"grade": "2", "pin": "q"}),
        json!({"grade": "2", "pin": "q", "badge": "b", "cost": "c"}),
    );
    check(
        json!({"badge": "x", "contract": {"ends": "late"}}),
        json!({"badge": "x", "contract": {"ends": "late", "number": "7", "key": "k"}, "pin": "p", "cost": "c"}),
    );
    let mut plain = Document::from_iter([("userName".to_owned(), "ada".into())]);
    keep(&USER, &user(old.clone()), &mut plain);
    assert!(
        !plain.contains_key(URN),
        "a schema that is gone keeps nothing"
    );
}

#[test]
fn an_element_is_not_moved_by_what_it_has_already() {
    let types = types();
    let schema = types.of(&USER).extension(URN).unwrap();
    let keys = schema.attribute("keys").unwrap();
    let object = |value: Value| value.as_object().unwrap().clone();
    let element = object(json!({"value": "k", "made": "1"}));
    let moved = |change: Value| moved_within(keys, &element, &object(change)).is_some();
    assert!(moved(json!({"made": "2"})) && moved(json!({"made": null})));
    assert!(!moved(json!({"made": "1"})) && !moved(json!({"value": "l"})));
    assert!(
        moved_within(
            keys,
            &object(json!({"value": "k"})),
            &object(json!({"made": "2"}))
        )
        .is_none()
    );
}
