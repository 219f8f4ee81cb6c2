use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::schema::{GROUP, Quirks, ResourceType, USER};

fn document(value: Value) -> Document {
    match value {
        Value::Object(document) => document,
        other => panic!("{other} is no document"),
    }
}

fn ada() -> Document {
    document(json!({
        "id": "u-1", "userName": "ada", "name": {"givenName": "Ada"},
        "emails": [{"value": "a", "type": "work", "primary": true}, {"value": "b", "type": "home"}],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Rail"}
    }))
}

fn run(
    resource_type: &ResourceType,
    given: &Document,
    operations: &Value,
) -> Result<Patched, PatchError> {
    let mut quirks = Quirks::default();
    let operations = parse(
        resource_type,
        &json!({"Operations": operations}),
        &mut quirks,
    )?;
    apply(resource_type, given, &operations, &mut quirks)
}

#[test]
fn operations_are_limited_in_number() {
    let body = |count| json!({"Operations": vec![json!({"op": "remove", "path": "title"}); count]});
    let parsed = |count| {
        parse(&USER, &body(count), &mut Quirks::default()).map(|operations| operations.len())
    };
    assert_eq!(parsed(OPERATIONS_MAX), Ok(OPERATIONS_MAX));
    assert_eq!(
        parsed(OPERATIONS_MAX + 1).map_err(|error| error.kind),
        Err(PatchErrorKind::TooManyOperations)
    );
}

/// One operation that makes a list of `elements`, then as many as it takes to go through it `times`.
fn visits(elements: usize, times: usize) -> Result<Patched, PatchError> {
    let list: Vec<_> = (0..elements)
        .map(|n| json!({"value": n.to_string()}))
        .collect();
    let mut operations = vec![json!({"op": "replace", "path": "emails", "value": list})];
    operations.resize(
        times + 1,
        json!({"op": "remove", "path": "emails[value eq \"none\"]"}),
    );
    run(
        &USER,
        &document(json!({"id": "u-1", "userName": "ada"})),
        &json!(operations),
    )
}

#[test]
fn work_on_lists_is_limited() {
    assert_eq!(VISITS_MAX % 1_000, 0);
    assert!(visits(VISITS_MAX / 500, 500).is_ok());
    let error = visits(VISITS_MAX / 500, 501).unwrap_err();
    assert_eq!(
        (error.index, error.kind),
        (Some(502), PatchErrorKind::TooMuchWork)
    );
}

#[test]
fn text_is_not_multiplied_without_limit() {
    let list: Vec<_> = (0..2_000)
        .map(|n| json!({"value": n.to_string()}))
        .collect();
    let fan_out = |length: usize| {
        let operations = json!([
            {"op": "replace", "path": "emails", "value": list},
            {"op": "replace", "path": "emails[value pr].display", "value": "x".repeat(length)}
        ]);
        run(&USER, &ada(), &operations)
            .map(|_| ())
            .map_err(|error| error.kind)
    };
    assert_eq!(fan_out(1_000), Ok(()));
    assert_eq!(fan_out(10_000), Err(PatchErrorKind::TooMuchWork));
}

#[test]
fn long_text_is_not_compared_without_limit() {
    let long = json!([{"value": "é".repeat(100_000)}]);
    let many = |path: &str, value: Value, times: usize| {
        let set = json!({"op": "replace", "path": "phoneNumbers", "value": long});
        let mut operations = vec![set];
        operations.resize(
            times + 1,
            json!({"op": "remove", "path": path, "value": value}),
        );
        let ended = run(&USER, &ada(), &json!(operations));
        ended.map(|_| ()).map_err(|error| error.kind)
    };
    let filter = format!("phoneNumbers[{}]", vec!["value eq \"a\""; 50].join(" or "));
    assert_eq!(many(&filter, Value::Null, 1), Ok(()));
    let refused = Err(PatchErrorKind::TooMuchWork);
    assert_eq!(many(&filter, Value::Null, 7), refused);
    let listed: Vec<Value> = (0..10_000)
        .map(|n| json!({"value": n.to_string()}))
        .collect();
    assert_eq!(many("phoneNumbers", json!(listed), 1), refused);
    assert_eq!(many("phoneNumbers", json!(listed[..10]), 1), Ok(()));
}

#[test]
fn adding_much_to_a_long_list_takes_one_pass() {
    let elements = |from: usize| {
        (from..from + 10_000)
            .map(|n| json!({"value": n.to_string()}))
            .collect::<Vec<_>>()
    };
    let operations = json!([
        {"op": "add", "path": "emails", "value": elements(0)},
        {"op": "add", "path": "emails", "value": elements(5_000)}
    ]);
    let patched = run(&USER, &document(json!({"userName": "ada"})), &operations).unwrap();
    assert_eq!(
        patched.document["emails"].as_array().map(Vec::len),
        Some(15_000)
    );
}

#[test]
fn an_immutable_attribute_is_set_once() {
    let mut tenant = USER.clone();
    let schema = json!({"id": "urn:fabrikam:1.0:User", "name": "F", "attributes": [
        {"name": "badge", "mutability": "immutable"}, {"name": "tags", "multiValued": true}
    ]});
    tenant
        .extensions
        .push(Arc::new(serde_json::from_value(schema).unwrap()));
    let badge = "urn:fabrikam:1.0:User:badge";
    let given = document(json!({"userName": "ada"}));
    let set = json!([{"op": "add", "path": badge, "value": "1"}, {"op": "add", "path": "tags", "value": ["a", "b", "A"]}]);
    let patched = run(&tenant, &given, &set).unwrap();
    assert_eq!(
        patched.document["urn:fabrikam:1.0:User"],
        json!({"badge": "1", "tags": ["a", "b"]})
    );
    assert_eq!(
        run(&tenant, &patched.document, &set).unwrap().document,
        patched.document
    );
    for other in [
        json!({"op": "replace", "path": badge, "value": "2"}),
        json!({"op": "remove", "path": badge}),
    ] {
        let error = run(&tenant, &patched.document, &json!([other])).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("urn:fabrikam:1.0:User:badge cannot be changed"),
            "{error}"
        );
    }
    let emptied = run(
        &tenant,
        &patched.document,
        &json!([{"op": "remove", "path": "tags", "value": ["B", "a"]}]),
    );
    assert_eq!(
        emptied.unwrap().document["urn:fabrikam:1.0:User"],
        json!({"badge": "1"})
    );
}

#[test]
fn a_long_path_is_shown_in_part_and_without_its_values() {
    let path = format!(
        "{}[value eq \"secret\"].{}",
        "x".repeat(500),
        "y".repeat(500)
    );
    let error = run(
        &USER,
        &ada(),
        &json!([{"op": "add", "path": path, "value": "hidden"}]),
    )
    .unwrap_err();
    let shown = error.path.unwrap();
    assert!(
        shown.len() < 300 && shown.contains("[...]") && !shown.contains("secret"),
        "{shown}"
    );
}

#[test]
fn paths_are_limited_in_length() {
    let kind = |path: String| {
        let error = run(
            &USER,
            &ada(),
            &json!([{"op": "add", "path": path, "value": "x"}]),
        )
        .unwrap_err();
        error.kind
    };
    let longest = "x".repeat(crate::filter::TEXT_MAX);
    assert!(matches!(kind(longest.clone()), PatchErrorKind::Path(_)));
    assert!(matches!(kind(longest + "x"), PatchErrorKind::PathShape(_)));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-z\"\\[\\]. ]{0,6}".prop_map(Value::from),
        Just(json!("")),
        Just(json!("True")),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((any_name(), inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn any_name() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "userName",
            "title",
            "active",
            "emails",
            "name",
            "roles",
            "members",
            "manager",
            "id",
            "schemas",
            "value",
            "type",
            "primary",
            "display",
            "displayName",
            "$ref",
            "name.givenName",
            "emails.value",
            "members.value",
            "emails[type eq \"work\"].value",
            "emails[primary eq true]",
            "roles[primary eq \"True\"].value",
            "members[value eq \"u-1\"]",
            "emails[value sw \"a\"].display",
            "groups",
            "meta.version",
            "password",
            "",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:acme:x",
        ])
        .prop_map(str::to_owned),
        "[a-zA-Z$.:\\[\\]\" é]{0,12}",
    ]
}

fn any_operation(ops: &'static [&'static str]) -> impl Strategy<Value = Value> {
    (prop::sample::select(ops), any_name(), any_json())
        .prop_map(|(op, path, value)| json!({"op": op, "path": path, "value": value}))
}

const OPS: &[&str] = &["add", "Remove", "replace", "REPLACE", "move"];

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..crate::drawn::drawn() })]

    #[test]
    fn no_json_makes_it_panic(body in any_json(), operations in prop::collection::vec(any_operation(OPS), 1..5)) {
        for resource_type in [&*USER, &*GROUP] {
            let _ = parse(resource_type, &body, &mut Quirks::default());
            let _ = run(resource_type, &ada(), &json!(operations));
            let _ = run(resource_type, &ada(), &body);
        }
    }

    #[test]
    fn the_document_given_never_changes_and_what_comes_out_is_tidy(operation in any_operation(&["add", "remove", "replace"])) {
        let given = ada();
        let before = given.clone();
        if let Ok(patched) = run(&USER, &given, &json!([operation])) {
            prop_assert_eq!(&patched.document["id"], "u-1");
            let mut again = patched.document.clone();
            let mut quirks = Quirks::default();
            crate::schema::finish(&USER, &mut again, &mut quirks);
            prop_assert_eq!(&again, &patched.document);
            let mut stored = crate::schema::normalize(&USER, &again, &mut quirks).expect("what PATCH leaves, POST accepts");
            stored.insert("id".into(), "u-1".into());
            prop_assert_eq!(&stored, &patched.document);
        }
        prop_assert_eq!(given, before);
    }

    #[test]
    fn replacing_twice_is_replacing_once(operation in any_operation(&["replace"])) {
        let operations = json!([operation]);
        if let Ok(once) = run(&USER, &ada(), &operations) {
            match run(&USER, &once.document, &operations) {
                // It took away what its own filter looks for.
                Err(PatchError { kind: PatchErrorKind::NoTarget(_), .. }) => {}
                twice => prop_assert_eq!(twice, Ok(once)),
            }
        }
    }

    #[test]
    fn adding_twice_is_adding_once(operation in any_operation(&["add"])) {
        let operations = json!([operation]);
        if let Ok(once) = run(&USER, &ada(), &operations) {
            prop_assert_eq!(run(&USER, &once.document, &operations), Ok(once));
        }
    }

    #[test]
    fn members_fold_as_if_one_by_one(steps in prop::collection::vec((0..4_u8, "[a-d]"), 0..12)) {
        let mut change = MemberChange::default();
        let mut present: std::collections::BTreeSet<String> = ["a", "b"].map(str::to_owned).into();
        for (step, id) in steps {
            match step {
                0 | 1 => { change.add(&id); present.insert(id); }
                2 => { change.remove(&id); present.remove(&id); }
                _ => { change.clear(); present.clear(); }
            }
        }
        let mut folded: std::collections::BTreeSet<String> = ["a", "b"].map(str::to_owned).into();
        if change.clear { folded.clear(); }
        for (id, verb) in change.verbs {
            match verb {
                Verb::Add => { folded.insert(id); }
                Verb::Remove => { prop_assert!(folded.remove(&id) || !change.clear); }
            }
        }
        prop_assert_eq!(folded, present);
    }
}

#[test]
fn operations_know_whether_they_are_about_members_alone() {
    let beyond = |operations: Value| {
        let body = json!({ "Operations": operations });
        let parsed = parse(&GROUP, &body, &mut Quirks::default()).expect("operations");
        parsed.iter().any(Operation::is_beyond_members)
    };
    for members in [
        json!([{"op": "add", "path": "members", "value": [{"value": "u-1"}]}]),
        json!([{"op": "remove", "path": "members[value eq \"u-1\"]"}]),
        json!([{"op": "Replace", "value": {"members": []}}]),
    ] {
        assert!(!beyond(members.clone()), "{members}");
    }
    for more in [
        json!([{"op": "replace", "path": "displayName", "value": "HR"}]),
        json!([{"op": "add", "value": {"members": [{"value": "u-1"}], "displayName": "HR"}}]),
    ] {
        assert!(beyond(more.clone()), "{more}");
    }
}
