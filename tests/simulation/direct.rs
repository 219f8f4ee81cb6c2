//! The embedded engine by its own functions: the same table, without the SDK's marshalling and signing, which without
//! optimisation take fifty times as long as the engine. One test compares the two.

use std::collections::HashMap;
use std::fmt;

use async_trait::async_trait;
use dynoxide::actions::batch_get_item::{BatchGetItemRequest, KeysAndAttributes};
use dynoxide::actions::delete_item::DeleteItemRequest;
use dynoxide::actions::get_item::GetItemRequest;
use dynoxide::actions::put_item::PutItemRequest;
use dynoxide::actions::query::QueryRequest;
use dynoxide::actions::transact_write_items::{
    TransactConditionCheck, TransactDelete, TransactPut, TransactUpdate, TransactWriteItem,
    TransactWriteItemsRequest,
};
use dynoxide::actions::update_item::UpdateItemRequest;
use dynoxide::errors::CancellationReason;
use dynoxide::{AttributeValue, Database, DynoxideError};
use serde_json::json;
use serverless_scim::table::{
    Attr, Condition, Consistency, Cursor, Index, Item, Key, Page, Query, Range, Reason, Table,
    TableError, Transaction, Update, Write,
};

const TABLE: &str = "scim";

type Wire = HashMap<String, AttributeValue>;

pub(crate) struct Direct(Database);

impl fmt::Debug for Direct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Direct")
    }
}

impl Direct {
    pub(crate) fn memory() -> Self {
        let database = Database::memory().unwrap();
        let part = |name: &str, kind: &str| json!({ "AttributeName": name, "KeyType": kind });
        let text = |name: &str| json!({ "AttributeName": name, "AttributeType": "S" });
        let request = json!({
            "TableName": TABLE,
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [part("PK", "HASH"), part("SK", "RANGE")],
            "AttributeDefinitions": [text("PK"), text("SK")],
        });
        let request = serde_json::from_value(request).unwrap();
        database.create_table(request).unwrap();
        Self(database)
    }
}

fn value(attr: &Attr) -> AttributeValue {
    match attr {
        Attr::S(text) => AttributeValue::S(text.clone()),
        Attr::N(number) => AttributeValue::N(number.to_string()),
        Attr::B(bytes) => AttributeValue::B(bytes.clone()),
        Attr::Ss(texts) => AttributeValue::SS(texts.clone()),
    }
}

fn wire(key: &Key) -> Wire {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    [
        ("PK".to_owned(), text(&key.pk)),
        ("SK".to_owned(), text(&key.sk)),
    ]
    .into()
}

fn key(wire: &mut Wire) -> Key {
    let mut text = |name: &str| match wire.remove(name) {
        Some(AttributeValue::S(text)) => text,
        other => panic!("{name} is {other:?}"),
    };
    Key {
        pk: text("PK"),
        sk: text("SK"),
    }
}

fn item(mut wire: Wire) -> Item {
    let key = key(&mut wire);
    let attr = |value| match value {
        AttributeValue::S(text) => Attr::S(text),
        AttributeValue::N(number) => Attr::N(number.parse().unwrap()),
        AttributeValue::B(bytes) => Attr::B(bytes),
        AttributeValue::SS(texts) => Attr::Ss(texts),
        other => panic!("{other:?}"),
    };
    let attrs = wire.into_iter().map(|(name, value)| (name, attr(value)));
    Item {
        key,
        attrs: attrs.collect(),
    }
}

/// Names and values of one request's expressions.
#[derive(Default)]
struct Texts {
    names: HashMap<String, String>,
    values: Wire,
}

impl Texts {
    fn name(&mut self, name: &str) -> String {
        self.names.insert(format!("#{name}"), name.to_owned());
        format!("#{name}")
    }

    fn value(&mut self, attr: &Attr) -> String {
        let place = format!(":{}", self.values.len());
        self.values.insert(place.clone(), value(attr));
        place
    }

    fn compare(&mut self, name: &str, how: &str, attr: &Attr) -> String {
        format!("{} {how} {}", self.name(name), self.value(attr))
    }

    fn condition(&mut self, condition: &Condition) -> String {
        match condition {
            Condition::Exists => format!("attribute_exists({})", self.name("PK")),
            Condition::NotExists => format!("attribute_not_exists({})", self.name("PK")),
            Condition::Has(name) => format!("attribute_exists({})", self.name(name)),
            Condition::Lacks(name) => format!("attribute_not_exists({})", self.name(name)),
            Condition::Equals(name, attr) => self.compare(name, "=", attr),
            Condition::Less(name, number) => self.compare(name, "<", &Attr::N(*number)),
            Condition::Greater(name, number) => self.compare(name, ">", &Attr::N(*number)),
            Condition::And(parts) => self.join(parts, " AND "),
            Condition::Or(parts) => self.join(parts, " OR "),
            Condition::Not(part) => format!("(NOT {})", self.condition(part)),
        }
    }

    fn join(&mut self, parts: &[Condition], between: &str) -> String {
        let parts: Vec<String> = parts.iter().map(|part| self.condition(part)).collect();
        format!("({})", parts.join(between))
    }

    fn update(&mut self, update: &Update) -> String {
        let set = update.set.iter();
        let set: Vec<String> = set
            .map(|(name, attr)| self.compare(name, "=", attr))
            .collect();
        let add = update.add.iter();
        let add: Vec<String> = add
            .map(|(name, by)| self.compare(name, "", &Attr::N(*by)))
            .collect();
        let remove: Vec<String> = update.remove.iter().map(|name| self.name(name)).collect();
        let parts = [("SET", set), ("ADD", add), ("REMOVE", remove)];
        let parts = parts.iter().filter(|(_, parts)| !parts.is_empty());
        let parts: Vec<String> = parts
            .map(|(verb, parts)| format!("{verb} {}", parts.join(", ")))
            .collect();
        parts.join(" ")
    }

    fn range(&mut self, query: &Query) -> String {
        let text = |text: &String| Attr::S(text.clone());
        let pk = self.compare("PK", "=", &text(&query.pk));
        let sk = match &query.range {
            Range::All => return pk,
            Range::Equals(key) => self.compare("SK", "=", &text(key)),
            Range::BeginsWith(key) => {
                format!(
                    "begins_with({}, {})",
                    self.name("SK"),
                    self.value(&text(key))
                )
            }
            Range::Between(low, high) => {
                let low = self.compare("SK", "BETWEEN", &text(low));
                format!("{low} AND {}", self.value(&text(high)))
            }
            Range::Less(key) => self.compare("SK", "<", &text(key)),
            Range::LessOrEqual(key) => self.compare("SK", "<=", &text(key)),
            Range::Greater(key) => self.compare("SK", ">", &text(key)),
            Range::GreaterOrEqual(key) => self.compare("SK", ">=", &text(key)),
        };
        format!("{pk} AND {sk}")
    }

    fn names(&self) -> Option<HashMap<String, String>> {
        (!self.names.is_empty()).then(|| self.names.clone())
    }

    fn values(self) -> Option<Wire> {
        (!self.values.is_empty()).then_some(self.values)
    }
}

fn all_old() -> Option<String> {
    Some("ALL_OLD".to_owned())
}

fn full(key: &Key, attrs: &serverless_scim::table::Attrs) -> Wire {
    let mut full = wire(key);
    full.extend(
        attrs
            .iter()
            .map(|(name, attr)| ((*name).to_owned(), value(attr))),
    );
    full
}

fn transacted(write: &Write) -> TransactWriteItem {
    let mut texts = Texts::default();
    let condition_expression = write
        .condition()
        .map(|condition| texts.condition(condition));
    let table_name = TABLE.to_owned();
    let mut whole = TransactWriteItem::default();
    match write {
        Write::Put { key, attrs, .. } => {
            whole.put = Some(TransactPut {
                table_name,
                item: full(key, attrs),
                condition_expression,
                expression_attribute_names: texts.names(),
                expression_attribute_values: texts.values(),
                return_values_on_condition_check_failure: all_old(),
            });
        }
        Write::Update { key, update, .. } => {
            whole.update = Some(TransactUpdate {
                table_name,
                key: wire(key),
                update_expression: texts.update(update),
                condition_expression,
                expression_attribute_names: texts.names(),
                expression_attribute_values: texts.values(),
                return_values_on_condition_check_failure: all_old(),
            });
        }
        Write::Delete { key, .. } => {
            whole.delete = Some(TransactDelete {
                table_name,
                key: wire(key),
                condition_expression,
                expression_attribute_names: texts.names(),
                expression_attribute_values: texts.values(),
                return_values_on_condition_check_failure: all_old(),
            });
        }
        Write::Check { key, .. } => {
            whole.condition_check = Some(TransactConditionCheck {
                table_name,
                key: wire(key),
                condition_expression: condition_expression.unwrap_or_default(),
                expression_attribute_names: texts.names(),
                expression_attribute_values: texts.values(),
                return_values_on_condition_check_failure: all_old(),
            });
        }
    }
    whole
}

fn reason(reason: CancellationReason) -> Reason {
    match reason.code.as_str() {
        "None" => Reason::None,
        "ConditionalCheckFailed" => Reason::Condition(reason.item.map(item)),
        "ValidationError" => Reason::Invalid,
        other => panic!("a transaction was cancelled for {other}"),
    }
}

fn failed(error: DynoxideError) -> TableError {
    match error {
        DynoxideError::TransactionCanceledException(_, reasons) => {
            TableError::Cancelled(reasons.into_iter().map(reason).collect())
        }
        DynoxideError::ConditionalCheckFailedException(_, old) => {
            TableError::Condition(old.map(item))
        }
        other => TableError::Refused(Box::new(other)),
    }
}

#[async_trait]
impl Table for Direct {
    async fn get(&self, key: &Key) -> Result<Option<Item>, TableError> {
        let request = GetItemRequest {
            table_name: TABLE.to_owned(),
            key: wire(key),
            consistent_read: Some(true),
            ..GetItemRequest::default()
        };
        let found = self.0.get_item(request).map_err(failed)?;
        Ok(found.item.map(item))
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<(Vec<Item>, Vec<Key>), TableError> {
        if keys.is_empty() {
            return Ok((vec![], vec![]));
        }
        let keys = KeysAndAttributes {
            keys: keys.iter().map(wire).collect(),
            consistent_read: Some(true),
            ..KeysAndAttributes::default()
        };
        let request = BatchGetItemRequest {
            request_items: [(TABLE.to_owned(), keys)].into(),
            return_consumed_capacity: None,
        };
        let mut found = self.0.batch_get_item(request).map_err(failed)?;
        assert!(found.unprocessed_keys.is_empty());
        let items = found.responses.remove(TABLE).unwrap_or_default();
        Ok((items.into_iter().map(item).collect(), vec![]))
    }

    async fn query(&self, query: &Query, _: Consistency) -> Result<Page, TableError> {
        let mut texts = Texts::default();
        let request = QueryRequest {
            table_name: TABLE.to_owned(),
            key_condition_expression: Some(texts.range(query)),
            expression_attribute_names: texts.names(),
            expression_attribute_values: texts.values(),
            scan_index_forward: !query.descending,
            limit: query.limit.map(|limit| limit as usize),
            exclusive_start_key: query.after.as_ref().map(|after| wire(&after.key)),
            consistent_read: Some(true),
            ..QueryRequest::default()
        };
        let found = self.0.query(request).map_err(failed)?;
        let items = found.items.unwrap_or_default();
        let next = found.last_evaluated_key.map(|mut last| Cursor {
            key: key(&mut last),
            index_key: None,
        });
        Ok(Page {
            items: items.into_iter().map(item).collect(),
            next,
        })
    }

    async fn query_index(&self, _: Index, _: &Query) -> Result<Page, TableError> {
        panic!("the simulation stands on no index")
    }

    async fn scan(&self, _: Option<&Cursor>) -> Result<Page, TableError> {
        panic!("the simulation has its shadow")
    }

    async fn transact(&self, transaction: &Transaction) -> Result<(), TableError> {
        let request = TransactWriteItemsRequest {
            transact_items: transaction.writes.iter().map(transacted).collect(),
            client_request_token: Some(transaction.token.clone()),
            ..TransactWriteItemsRequest::default()
        };
        self.0
            .transact_write_items(request)
            .map(|_| ())
            .map_err(failed)
    }

    async fn write(&self, write: &Write) -> Result<(), TableError> {
        let mut texts = Texts::default();
        let condition_expression = write
            .condition()
            .map(|condition| texts.condition(condition));
        let table_name = TABLE.to_owned();
        let done = match write {
            Write::Put { key, attrs, .. } => self
                .0
                .put_item(PutItemRequest {
                    table_name,
                    item: full(key, attrs),
                    condition_expression,
                    expression_attribute_names: texts.names(),
                    expression_attribute_values: texts.values(),
                    return_values_on_condition_check_failure: all_old(),
                    ..PutItemRequest::default()
                })
                .map(|_| ()),
            Write::Update { key, update, .. } => self
                .0
                .update_item(UpdateItemRequest {
                    table_name,
                    key: wire(key),
                    update_expression: Some(texts.update(update)),
                    condition_expression,
                    expression_attribute_names: texts.names(),
                    expression_attribute_values: texts.values(),
                    return_values_on_condition_check_failure: all_old(),
                    ..UpdateItemRequest::default()
                })
                .map(|_| ()),
            Write::Delete { key, .. } => self
                .0
                .delete_item(DeleteItemRequest {
                    table_name,
                    key: wire(key),
                    condition_expression,
                    expression_attribute_names: texts.names(),
                    expression_attribute_values: texts.values(),
                    return_values_on_condition_check_failure: all_old(),
                    ..DeleteItemRequest::default()
                })
                .map(|_| ()),
            Write::Check { .. } => panic!("a check alone"),
        };
        done.map_err(failed)
    }
}
