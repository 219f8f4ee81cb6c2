//! What the characteristics of a tenant's attributes do on POST, PUT, PATCH, in answers and in filters.

use serde_json::{Value, json};

use crate::tenant::{CORE_USER, Tenant, URN, path_of};

fn hr() -> Value {
    json!({"id": URN, "attributes": [
        {"name": "badge", "caseExact": true},
        {"name": "team"},
        {"name": "hired", "type": "dateTime"},
        {"name": "level", "type": "integer"},
        {"name": "ratio", "type": "decimal"},
        {"name": "scan", "type": "binary"},
        {"name": "site", "type": "reference", "referenceTypes": ["external"]},
        {"name": "tags", "multiValued": true},
        {"name": "number", "mutability": "immutable"},
        {"name": "cost", "mutability": "readOnly"},
        {"name": "pin", "mutability": "writeOnly", "returned": "never"},
        {"name": "review", "returned": "request"},
        {"name": "grade", "returned": "always"},
        {"name": "hidden", "returned": "never"},
        {"name": "desk", "type": "complex", "subAttributes": [
            {"name": "floor", "type": "integer"}, {"name": "seat", "mutability": "immutable"},
            {"name": "code", "returned": "never"}
        ]},
        {"name": "phones", "type": "complex", "multiValued": true, "subAttributes": [
            {"name": "value", "required": true}, {"name": "type", "canonicalValues": ["desk"]}, {"name": "primary", "type": "boolean"},
            {"name": "imei", "mutability": "immutable"}
        ]}
    ]})
}

async fn tenant() -> Tenant {
    Tenant::with(&[
        hr(),
        json!({"id": CORE_USER, "attributes": [{"name": "shoeSize", "type": "integer"}]}),
    ])
    .await
}

#[tokio::test]
async fn attributes_are_filtered_patched_and_projected_by_urn_and_by_name() {
    let tenant = tenant().await;
    let ada = tenant.user("ada", json!({URN.to_uppercase(): {"BADGE": "B1", "team": "Rail", "level": 3}, "shoeSize": 43})).await;
    assert_eq!(ada[URN], json!({"badge": "B1", "team": "Rail", "level": 3}));
    assert_eq!(ada["schemas"], json!([CORE_USER, URN]));
    tenant
        .user("bea", json!({URN: {"badge": "b1", "level": 4}}))
        .await;
    for (filter, found) in [
        (format!("{URN}:badge eq \"B1\""), vec!["ada"]),
        ("badge eq \"b1\"".to_owned(), vec!["bea"]),
        ("TEAM eq \"rail\"".to_owned(), vec!["ada"]),
        ("level ge 3 and shoeSize gt 40".to_owned(), vec!["ada"]),
        (format!("{CORE_USER}:shoeSize pr"), vec!["ada"]),
    ] {
        assert_eq!(tenant.find(&filter).await, found, "{filter}");
    }
    let path = path_of(&ada);
    let (_, patched) = tenant
        .patch(&path, json!([
            {"op": "replace", "path": format!("{URN}:team"), "value": "Road"},
            {"op": "add", "path": "tags", "value": ["a", "b"]},
            {"op": "add", "path": format!("{URN}:phones[type eq \"desk\"].value"), "value": "1"},
            {"op": "add", "value": {format!("{URN}:ratio"): 0.5, "shoeSize": 44}}
        ]))
        .await;
    let expected = json!({"badge": "B1", "team": "Road", "level": 3, "tags": ["a", "b"], "phones": [{"type": "desk", "value": "1"}], "ratio": 0.5});
    assert_eq!(
        (&patched[URN], &patched["shoeSize"]),
        (&expected, &json!(44)),
        "{patched}"
    );
    let shown = tenant
        .get(&format!("{path}?attributes=badge,{URN}:tags"))
        .await;
    assert_eq!(shown[URN], json!({"badge": "B1", "tags": ["a", "b"]}));
    let shown = tenant
        .get(&format!("{path}?excludedAttributes={URN}"))
        .await;
    assert_eq!(shown[URN], Value::Null);
    let (_, emptied) = tenant
        .patch(&path, json!([{"op": "remove", "path": URN}]))
        .await;
    assert_eq!(
        (&emptied[URN], &emptied["schemas"]),
        (&Value::Null, &json!([CORE_USER])),
        "an empty extension goes"
    );
    let (status, error) = tenant
        .patch(
            &path,
            json!([{"op": "add", "path": format!("{URN}:nothing"), "value": 1}]),
        )
        .await;
    assert_eq!((status, &error["scimType"]), (400, &json!("invalidPath")));
}

#[tokio::test]
async fn returned_is_honoured_everywhere() {
    let tenant = tenant().await;
    let all = json!({"pin": "1234", "review": "good", "grade": "7", "hidden": "h", "desk": {"floor": 2, "code": "c"}, "team": "Rail"});
    let user = tenant.user("ada", json!({URN: all})).await;
    let usual = json!({"grade": "7", "desk": {"floor": 2}, "team": "Rail"});
    assert_eq!(user[URN], usual);
    let path = path_of(&user);
    assert_eq!(tenant.get(&path).await[URN], usual);
    let only = |names: &str| format!("{path}?attributes={names}");
    assert_eq!(
        tenant.get(&only("review")).await[URN],
        json!({"grade": "7", "review": "good"})
    );
    assert_eq!(
        tenant.get(&only("pin,hidden,desk.code,userName")).await[URN],
        json!({"grade": "7"})
    );
    assert_eq!(
        tenant
            .get(&format!("{path}?excludedAttributes=grade,team,desk"))
            .await[URN],
        json!({"grade": "7"})
    );
    let list = tenant.get("/Users?attributes=review").await;
    assert_eq!(list["Resources"][0][URN]["review"], json!("good"));
    for filter in [
        "pin eq \"1234\"",
        "hidden pr",
        "desk.code sw \"c\"",
        "desk[code eq \"c\"]",
        "not (hidden eq null)",
    ] {
        let query: String = form_urlencoded::byte_serialize(filter.as_bytes()).collect();
        let (status, error) = tenant
            .send("GET", &format!("/Users?filter={query}"), None)
            .await;
        assert_eq!(
            (status, &error["scimType"]),
            (400, &json!("invalidFilter")),
            "{filter}: {error}"
        );
        assert!(
            error["detail"].as_str().unwrap().contains("never returned"),
            "{error}"
        );
    }
    assert_eq!(tenant.find("review eq \"good\"").await, ["ada"]);
    assert_eq!(tenant.send("GET", "/Users?sortBy=pin", None).await.0, 400);
}

#[tokio::test]
async fn mutability_is_honoured_by_every_write() {
    let tenant = tenant().await;
    let user = tenant.user("ada", json!({URN: {"cost": "1", "number": "7", "pin": "1234", "team": "Rail", "desk": {"seat": "a", "floor": 1}}})).await;
    assert_eq!(
        user[URN],
        json!({"number": "7", "team": "Rail", "desk": {"seat": "a", "floor": 1}})
    );
    let path = path_of(&user);
    let refused = async |operation: Value| {
        let (status, error) = tenant.patch(&path, json!([operation])).await;
        assert_eq!(
            (status, &error["scimType"]),
            (400, &json!("mutability")),
            "{operation}: {error}"
        );
    };
    refused(json!({"op": "replace", "path": "number", "value": "8"})).await;
    refused(json!({"op": "remove", "path": format!("{URN}:number")})).await;
    refused(json!({"op": "remove", "path": URN})).await;
    refused(json!({"op": "add", "path": "cost", "value": "2"})).await;
    refused(json!({"op": "replace", "path": "desk.seat", "value": "b"})).await;
    refused(json!({"op": "remove", "path": "desk.seat"})).await;
    refused(json!({"op": "replace", "path": "desk", "value": {"seat": "b"}})).await;
    let (status, body) = tenant.patch(&path, json!([{"op": "add", "path": "number", "value": "7"}, {"op": "replace", "path": "desk.floor", "value": 2}])).await;
    assert_eq!(
        (status, &body[URN]["desk"]),
        (200, &json!({"seat": "a", "floor": 2})),
        "{body}"
    );

    let put = |own: Value| tenant.send("PUT", &path, Some(json!({"userName": "ada", URN: own})));
    let (status, error) = put(json!({"number": "9"})).await;
    assert_eq!((status, &error["scimType"]), (400, &json!("mutability")));
    let (status, body) = put(json!({"cost": "3", "desk": {"floor": 5}})).await;
    assert_eq!(
        (status, &body[URN]),
        (
            200,
            &json!({"number": "7", "desk": {"floor": 5, "seat": "a"}})
        ),
        "{body}"
    );
    let stored = tenant
        .store
        .remove_schema(&tenant.scope, URN)
        .await
        .unwrap();
    assert!(stored);
    let mut open = hr();
    open["attributes"]
        .as_array_mut()
        .unwrap()
        .retain(|attribute| attribute["name"] != json!("pin"));
    open["attributes"]
        .as_array_mut()
        .unwrap()
        .push(json!({"name": "pin"}));
    tenant.register(&open, None).await;
    let shown = tenant.anew().await.get(&path).await;
    assert_eq!(
        shown[URN]["pin"],
        json!("1234"),
        "a PUT cannot lose what its client could not read"
    );
}

#[tokio::test]
async fn immutable_parts_of_elements_stay_and_elements_come_and_go() {
    let tenant = tenant().await;
    let user = tenant
        .user(
            "ada",
            json!({URN: {"phones": [{"value": "1", "type": "desk", "imei": "x"}]}}),
        )
        .await;
    let path = path_of(&user);
    for operation in [
        json!({"op": "replace", "path": "phones[value eq \"1\"].imei", "value": "y"}),
        json!({"op": "replace", "path": format!("{URN}:phones[value eq \"1\"]"), "value": {"imei": "y"}}),
        json!({"op": "remove", "path": "phones[value eq \"1\"].imei"}),
        json!({"op": "replace", "path": "phones.imei", "value": "y"}),
        json!({"op": "remove", "path": "phones.imei"}),
        json!({"op": "add", "path": "phones", "value": [{"value": "1", "type": "desk", "imei": "y"}]}),
    ] {
        let (status, error) = tenant.patch(&path, json!([operation])).await;
        assert_eq!(
            (status, &error["scimType"]),
            (400, &json!("mutability")),
            "{operation}: {error}"
        );
    }
    let (status, error) = tenant
        .patch(
            &path,
            json!([{"op": "remove", "path": "phones[imei eq \"x\"].value"}]),
        )
        .await;
    assert_eq!(
        (
            status,
            error["detail"]
                .as_str()
                .unwrap()
                .contains("phones.value is required")
        ),
        (400, true),
        "{error}"
    );
    for operation in [
        json!({"op": "replace", "path": "phones[value eq \"1\"].type", "value": "van"}),
        json!({"op": "add", "path": "phones", "value": [{"value": "2", "imei": "z"}]}),
        json!({"op": "replace", "path": "phones", "value": [{"value": "1", "imei": "new"}]}),
    ] {
        let (status, body) = tenant.patch(&path, json!([operation])).await;
        assert_eq!(status, 200, "{operation}: {body}");
    }
    let body = json!({"userName": "ada", URN: {"phones": [{"value": "1", "imei": "newer"}]}});
    assert_eq!(tenant.send("PUT", &path, Some(body)).await.0, 200);
}

#[tokio::test]
async fn values_must_be_of_their_type_and_stay_as_they_were_sent() {
    let tenant = tenant().await;
    let good = json!({"hired": "2026-01-31T08:00:00.12+01:00", "level": -3, "ratio": 2, "scan": "QUI_-w", "site": "not checked", "phones": [{"value": "1", "type": "of my own"}]});
    let user = tenant.user("ada", json!({URN: good})).await;
    assert_eq!(user[URN], good);
    let path = path_of(&user);
    for (name, value) in [
        ("hired", json!("2026-01-31")),
        ("hired", json!("tomorrow")),
        ("hired", json!("2026-02-30T08:00:00Z")),
        ("hired", json!(1_767_225_600)),
        ("level", json!(1.5)),
        ("level", json!(true)),
        ("ratio", json!("much")),
        ("ratio", json!(false)),
        ("scan", json!("not base64!")),
        ("scan", json!("QUJDR")),
        ("scan", json!("QUI=Q")),
        ("tags", json!([{"value": {"x": 1}}])),
        ("desk", json!("here")),
    ] {
        let check = |verb: &str, (status, error): (u16, Value)| {
            assert_eq!(
                (status, &error["scimType"]),
                (400, &json!("invalidValue")),
                "{verb} {name} {value}: {error}"
            );
            let detail = error["detail"].as_str().unwrap();
            assert!(detail.contains(name), "{verb}: {detail}");
        };
        check(
            "POST",
            tenant
                .post("/Users", "bea", json!({URN: {name: value}}))
                .await,
        );
        check(
            "PUT",
            tenant
                .send(
                    "PUT",
                    &path,
                    Some(json!({"userName": "ada", URN: {name: value}})),
                )
                .await,
        );
        let operation = json!([{"op": "replace", "path": format!("{URN}:{name}"), "value": value}]);
        check("PATCH", tenant.patch(&path, operation).await);
    }
    assert_eq!(tenant.get(&path).await, user, "nothing was written");
}

#[tokio::test]
async fn bulk_and_the_search_over_all_types_know_them_too() {
    let tenant = tenant().await;
    let create = |number: &str| json!({"method": "POST", "path": "/Users", "bulkId": number, "data": {"userName": number, URN: {"badge": number}}});
    let body = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [create("a"), create("b")]});
    let (status, body) = tenant.send("POST", "/Bulk", Some(body)).await;
    assert_eq!(
        (status, &body["Operations"][1]["status"]),
        (200, &json!("201")),
        "{body}"
    );
    let search = json!({"filter": "badge eq \"b\"", "attributes": ["badge"]});
    let (status, body) = tenant.send("POST", "/.search", Some(search)).await;
    assert_eq!(
        (status, &body["Resources"][0][URN]),
        (200, &json!({"badge": "b"})),
        "{body}"
    );
    let search = json!({"filter": "pin pr"});
    assert_eq!(tenant.send("POST", "/.search", Some(search)).await.0, 400);
}
