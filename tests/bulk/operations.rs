//! What becomes of operations, one by one and through each other.

use serde_json::{Value, json};

use super::{Service, group, patch, statuses, user};

#[tokio::test]
async fn every_method_works_on_what_the_request_itself_created() {
    let service = Service::start();
    let results = service
        .bulk(json!([
            user("ada", "ada"),
            user("ben", "ben"),
            group("team", "Survey", &["bulkId:ada"]),
            { "method": "put", "path": "/Users/bulkId:ben", "data": {
                "userName": "ben@fabrikam.example", "title": "Pilot",
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {
                    "manager": { "value": "bulkId:ada", "$ref": "../Users/bulkId:ada" } } } },
            patch("Groups/bulkId:team", &json!({ "op": "add", "path": "members", "value": [{ "value": "bulkId:ben" }] })),
            patch("/scim/v2/Groups/bulkId:team", &json!({ "op": "remove", "path": "members[value eq \"bulkId:ada\"]" })),
            user("eve", "eve"),
            { "method": "DELETE", "path": "/Users/bulkId:eve" },
        ]))
        .await;
    assert_eq!(
        statuses(&results),
        ["201", "201", "201", "200", "204", "204", "201", "204"]
    );
    assert_eq!(results[3]["method"], "PUT");
    assert_eq!(results[0]["bulkId"], "ada");
    let ids: Vec<String> = results
        .iter()
        .map(|result| service.id(result).unwrap())
        .collect();
    assert_eq!((&ids[1], &ids[2]), (&ids[3], &ids[4]));
    let (_, ben) = service.get(&format!("/Users/{}", ids[1])).await;
    let manager = &ben["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]["manager"];
    assert_eq!(manager["value"], ids[0]);
    assert_eq!(manager["$ref"], format!("../Users/{}", ids[0]));
    assert_eq!(ben["meta"]["version"], results[3]["version"]);
    assert_eq!(service.members(&ids[2]).await, [ids[1].clone()]);
    let (_, team) = service.get(&format!("/Groups/{}", ids[2])).await;
    assert_eq!(team["meta"]["version"], results[5]["version"]);
    assert_eq!(service.get(&format!("/Users/{}", ids[7])).await.0, 404);
}

#[tokio::test]
async fn references_lead_forward_through_chains() {
    let service = Service::start();
    let results = service
        .bulk(json!([
            group("company", "Company", &["bulkId:division"]),
            group("division", "Division", &["bulkId:team", "bulkId:ada"]),
            group("team", "Team", &["bulkId:ada"]),
            user("ada", "ada"),
        ]))
        .await;
    assert_eq!(statuses(&results), ["201"; 4]);
    let ids: Vec<String> = results
        .iter()
        .map(|result| service.id(result).unwrap())
        .collect();
    assert_eq!(service.members(&ids[0]).await, [ids[1].clone()]);
    let members = service.members(&ids[1]).await;
    assert!(members.len() == 2 && members.contains(&ids[2]) && members.contains(&ids[3]));
    assert_eq!(service.members(&ids[2]).await, [ids[3].clone()]);
}

#[tokio::test]
async fn circles_are_refused_and_nothing_is_stored() {
    let service = Service::start();
    let results = service
        .bulk(json!([
            group("north", "North", &["bulkId:south"]),
            group("south", "South", &["bulkId:north"]),
            group("self", "Self", &["bulkId:self"]),
            group("above", "Above", &["bulkId:north"]),
            user("ada", "ada"),
        ]))
        .await;
    assert_eq!(statuses(&results), ["409", "409", "409", "409", "201"]);
    let detail = |result: &Value| result["response"]["detail"].as_str().unwrap().to_owned();
    assert!(detail(&results[0]).contains("circle"), "{}", results[0]);
    assert!(
        detail(&results[3]).contains("\"north\" failed"),
        "{}",
        results[3]
    );
    assert_eq!(service.total("/Groups").await, 0);
    // As the detail says.
    let results = service
        .bulk(json!([
            patch(
                "/Groups/bulkId:north",
                &json!({ "op": "add", "path": "members", "value": [{ "value": "bulkId:south" }] })
            ),
            group("north", "North", &[]),
            group("south", "South", &["bulkId:north"]),
        ]))
        .await;
    assert_eq!(statuses(&results), ["204", "201", "201"]);
}

#[tokio::test]
async fn what_refers_to_a_failure_fails_and_the_rest_goes_on() {
    let service = Service::start();
    service.bulk(json!([user("a", "ada")])).await;
    let results = service
        .bulk(json!([
            group("g1", "One", &["bulkId:ada"]),
            user("ada", "ADA"),
            group("g2", "Two", &["bulkId:nobody"]),
            patch("/Groups/bulkId:g2", &json!({ "op": "replace", "path": "displayName", "value": "Three" })),
            user("twin", "one"),
            user("twin", "two"),
            group("g3", "Four", &["bulkId:twin"]),
            user("ben", "ben"),
            { "method": "POST", "path": "/Users", "bulkId": "bad", "data": { "displayName": "No Name" } },
        ]))
        .await;
    assert_eq!(
        statuses(&results),
        [
            "409", "409", "400", "409", "400", "400", "409", "201", "400"
        ]
    );
    assert_eq!(results[1]["response"]["scimType"], "uniqueness");
    for position in [2, 4, 5, 8] {
        assert_eq!(results[position]["response"]["scimType"], "invalidValue");
    }
    assert_eq!(service.total("/Groups").await, 0);
    assert_eq!(service.total("/Users").await, 2);
}

#[tokio::test]
async fn an_operation_that_is_wrong_fails_alone() {
    let service = Service::start();
    let created = service.bulk(json!([user("ada", "ada")])).await;
    let (id, version) = (service.id(&created[0]).unwrap(), &created[0]["version"]);
    let retitle = |title: &str, version: &Value| {
        let change = json!({ "op": "replace", "path": "title", "value": title });
        let mut operation = patch(&format!("/Users/{id}"), &change);
        operation["version"] = version.clone();
        operation
    };
    let results = service
        .bulk(json!([
            { "method": "GET", "path": format!("/Users/{id}") },
            { "path": "/Users/1" },
            { "method": "DELETE" },
            { "method": "POST", "path": "/Users", "data": { "userName": "x@fabrikam.example" } },
            { "method": "PUT", "path": format!("/Users/{id}") },
            { "method": "DELETE", "path": "/Planets/1" },
            { "method": "POST", "path": "/Bulk", "bulkId": "b", "data": { "Operations": [] } },
            { "method": "DELETE", "path": "/Users" },
            { "method": "DELETE", "path": "/Users/nobody" },
            { "method": "PATCH", "path": "/Schemas", "data": {} },
            retitle("Pilot", version),
            retitle("Navigator", version),
            retitle("Captain", &json!("W/\"2\"")),
            patch(&format!("/Users/{id}"), &json!({ "op": "add", "path": "shoeSize", "value": 44 })),
            { "method": "DELETE", "path": format!("/Users/{id}"), "version": version },
            user("ben", "ben"),
        ]))
        .await;
    assert_eq!(
        statuses(&results),
        [
            "400", "400", "400", "400", "400", "404", "404", "405", "404", "405", "200", "412",
            "200", "400", "412", "201"
        ]
    );
    for result in &results[..5] {
        assert_eq!(result["response"]["scimType"], "invalidSyntax");
    }
    assert_eq!(results[13]["response"]["scimType"], "invalidPath");
    for position in [4, 10, 11, 12, 13, 14] {
        assert_eq!(service.id(&results[position]).as_ref(), Some(&id));
    }
    assert_eq!(results[3].get("location"), None);
    assert_eq!(
        service.get(&format!("/Users/{id}")).await.1["title"],
        "Captain"
    );
}

#[tokio::test]
async fn after_so_many_errors_nothing_more_is_begun() {
    let service = Service::start();
    let bad = || json!({ "method": "DELETE", "path": "/Users/nobody" });
    let results = service
        .bulk_failing_on(Some(1), json!([bad(), user("a", "ada"), user("b", "ben")]))
        .await;
    assert_eq!(statuses(&results), ["404"]);
    let results = service
        .bulk_failing_on(
            Some(2),
            json!([bad(), user("a", "ada"), bad(), user("b", "ben"), bad()]),
        )
        .await;
    assert_eq!(statuses(&results), ["404", "201", "404"]);
    assert_eq!(service.total("/Users").await, 1);
    // The order of execution counts: the group waits for the user that fails.
    let results = service
        .bulk_failing_on(
            Some(1),
            json!([
                group("g", "Team", &["bulkId:a"]),
                user("a", "ADA"),
                user("b", "ben")
            ]),
        )
        .await;
    assert_eq!(results.len(), 1);
    assert_eq!(results[0]["bulkId"], "a");
    let results = service
        .bulk_failing_on(Some(9), json!([bad(), bad(), user("b", "ben")]))
        .await;
    assert_eq!(statuses(&results), ["404", "404", "201"]);
}

#[tokio::test]
async fn the_outcome_is_that_of_one_after_another() {
    let service = Service::start();
    let created = service
        .bulk(json!([user("a", "ada"), group("g", "Team", &["bulkId:a"])]))
        .await;
    let (ada, team) = (
        service.id(&created[0]).unwrap(),
        service.id(&created[1]).unwrap(),
    );
    let add = |id: &str| json!({ "op": "add", "path": "members", "value": [{ "value": id }] });
    let mut operations = vec![
        patch(&format!("/Groups/{team}"), &add(&ada)),
        json!({ "method": "DELETE", "path": format!("/Users/{ada}") }),
        user("next", "ADA"),
        user("late", "ada"),
        patch(&format!("/Groups/{team}"), &add(&ada)),
    ];
    // Twenty changes of one resource: the last one stays.
    operations.extend((0..20).map(|number| {
        let change = json!({ "op": "replace", "path": "externalId", "value": number.to_string() });
        patch(&format!("/Groups/{team}"), &change)
    }));
    let results = service.bulk(Value::Array(operations)).await;
    let statuses = statuses(&results);
    assert_eq!(statuses[..5], ["204", "204", "201", "409", "400"]);
    assert!(statuses[5..].iter().all(|status| *status == "204"));
    let (_, team) = service.get(&format!("/Groups/{team}")).await;
    assert_eq!(team["externalId"], "19");
}

#[tokio::test]
async fn two_hundred_at_once() {
    let service = Service::start();
    let users = (0..200).map(|number| user(&format!("u{number}"), &format!("user{number}")));
    let results = service.bulk(users.collect()).await;
    for (number, result) in results.iter().enumerate() {
        assert_eq!(result["status"], "201");
        assert_eq!(result["bulkId"], format!("u{number}"), "in the order sent");
    }
    assert_eq!(service.total("/Users").await, 200);
}
