//! `POST /.search`: users and groups in one list.

use serde_json::{Value, json};

use super::{Service, group, user};

async fn service() -> Service {
    let service = Service::start();
    service
        .bulk(json!([
            user("a", "harbour.ada"),
            user("b", "harbour.ben"),
            user("c", "rail.cy"),
            group("g", "Harbour", &["bulkId:a"]),
            group("h", "Harbour Survey", &[]),
        ]))
        .await;
    service
}

async fn names(service: &Service, mut body: Value) -> (u64, Vec<String>) {
    body["attributes"] = json!(["userName", "displayName"]);
    let (status, list) = service.call("POST", "/.search", &body).await;
    assert_eq!(status, 200, "{list}");
    let rows = list["Resources"].as_array().unwrap();
    assert_eq!(list["itemsPerPage"], rows.len());
    let name = |row: &Value| {
        assert!(row.get("members").is_none() && row.get("active").is_none());
        let name = row.get("userName").or(row.get("displayName")).unwrap();
        name.as_str().unwrap().replace("@fabrikam.example", "")
    };
    let names = rows.iter().map(name).collect();
    (list["totalResults"].as_u64().unwrap(), names)
}

#[tokio::test]
async fn pages_lead_through_users_and_then_groups() {
    let service = service().await;
    let (total, all) = names(&service, json!({})).await;
    assert_eq!((total, all.len()), (5, 5));
    assert!(all[3].starts_with("Harbour") && all[4].starts_with("Harbour"));
    for count in 1..=5_usize {
        let mut walked = vec![];
        while walked.len() < 5 {
            let body = json!({ "startIndex": walked.len() + 1, "count": count });
            let (total, page) = names(&service, body).await;
            assert_eq!(total, 5);
            assert_eq!(page.len(), count.min(5 - walked.len()));
            walked.extend(page);
        }
        assert_eq!(walked, all, "{count} at a time");
    }
    assert_eq!(names(&service, json!({ "count": 0 })).await, (5, vec![]));
    assert_eq!(
        names(&service, json!({ "startIndex": 6 })).await,
        (5, vec![])
    );
}

#[tokio::test]
async fn a_type_without_the_attribute_has_no_value_for_it() {
    let service = service().await;
    let filtered = async |filter: &str| names(&service, json!({ "filter": filter })).await;
    let (total, found) = filtered("displayName sw \"harbour\" or userName sw \"rail\"").await;
    assert_eq!((total, found[0].as_str()), (3, "rail.cy"));
    assert_eq!(filtered("userName pr").await.0, 3);
    assert_eq!(filtered("not (userName pr)").await.0, 2);
    assert_eq!(filtered("userName sw \"h\" and members pr").await.0, 0);
    assert_eq!(filtered("meta.resourceType eq \"Group\"").await.0, 2);
    assert_eq!(
        filtered("members pr").await,
        (1, vec!["Harbour".to_owned()])
    );
}

#[tokio::test]
async fn each_type_is_sorted_by_itself() {
    let service = service().await;
    let sorted = async |by: &str| {
        let body = json!({ "sortBy": by, "sortOrder": "descending" });
        names(&service, body).await.1
    };
    assert_eq!(
        sorted("userName").await[..3],
        ["rail.cy", "harbour.ben", "harbour.ada"]
    );
    assert_eq!(
        sorted("displayName").await[3..],
        ["Harbour Survey", "Harbour"]
    );
}

#[tokio::test]
async fn searches_are_refused_as_elsewhere() {
    let service = service().await;
    let refused = async |body: Value| {
        let (status, error) = service.call("POST", "/.search", &body).await;
        (status, error["scimType"].clone())
    };
    let invalid_filter = (400, json!("invalidFilter"));
    for filter in [
        "shoeSize eq 44",
        "userName eq",
        "active eq \"yes\"",
        "(userName pr",
    ] {
        assert_eq!(
            refused(json!({ "filter": filter })).await,
            invalid_filter,
            "{filter}"
        );
    }
    assert_eq!(refused(json!([])).await, (400, json!("invalidSyntax")));
    let both = json!({ "attributes": ["id"], "excludedAttributes": ["name"] });
    assert_eq!(refused(both).await, (400, json!("invalidValue")));
    let cursor = json!({ "cursor": "" });
    assert_eq!(refused(cursor).await, (400, json!("invalidCursor")));
    let sort = json!({ "sortBy": "shoeSize" });
    assert_eq!(refused(sort).await, (400, json!("invalidPath")));
    assert_eq!(service.get("/.search").await.0, 405);
}
