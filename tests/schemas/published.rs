//! /Schemas as the gallery validators of Microsoft read it, and as what it says is enforced.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::tenant::{CORE_USER, ENTERPRISE, Tenant, URN};

const CORE_GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// What Entra's default mappings, and the validators' roles, name.
const MAPPED_OF_USERS: [&str; 28] = [
    "userName",
    "externalId",
    "active",
    "displayName",
    "title",
    "preferredLanguage",
    "name.givenName",
    "name.familyName",
    "name.formatted",
    "emails[type eq \"work\"].value",
    "addresses[type eq \"work\"].formatted",
    "addresses[type eq \"work\"].streetAddress",
    "addresses[type eq \"work\"].locality",
    "addresses[type eq \"work\"].region",
    "addresses[type eq \"work\"].postalCode",
    "addresses[type eq \"work\"].country",
    "phoneNumbers[type eq \"work\"].value",
    "phoneNumbers[type eq \"mobile\"].value",
    "phoneNumbers[type eq \"fax\"].value",
    "roles[primary eq \"True\"].display",
    "roles[primary eq \"True\"].value",
    "nickName",
    "userType",
    "locale",
    "timezone",
    "profileUrl",
    "emails[type eq \"home\"].value",
    "emails[type eq \"other\"].value",
];
const MAPPED_OF_EXTENSION: [&str; 6] = [
    "employeeNumber",
    "costCenter",
    "organization",
    "division",
    "department",
    "manager",
];
const MAPPED_OF_GROUPS: [&str; 3] = ["displayName", "externalId", "members"];

fn list<'v>(holder: &'v Value, name: &str) -> &'v [Value] {
    holder[name]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn name(attribute: &Value) -> &str {
    attribute["name"].as_str().unwrap()
}

/// The attribute names that the gallery template makes of a schema.
fn flattened(schema: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let urn = schema["id"].as_str().unwrap();
    let prefix = if urn.contains(":extension:") {
        format!("{urn}:")
    } else {
        String::new()
    };
    for attribute in list(schema, "attributes") {
        let of = name(attribute);
        let link = matches!(of, "manager" | "members");
        let mut add = |name: String| found.insert(format!("{prefix}{name}").to_lowercase());
        if link {
            add(of.to_owned());
        } else if attribute["type"] == json!("reference") {
            // The template looks past references.
        } else if attribute["type"] != json!("complex") {
            add(of.to_owned());
        } else if attribute["multiValued"] == json!(false) {
            for sub in list(attribute, "subAttributes") {
                add(format!("{of}.{}", name(sub)));
            }
        } else {
            let subs = list(attribute, "subAttributes");
            let kinds = subs.iter().find(|sub| name(sub) == "type");
            let kinds = kinds
                .map(|kind| list(kind, "canonicalValues"))
                .unwrap_or_default();
            let wanted = subs
                .iter()
                .filter(|sub| !matches!(name(sub), "type" | "primary"));
            for sub in wanted {
                if kinds.is_empty() {
                    add(format!("{of}[primary eq \"True\"].{}", name(sub)));
                }
                for kind in kinds {
                    add(format!("{of}[type eq {kind}].{}", name(sub)));
                }
            }
        }
    }
    found
}

fn schema<'v>(list: &'v Value, urn: &str) -> &'v Value {
    let mut all = list["Resources"].as_array().unwrap().iter();
    all.find(|schema| schema["id"] == json!(urn)).unwrap()
}

fn each(value: &Value, look: &mut impl FnMut(&Value)) {
    look(value);
    match value {
        Value::Array(list) => list.iter().for_each(|value| each(value, look)),
        Value::Object(object) => object.values().for_each(|value| each(value, look)),
        _ => {}
    }
}

#[tokio::test]
async fn the_gallery_template_finds_every_mapped_attribute() {
    let schemas = Tenant::with(&[]).await.get("/Schemas").await;
    let users = flattened(schema(&schemas, CORE_USER));
    let missing = |names: &[&str], found: &BTreeSet<String>, prefix: &str| {
        let names = names
            .iter()
            .map(|name| format!("{prefix}{name}").to_lowercase());
        names
            .filter(|name| !found.contains(name))
            .collect::<Vec<_>>()
    };
    assert_eq!(missing(&MAPPED_OF_USERS, &users, ""), Vec::<String>::new());
    let extension = flattened(schema(&schemas, ENTERPRISE));
    let prefix = format!("{ENTERPRISE}:");
    assert_eq!(
        missing(&MAPPED_OF_EXTENSION, &extension, &prefix),
        Vec::<String>::new()
    );
    let groups = flattened(schema(&schemas, CORE_GROUP));
    assert_eq!(
        missing(&MAPPED_OF_GROUPS, &groups, ""),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn lists_that_entra_maps_by_type_name_their_types_and_roles_do_not() {
    let schemas = Tenant::with(&[]).await.get("/Schemas").await;
    let users = schema(&schemas, CORE_USER);
    let types = |of: &str| {
        let attribute = list(users, "attributes")
            .iter()
            .find(|found| name(found) == of)
            .unwrap();
        let kind = list(attribute, "subAttributes")
            .iter()
            .find(|sub| name(sub) == "type")
            .unwrap();
        list(kind, "canonicalValues").len()
    };
    for of in ["emails", "phoneNumbers", "addresses", "ims", "photos"] {
        assert!(types(of) > 0, "{of}");
    }
    assert_eq!(types("roles"), 0);
    each(&schemas, &mut |value| {
        assert!(!value.is_null(), "no null stands in a schema");
        assert_ne!(value.get("returned"), Some(&json!("never")), "{value}");
    });
}

/// Validators look for the resource type of every schema, and for the schema of every extension.
#[tokio::test]
async fn every_schema_belongs_to_a_resource_type_and_says_all_of_its_attributes() {
    let badge = json!({"name": "badge"});
    let complex = json!({"name": "desks", "type": "complex", "subAttributes": [badge]});
    let own = json!({"id": URN, "name": "HR", "attributes": [badge, complex]});
    let more = json!({"id": CORE_GROUP, "name": "Group", "attributes": [{"name": "floor", "type": "integer"}]});
    let tenant = Tenant::with(&[own, more]).await;
    let schemas = tenant.get("/Schemas").await;
    let types = tenant.get("/ResourceTypes").await;
    let named = |value: &Value| value.as_str().unwrap().to_owned();
    let published: BTreeSet<String> = list(&schemas, "Resources")
        .iter()
        .map(|schema| named(&schema["id"]))
        .collect();
    let used: BTreeSet<String> = list(&types, "Resources")
        .iter()
        .flat_map(|kind| {
            let extensions = list(kind, "schemaExtensions").iter();
            let extensions = extensions.map(|extension| named(&extension["schema"]));
            extensions.chain([named(&kind["schema"])])
        })
        .collect();
    assert_eq!(published, used);
    assert_eq!(published.len(), 5);
    for schema in list(&schemas, "Resources") {
        each(&schema["attributes"], &mut |value| {
            for characteristic in [
                "type",
                "multiValued",
                "required",
                "caseExact",
                "mutability",
                "returned",
                "uniqueness",
            ] {
                let is_said = value.get(characteristic).is_some();
                assert_eq!(is_said, value.is_object(), "{characteristic} of {value}");
            }
        });
    }
}

/// A value that fits the attribute.
fn example(attribute: &Value) -> Value {
    let single = match attribute["type"].as_str().unwrap() {
        "boolean" => json!(true),
        "binary" => json!("QUJD"),
        "complex" => list(attribute, "subAttributes")
            .iter()
            .filter(|sub| sub["mutability"] != json!("readOnly"))
            .map(|sub| (name(sub).to_owned(), example(sub)))
            .collect(),
        _ => json!("text"),
    };
    if attribute["multiValued"] == json!(true) {
        json!([single])
    } else {
        single
    }
}

#[tokio::test]
async fn required_says_exactly_what_is_enforced() {
    let tenant = Tenant::with(&[]).await;
    let member = tenant.user("member", json!({})).await;
    let schemas = tenant.get("/Schemas").await;
    for (urn, path) in [
        (CORE_USER, "/Users"),
        (ENTERPRISE, "/Users"),
        (CORE_GROUP, "/Groups"),
    ] {
        let attributes = list(schema(&schemas, urn), "attributes");
        let mut full: Value = attributes
            .iter()
            .map(|found| (name(found).to_owned(), example(found)))
            .collect();
        if urn == CORE_GROUP {
            full["members"][0]["value"] = member["id"].clone();
        }
        for attribute in attributes
            .iter()
            .filter(|found| found["mutability"] != json!("readOnly"))
        {
            let mut without = full.clone();
            without
                .as_object_mut()
                .unwrap()
                .shift_remove(name(attribute));
            check(&tenant, urn, path, without, attribute).await;
            for sub in list(attribute, "subAttributes")
                .iter()
                .filter(|sub| sub["mutability"] != json!("readOnly"))
            {
                let mut without = full.clone();
                let value = &mut without[name(attribute)];
                let value = if value.is_array() {
                    &mut value[0]
                } else {
                    value
                };
                value.as_object_mut().unwrap().shift_remove(name(sub));
                check(&tenant, urn, path, without, sub).await;
            }
        }
    }
}

/// Posts a resource that lacks `attribute` only, and takes it away again.
async fn check(tenant: &Tenant, urn: &str, path: &str, body: Value, attribute: &Value) {
    let body = if urn == ENTERPRISE {
        json!({"userName": "text", urn: body})
    } else {
        body
    };
    let (status, answer) = tenant.send("POST", path, Some(body)).await;
    let enforced = status == 400 && answer["detail"].as_str().unwrap().contains("is required");
    assert!(enforced || status == 201, "{attribute}: {answer}");
    assert_eq!(
        json!(enforced),
        attribute["required"],
        "{attribute}: {answer}"
    );
    if let Some(id) = answer["id"].as_str() {
        tenant.send("DELETE", &format!("{path}/{id}"), None).await;
    }
}
