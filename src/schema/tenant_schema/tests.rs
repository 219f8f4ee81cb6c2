#![allow(
    clippy::needless_pass_by_value,
    reason = "tables of `json!` literals read best by value"
)]

mod properties;

use serde_json::json;

use super::*;
use crate::schema::ResourceTypes;

const URN: &str = "urn:fabrikam:params:scim:schemas:hr:1.0:User";
const CORE_USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn document(attributes: Value) -> Value {
    json!({"id": URN, "name": "HR", "attributes": attributes})
}

fn with(id: &str, attributes: Value) -> Value {
    json!({"id": id, "attributes": attributes})
}

#[track_caller]
fn refused(document: Value, message: &str) {
    let found = TenantSchema::read(&document.to_string(), None);
    let found = found.map(|_| ()).map_err(|error| error.to_string());
    assert!(
        found.as_ref().is_err_and(|text| text.starts_with(message)),
        "{found:?} and not {message}: {document}"
    );
}

#[track_caller]
fn accepted(document: Value) -> TenantSchema {
    TenantSchema::read(&document.to_string(), None).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_document_becomes_an_extension_of_users_unless_told_otherwise() {
    let text = document(json!([{"name": "badge"}])).to_string();
    let schema = TenantSchema::read(&text, None).unwrap();
    assert_eq!(schema.resource_type.name, "User");
    let badge = schema.schema.attribute("BADGE").unwrap();
    assert_eq!(
        (badge.kind, badge.required),
        (super::super::AttributeType::String, false)
    );
    let schema = TenantSchema::read(&text, Some(&GROUP)).unwrap();
    let types = ResourceTypes::with(&[schema]);
    assert!(types.of(&GROUP).extension(URN).is_some());
    assert_eq!(types.of(&USER), &*USER);
    let with_mark = format!("\u{feff}{text}");
    assert!(TenantSchema::read(&with_mark, None).is_ok());
}

#[test]
fn a_built_in_urn_adds_to_that_schema_and_changes_nothing_in_it() {
    let core = accepted(with(
        &CORE_USER.to_uppercase(),
        json!([{"name": "shoeSize", "type": "integer"}]),
    ));
    let enterprise = accepted(with(ENTERPRISE, json!([{"name": "badge"}])));
    let types = ResourceTypes::with(&[core, enterprise]);
    let user = types.of(&USER);
    assert_eq!(user.schema.id, USER.schema.id);
    assert!(user.core_attribute("shoesize").is_some());
    assert!(
        user.extension(ENTERPRISE)
            .unwrap()
            .attribute("badge")
            .is_some()
    );
    assert_eq!(user.extensions.len(), 1);
    assert!(USER.core_attribute("shoeSize").is_none());
    let shown = user.schema.document["attributes"].as_array().unwrap();
    assert_eq!(
        shown.last().unwrap(),
        &json!({"name": "shoeSize", "type": "integer"})
    );
    let before = USER.schema.document["attributes"].as_array().unwrap();
    assert_eq!(&shown[..before.len()], before);
}

#[test]
fn what_is_built_in_is_not_defined_again() {
    for name in ["userName", "EMAILS", "groups"] {
        refused(
            with(CORE_USER, json!([{"name": name}])),
            "attributes[0].name: the schema has ",
        );
    }
    refused(
        with(ENTERPRISE, json!([{"name": "manager"}])),
        "attributes[0].name: the schema has manager already",
    );
    for name in ["ID", "externalId", "schemas", "Meta"] {
        let message = "attributes[1].name: every resource has such an attribute already";
        refused(document(json!([{"name": "a"}, {"name": name}])), message);
    }
    for name in ["Password", "Members"] {
        refused(
            with(CORE_USER, json!([{ "name": name }])),
            "attributes[0].name: every",
        );
    }
    accepted(document(json!([{"name": "title"}])));
}

#[test]
fn the_urn_must_be_one_and_stay_apart_from_others() {
    let attributes = json!([{"name": "a"}]);
    for id in [
        "hr",
        "urn:",
        "urn:a:b",
        "urn:fabrikam:",
        "urn:fabrikam:x y",
        "urn:fabrikam:hr:",
        "urn:fab rikam:x",
        "urn:fabrikam:ü",
    ] {
        refused(with(id, attributes.clone()), "id: must be a URN");
    }
    for id in [
        "urn:ietf:params:scim:schemas:core:2.0:Device",
        "URN:ietf:params:scim:api:messages:2.0:Error",
        "urn:serverless-scim:x",
    ] {
        refused(with(id, attributes.clone()), "id: is reserved");
    }
    refused(
        with(&format!("{ENTERPRISE}:hr"), attributes.clone()),
        "id: the schema urn:ietf:params:scim:schemas:extension:enterprise",
    );
    refused(
        with("urn:ietf:params:scim:schemas", attributes.clone()),
        "id: the schema ",
    );
    let long = |length: usize| {
        format!(
            "urn:fabrikam:{}",
            "x".repeat(length - "urn:fabrikam:".len())
        )
    };
    accepted(with(&long(URN_MAX), attributes.clone()));
    refused(
        with(&long(URN_MAX + 1), attributes.clone()),
        "id: must be a URN",
    );
    accepted(with(
        "urn:ietf:params:scim:schemas:extension:Fabrikam:2.0:User",
        attributes.clone(),
    ));
    let (hr, below, again) = (
        accepted(with(URN, attributes.clone())),
        accepted(with(&format!("{URN}:more"), attributes.clone())),
        accepted(with(&URN.to_uppercase(), attributes)),
    );
    let message = format!("id: the schema {URN} begins the same way");
    let error = below.check_beside(std::slice::from_ref(&hr)).unwrap_err();
    assert!(error.to_string().starts_with(&message), "{error}");
    assert!(hr.check_beside(&[below]).is_err());
    assert_eq!(hr.check_beside(&[again]), Ok(()));
}

#[test]
fn a_built_in_schema_belongs_to_its_type() {
    let text = with(CORE_USER, json!([{"name": "a"}])).to_string();
    let error = TenantSchema::read(&text, Some(&GROUP)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "id: this schema belongs to User; leave --resource-type out"
    );
    assert!(TenantSchema::read(&text, Some(&USER)).is_ok());
}

#[test]
fn errors_name_the_place() {
    for (attributes, message) in [
        (json!({}), "attributes: must be a list of attributes"),
        (json!([]), "attributes: must name at least one attribute"),
        (
            json!(["badge"]),
            "attributes[0]: must be an attribute: an object",
        ),
        (
            json!([{"name": "a"}, {"type": "string"}]),
            "attributes[1].name: is missing",
        ),
        (json!([{"name": 1}]), "attributes[0].name: must be text"),
        (
            json!([{"name": "1st"}]),
            "attributes[0].name: must begin with a letter",
        ),
        (
            json!([{"name": "a b"}]),
            "attributes[0].name: must begin with a letter",
        ),
        (
            json!([{"name": "$ref"}]),
            "attributes[0].name: must begin with a letter",
        ),
        (
            json!([{"name": "größe"}]),
            "attributes[0].name: must begin with a letter",
        ),
        (
            json!([{"name": "a"}, {"name": "b"}, {"name": "A"}]),
            "attributes[2].name: stands here twice",
        ),
        (
            json!([{"name": "a", "type": "text"}]),
            "attributes[0].type: must be string, boolean, ",
        ),
        (
            json!([{"name": "a", "type": null}]),
            "attributes[0].type: must be string, ",
        ),
        (
            json!([{"name": "a", "type": "String"}]),
            "attributes[0].type: must be string, ",
        ),
        (
            json!([{"name": "a", "mutablity": "x"}]),
            "attributes[0].mutablity: is not known; an attribute has name, type, ",
        ),
        (
            json!([{"name": "a", "mutability": "writeable"}]),
            "attributes[0].mutability: must be readOnly, ",
        ),
        (
            json!([{"name": "a", "returned": true}]),
            "attributes[0].returned: must be always, ",
        ),
        (
            json!([{"name": "a", "required": "true"}]),
            "attributes[0].required: must be true or false",
        ),
        (
            json!([{"name": "a", "canonicalValues": ["x", 1]}]),
            "attributes[0].canonicalValues: must be a list of texts",
        ),
    ] {
        refused(document(attributes), message);
    }
}

#[test]
fn errors_say_what_does_not_go_together() {
    for (attributes, message) in [
        (
            json!([{"name": "a", "uniqueness": "server"}]),
            "attributes[0].uniqueness: must be none: unique values",
        ),
        (
            json!([{"name": "a", "required": true, "mutability": "readOnly"}]),
            "attributes[0].required: clients cannot write",
        ),
        (
            json!([{"name": "a", "mutability": "writeOnly"}]),
            "attributes[0].returned: must be never",
        ),
        (
            json!([{"name": "a", "subAttributes": [{"name": "b"}]}]),
            "attributes[0].subAttributes: only an attribute of type complex",
        ),
        (
            json!([{"name": "a", "type": "complex"}]),
            "attributes[0].subAttributes: must name at least one",
        ),
        (
            json!([{"name": "a", "type": "complex", "subAttributes": [{"name": "b"}, {"name": "c", "type": "complex", "subAttributes": [{"name": "d"}]}]}]),
            "attributes[0].subAttributes[1].type: a sub-attribute cannot be complex",
        ),
        (
            json!([{"name": "a", "type": "complex", "subAttributes": [{"name": "b", "multiValued": true}]}]),
            "attributes[0].subAttributes[0].multiValued: a sub-attribute holds one value",
        ),
        (
            json!([{"name": "a", "type": "complex", "subAttributes": [{"name": "b"}, {"name": "B"}]}]),
            "attributes[0].subAttributes[1].name: stands here twice",
        ),
    ] {
        refused(document(attributes), message);
    }
}

#[test]
fn errors_of_the_whole_name_what_is_missing_or_too_much() {
    refused(json!([]), "the document: must be one schema");
    refused(json!({"attributes": []}), "id: is missing");
    refused(json!({"id": URN}), "attributes: is missing");
    refused(
        json!({"id": URN, "Attributes": []}),
        "Attributes: is not part of a schema document",
    );
    refused(
        json!({"id": URN, "name": 3, "attributes": []}),
        "name: must be text",
    );
    let error = TenantSchema::read("{\"id\": }", None)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("the document: is not valid JSON: ") && error.contains("column 8"),
        "{error}"
    );
}

#[test]
fn limits_hold_at_the_edge_and_past_it() {
    let name = |length| json!([{"name": "n".repeat(length)}]);
    accepted(document(name(NAME_MAX)));
    refused(document(name(NAME_MAX + 1)), "attributes[0].name: ");

    let many = |subs: usize| {
        let subs: Vec<Value> = (0..subs)
            .map(|n| json!({"name": format!("s{n}")}))
            .collect();
        document(
            json!([{"name": "flat"}, {"name": "deep", "type": "complex", "subAttributes": subs}]),
        )
    };
    accepted(many(SCHEMA_ATTRIBUTES_MAX - 2));
    refused(
        many(SCHEMA_ATTRIBUTES_MAX - 1),
        "attributes: holds more than 200 attributes",
    );

    let sized = |bytes: usize| {
        let text = |filler: usize| {
            json!({"id": URN, "description": "d".repeat(filler), "attributes": [{"name": "a"}]})
                .to_string()
        };
        text(bytes - text(0).len())
    };
    assert!(TenantSchema::read(&sized(SCHEMA_BYTES_MAX), None).is_ok());
    let error = TenantSchema::read(&sized(SCHEMA_BYTES_MAX + 1), None).unwrap_err();
    assert_eq!(error.fault, Fault::TooLarge);
    let deep = "[".repeat(1_000);
    assert!(matches!(
        TenantSchema::read(&deep, None).unwrap_err().fault,
        Fault::Json(_)
    ));
}

#[test]
fn references_and_binaries_are_compared_as_written_unless_the_document_says_otherwise() {
    let schema = accepted(document(json!([
        {"name": "a", "type": "reference"}, {"name": "b", "type": "binary"}, {"name": "c"},
        {"name": "d", "type": "reference", "caseExact": false}, {"name": "e", "caseExact": true}
    ])));
    let exact: Vec<bool> = schema
        .schema
        .attributes
        .iter()
        .map(|attribute| attribute.case_exact)
        .collect();
    assert_eq!(exact, [true, true, false, false, true]);
}
