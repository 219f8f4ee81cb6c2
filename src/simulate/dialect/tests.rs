use super::*;

const CLIENTS: [Client; 4] = [
    Client::Entra,
    Client::EntraLegacy,
    Client::Okta,
    Client::Rfc,
];

fn ada() -> Person {
    Person {
        user_name: "ada.sim1@fabrikam.example".to_owned(),
        external_id: "sim1-p1".to_owned(),
        given_name: "Ada".to_owned(),
        family_name: "Osei".to_owned(),
        title: Some("Lead".to_owned()),
        department: "Rail".to_owned(),
        phone: None,
        active: true,
        manager: None,
        gone: false,
    }
}

#[test]
fn a_filter_is_encoded_as_the_client_does() {
    let name = "o\"neill+1@x.example";
    assert_eq!(
        look_up_user(Client::Entra, name).path,
        "/Users?filter=userName+eq+%22o%5C%22neill%2B1%40x.example%22"
    );
    assert_eq!(
        look_up_user(Client::Okta, "a@b").path,
        "/Users?filter=userName%20eq%20%22a%40b%22&startIndex=1&count=100"
    );
    assert_eq!(
        look_up_group(Client::EntraLegacy, "A B").path,
        "/Groups?excludedAttributes=members&filter=displayName+eq+%22A+B%22"
    );
}

#[test]
fn legacy_entra_capitalises_and_quotes_booleans() {
    let left = Person {
        active: false,
        ..ada()
    };
    let body = change_user(Client::EntraLegacy, &ada(), &left).unwrap();
    assert_eq!(
        body["Operations"],
        json!([{ "op": "Replace", "path": "active", "value": "False" }])
    );
    assert_eq!(
        remove_members(Client::EntraLegacy, &["u1".to_owned()])["Operations"],
        json!([{ "op": "Remove", "path": "members", "value": [{ "$ref": null, "value": "u1" }] }])
    );
    assert_eq!(
        set_manager(Client::EntraLegacy, None)["Operations"],
        json!([{ "op": "Remove", "path": format!("{ENTERPRISE}:manager") }])
    );
}

#[test]
fn entra_with_the_flag_puts_scalars_into_one_operation_without_path() {
    let other = Person {
        family_name: "Mensah".to_owned(),
        user_name: "mensah.sim1@fabrikam.example".to_owned(),
        title: None,
        phone: Some("555".to_owned()),
        active: false,
        department: "Sales".to_owned(),
        ..ada()
    };
    let body = change_user(Client::Entra, &ada(), &other).unwrap();
    assert_eq!(
        body["Operations"],
        json!([
            { "op": "replace", "value": {
                "userName": "mensah.sim1@fabrikam.example", "displayName": "Ada Mensah",
                "name.familyName": "Mensah", "name.formatted": "Ada Mensah",
                format!("{ENTERPRISE}:department"): "Sales", "active": false } },
            { "op": "replace", "path": "emails[type eq \"work\"].value", "value": "mensah.sim1@fabrikam.example" },
            { "op": "add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "555" },
            { "op": "remove", "path": "title" },
        ])
    );
    assert_eq!(
        remove_members(Client::Entra, &["u1".to_owned()])["Operations"],
        json!([{ "op": "remove", "path": "members[value eq \"u1\"]" }])
    );
}

#[test]
fn okta_puts_what_it_read_and_repeats_the_id_in_a_push() {
    let read =
        json!({ "id": "7", "userName": "old", "title": "Lead", "nickName": "A", "meta": {} });
    let wanted = Person {
        title: None,
        ..ada()
    };
    let body = replace_user(Client::Okta, &read, &wanted);
    assert_eq!(body["id"], "7");
    assert_eq!(body["nickName"], "A");
    assert_eq!(body["userName"], "ada.sim1@fabrikam.example");
    assert!(body.get("title").is_none());
    let team = Team {
        display_name: "Push".to_owned(),
        external_id: "t".to_owned(),
        members: [].into(),
    };
    assert_eq!(
        rename_group(Client::Okta, "9", &team)["Operations"],
        json!([{ "op": "replace", "value": { "id": "9", "displayName": "Push" } }])
    );
}

#[test]
fn nothing_to_change_sends_nothing_and_every_body_names_its_schemas() {
    for client in CLIENTS {
        assert_eq!(change_user(client, &ada(), &ada()), None);
        for body in [
            create_user(client, &ada()),
            set_active(client, true),
            set_manager(client, Some("7")),
            add_members(client, &["u1".to_owned()]),
        ] {
            assert!(body["schemas"][0].is_string(), "{client:?}: {body}");
        }
    }
}

#[test]
fn the_rfc_client_sends_typed_values_and_existing_targets_only() {
    let other = Person {
        active: false,
        phone: Some("555".to_owned()),
        ..ada()
    };
    let body = change_user(Client::Rfc, &ada(), &other).unwrap();
    assert_eq!(
        body["Operations"],
        json!([
            { "op": "replace", "path": "active", "value": false },
            { "op": "add", "path": "phoneNumbers", "value": [{ "type": "mobile", "value": "555" }] },
        ])
    );
}
