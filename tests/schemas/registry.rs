//! Registration: who sees a schema, how many there may be, and what becomes of values when one goes.

use proptest::prelude::*;
use serde_json::{Value, json};
use serverless_scim::schema::GROUP;
use serverless_scim::store::{RegisterError, SCHEMAS_MAX};

use crate::tenant::{CORE_USER, ENTERPRISE, Tenant, URN, path_of, store};

fn hr() -> Value {
    json!({"id": URN, "name": "HR", "description": "What the HR system knows.", "attributes": [
        {"name": "badge", "type": "string", "caseExact": true}, {"name": "level", "type": "integer"}
    ]})
}

#[tokio::test]
async fn a_schema_is_served_in_full_and_to_its_tenant_only() {
    let store = store().await;
    let (own, other) = (
        Tenant::create(&store, "fabrikam").await,
        Tenant::create(&store, "contoso").await,
    );
    own.register(&hr(), None).await;
    let mut shown = own.get(&format!("/Schemas/{}", URN.to_uppercase())).await;
    let shown = shown.as_object_mut().unwrap();
    let meta = shown.shift_remove("meta").unwrap();
    assert_eq!(
        meta["location"],
        json!(format!("http://scim.example/scim/v2/Schemas/{URN}"))
    );
    assert!(shown.shift_remove("schemas").is_some());
    // What the document left out is what RFC 7643 §2.2 says.
    let mut full = hr();
    for (index, exact) in [(0, true), (1, false)] {
        let left_out = json!({"multiValued": false, "required": false, "caseExact": exact,
            "mutability": "readWrite", "returned": "default", "uniqueness": "none"});
        let attribute = full["attributes"][index].as_object_mut().unwrap();
        attribute.extend(left_out.as_object().unwrap().clone());
    }
    assert_eq!(Value::Object(shown.clone()), full);
    assert_eq!(own.get("/Schemas").await["totalResults"], json!(5));
    let extensions = |types: Value| types["schemaExtensions"].clone();
    let expected =
        json!([{"schema": ENTERPRISE, "required": false}, {"schema": URN, "required": false}]);
    assert_eq!(extensions(own.get("/ResourceTypes/User").await), expected);
    assert_eq!(other.get("/Schemas").await["totalResults"], json!(4));
    assert_eq!(
        other.send("GET", &format!("/Schemas/{URN}"), None).await.0,
        404
    );
    assert_eq!(
        extensions(other.get("/ResourceTypes/User").await),
        json!([expected[0]])
    );
    let ignored = other.user("ada", json!({URN: {"badge": "1"}})).await;
    assert_eq!(
        (&ignored[URN], &ignored["schemas"]),
        (&Value::Null, &json!([CORE_USER]))
    );
    assert_eq!(
        other.send("GET", "/Users?filter=badge%20pr", None).await.0,
        400
    );
}

#[tokio::test]
async fn a_schema_may_extend_groups() {
    let tenant = Tenant::with(&[]).await;
    let urn = "urn:fabrikam:teams";
    tenant
        .register(
            &json!({"id": urn, "attributes": [{"name": "lead", "required": true}]}),
            Some(&GROUP),
        )
        .await;
    let (status, group) = tenant
        .post("/Groups", "Rail", json!({urn: {"lead": "ada"}}))
        .await;
    assert_eq!((status, &group[urn]["lead"]), (201, &json!("ada")));
    assert_eq!(tenant.post("/Groups", "Road", json!({})).await.0, 201);
    let (status, error) = tenant
        .post("/Groups", "Air", json!({urn: {"lead": null, "LEAD": ""}}))
        .await;
    assert_eq!(
        status, 201,
        "an extension that holds nothing is absent: {error}"
    );
    assert!(tenant.user("ada", json!({urn: {"lead": "x"}})).await[urn].is_null());
}

#[tokio::test]
async fn a_tenant_has_so_many_schemas_and_no_more() {
    let tenant = Tenant::with(&[]).await;
    let document = |n: usize| {
        json!({"id": format!("urn:fabrikam:s{n}"), "attributes": [{"name": "a"}]}).to_string()
    };
    let add = |n: usize| {
        let (tenant, text) = (tenant.clone(), document(n));
        async move {
            tenant
                .store
                .add_schema(&tenant.scope, &text, None)
                .await
                .map(|(_, replaced)| replaced)
        }
    };
    // Side by side, and none is lost.
    let (first, second, third) = tokio::join!(add(0), add(1), add(2));
    assert!(
        [first, second, third]
            .into_iter()
            .all(|added| !added.unwrap())
    );
    for n in 3..SCHEMAS_MAX {
        assert!(!add(n).await.unwrap());
    }
    assert!(matches!(
        add(SCHEMAS_MAX).await,
        Err(RegisterError::TooMany)
    ));
    assert!(add(3).await.unwrap(), "one that is there may be replaced");
    let gone = tenant
        .store
        .remove_schema(&tenant.scope, "URN:fabrikam:S3")
        .await
        .unwrap();
    assert!(
        gone && !tenant
            .store
            .remove_schema(&tenant.scope, "urn:fabrikam:s3")
            .await
            .unwrap()
    );
    assert!(!add(SCHEMAS_MAX).await.unwrap());
    assert_eq!(
        tenant.anew().await.get("/Schemas").await["totalResults"],
        json!(4 + SCHEMAS_MAX)
    );
}

#[tokio::test]
async fn values_of_a_removed_schema_stay_stored_and_are_shown_no_more() {
    let extra = json!({"id": CORE_USER, "attributes": [{"name": "shoeSize", "type": "integer"}]});
    let tenant = Tenant::with(&[hr(), extra.clone()]).await;
    let user = tenant
        .user(
            "ada",
            json!({URN: {"badge": "B1", "level": 3}, "shoeSize": 43}),
        )
        .await;
    let path = path_of(&user);
    for urn in [URN, CORE_USER] {
        assert!(
            tenant
                .store
                .remove_schema(&tenant.scope, urn)
                .await
                .unwrap()
        );
    }
    assert_eq!(
        tenant.get(&path).await,
        user,
        "an instance trusts what it knows for 30 seconds"
    );

    let later = tenant.anew().await;
    let shown = later.get(&path).await;
    assert_eq!(
        (&shown[URN], &shown["shoeSize"], &shown["schemas"]),
        (&Value::Null, &Value::Null, &json!([CORE_USER]))
    );
    assert_eq!(later.get("/Schemas").await["totalResults"], json!(4));
    let (status, patched) = later
        .patch(
            &path,
            json!([{"op": "replace", "path": "title", "value": "Lead"}]),
        )
        .await;
    assert_eq!((status, &patched[URN]), (200, &Value::Null));

    // With one attribute less and another of a new shape: what does not fit is not shown.
    tenant.register(&extra, None).await;
    let other = json!({"id": URN, "attributes": [{"name": "badge"}, {"name": "level", "type": "complex", "subAttributes": [{"name": "value"}]}]});
    tenant.register(&other, None).await;
    let again = tenant.anew().await.get(&path).await;
    assert_eq!(
        (&again[URN], &again["shoeSize"]),
        (&json!({"badge": "B1"}), &json!(43))
    );
    assert_eq!(again["schemas"], json!([CORE_USER, URN]));
}

#[tokio::test]
async fn what_a_schema_comes_to_require_stops_nobody_from_being_disabled() {
    let tenant = Tenant::with(&[]).await;
    let user = tenant.user("ada", json!({})).await;
    tenant
        .register(
            &json!({"id": CORE_USER, "attributes": [{"name": "region", "required": true}]}),
            None,
        )
        .await;
    let tenant = tenant.anew().await;
    let (status, body) = tenant
        .patch(
            &path_of(&user),
            json!([{"op": "replace", "path": "active", "value": false}]),
        )
        .await;
    assert_eq!((status, &body["active"]), (200, &json!(false)), "{body}");
    assert_eq!(tenant.post("/Users", "bea", json!({})).await.0, 400);
    let bea = tenant.user("bea", json!({"region": "north"})).await;
    let (status, body) = tenant
        .patch(&path_of(&bea), json!([{"op": "remove", "path": "region"}]))
        .await;
    assert_eq!(
        (status, &body["scimType"]),
        (400, &json!("mutability")),
        "{body}"
    );
}

fn attribute() -> impl Strategy<Value = (Value, Value)> {
    let value = prop_oneof![
        "[a-zA-Z ß漢]{1,12}".prop_map(|text| (json!("string"), json!(text))),
        any::<i32>().prop_map(|number| (json!("integer"), json!(number))),
        (-1e9..1e9).prop_map(|number: f64| (json!("decimal"), json!(number))),
        any::<bool>().prop_map(|flag| (json!("boolean"), json!(flag))),
        (0u32..60).prop_map(|second| (
            json!("dateTime"),
            json!(format!("2026-02-28T23:59:{second:02}.5+02:00"))
        )),
        "([A-Za-z0-9+/]{4}){1,5}".prop_map(|text| (json!("binary"), json!(text))),
    ];
    (value, any::<bool>()).prop_map(|((kind, value), multi)| {
        let value = if multi { json!([value]) } else { value };
        (json!({"type": kind, "multiValued": multi}), value)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..crate::drawn::drawn() })]

    #[test]
    fn what_fits_a_registered_schema_comes_back_as_sent(
        mut own in prop::collection::vec(attribute(), 1..6),
        core in any::<bool>(),
    ) {
        let mut sent = json!({});
        for (index, (attribute, value)) in own.iter_mut().enumerate() {
            let name = format!("own{index}");
            attribute["name"] = json!(name);
            sent[name] = value.clone();
        }
        let attributes: Vec<&Value> = own.iter().map(|(attribute, _)| attribute).collect();
        let urn = if core { CORE_USER } else { URN };
        let document = json!({"id": urn, "attributes": attributes});
        let sent = if core { sent } else { json!({URN: sent}) };
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let tenant = Tenant::with(&[document]).await;
            let created = tenant.user("ada", sent.clone()).await;
            let read = tenant.get(&path_of(&created)).await;
            assert_eq!(created, read);
            for (name, value) in sent.as_object().unwrap() {
                assert_eq!(&read[name], value);
            }
        });
    }
}
