use http::HeaderMap;
use serde_json::json;

use super::super::exchange::Answer;
use super::*;

fn ada() -> (Person, Value) {
    let person = Person {
        user_name: "ada@x.example".to_owned(),
        external_id: "e1".to_owned(),
        given_name: "Ada".to_owned(),
        family_name: "Osei".to_owned(),
        title: None,
        department: "Rail".to_owned(),
        phone: Some("555".to_owned()),
        active: false,
        manager: Some(3),
        gone: false,
    };
    let body = json!({
        "userName": "ada@x.example", "externalId": "e1", "displayName": "Ada Osei", "active": false, "title": "",
        "name": { "givenName": "Ada", "familyName": "Osei" },
        "emails": [{ "type": "home", "value": "h@x.example" }, { "type": "Work", "value": "ada@x.example" }],
        "phoneNumbers": [{ "type": "mobile", "value": "555" }],
        ENTERPRISE: { "department": "Rail", "manager": { "value": "m1" } },
    });
    (person, body)
}

#[test]
fn what_reads_as_written_has_no_differences() {
    let (person, body) = ada();
    assert!(differences(&person, Some("m1"), &body).is_empty());
}

#[test]
fn every_departure_is_named() {
    let (person, mut body) = ada();
    body["title"] = json!("Lead");
    body["active"] = json!("False");
    body["emails"] = json!([{ "value": "ada@x.example" }]);
    body["name"] = json!("Ada Osei");
    let found = differences(&person, None, &body);
    assert_eq!(
        found,
        [
            "name.givenName is missing; \"Ada\" was written",
            "name.familyName is missing; \"Osei\" was written",
            "title is \"Lead\" and was taken away",
            "emails[type eq \"work\"].value is missing; \"ada@x.example\" was written",
            "manager.value is \"m1\" and was taken away",
            "active is None, not false",
        ]
    );
    assert_eq!(differences(&person, None, &Value::Null).len(), 9);
}

#[test]
fn members_are_compared_as_a_set() {
    let fault = |members: &[&str]| {
        let rows: Vec<Value> = members.iter().map(|id| json!({ "value": id })).collect();
        let answer = Answer {
            status: 200,
            headers: HeaderMap::new(),
            text: String::new(),
            body: json!({ "members": rows }),
        };
        let read = Exchange {
            ask: Ask::get("/Groups/1"),
            answer: Ok(answer),
        };
        let set = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        members_fault(&read, &set(&["a", "b"]), &set(&["gone"]))
    };
    assert_eq!(fault(&["b", "a"]), None);
    assert_eq!(fault(&["b", "a", "gone"]), None);
    assert_eq!(
        fault(&["a", "a", "c"]).unwrap(),
        "of 2 members 1 are missing, 1 should not be there, 1 are listed twice"
    );
}
