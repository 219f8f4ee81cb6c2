//! One write as the SDK's request types.

use std::collections::HashMap;

use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, Delete, Put, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, Update as TransactUpdate,
};

use super::expression::Expression;
use super::{Condition, Key, Update, Write, item};

/// A failed condition always brings the item as it stands.
pub(super) const ALL_OLD: ReturnValuesOnConditionCheckFailure =
    ReturnValuesOnConditionCheckFailure::AllOld;

impl Write {
    pub fn key(&self) -> &Key {
        match self {
            Write::Put { key, .. }
            | Write::Update { key, .. }
            | Write::Delete { key, .. }
            | Write::Check { key, .. } => key,
        }
    }

    pub fn condition(&self) -> Option<&Condition> {
        match self {
            Write::Put { condition, .. }
            | Write::Update { condition, .. }
            | Write::Delete { condition, .. } => condition.as_ref(),
            Write::Check { condition, .. } => Some(condition),
        }
    }
}

/// The expressions of one write.
#[derive(Debug)]
pub(super) struct Texts {
    pub(super) update: Option<String>,
    pub(super) condition: Option<String>,
    pub(super) names: Option<HashMap<String, String>>,
    pub(super) values: Option<HashMap<String, AttributeValue>>,
}

impl Texts {
    pub(super) fn new(update: Option<&Update>, condition: Option<&Condition>) -> Self {
        let mut expression = Expression::default();
        Self {
            update: update.map(|update| expression.update(update)),
            condition: condition.map(|condition| expression.condition(condition)),
            names: expression.names(),
            values: expression.values(),
        }
    }
}

pub(super) fn in_transaction(table: &str, write: &Write) -> Result<TransactWriteItem, BuildError> {
    let whole = TransactWriteItem::builder();
    let whole = match write {
        Write::Put {
            key,
            attrs,
            condition,
        } => {
            let texts = Texts::new(None, condition.as_ref());
            let put = Put::builder()
                .table_name(table)
                .set_item(Some(item::item(key, attrs)))
                .set_condition_expression(texts.condition)
                .set_expression_attribute_names(texts.names)
                .set_expression_attribute_values(texts.values)
                .return_values_on_condition_check_failure(ALL_OLD);
            whole.put(put.build()?)
        }
        Write::Update {
            key,
            update,
            condition,
        } => {
            let texts = Texts::new(Some(update), condition.as_ref());
            let update = TransactUpdate::builder()
                .table_name(table)
                .set_key(Some(item::key(key)))
                .set_update_expression(texts.update)
                .set_condition_expression(texts.condition)
                .set_expression_attribute_names(texts.names)
                .set_expression_attribute_values(texts.values)
                .return_values_on_condition_check_failure(ALL_OLD);
            whole.update(update.build()?)
        }
        Write::Delete { key, condition } => {
            let texts = Texts::new(None, condition.as_ref());
            let delete = Delete::builder()
                .table_name(table)
                .set_key(Some(item::key(key)))
                .set_condition_expression(texts.condition)
                .set_expression_attribute_names(texts.names)
                .set_expression_attribute_values(texts.values)
                .return_values_on_condition_check_failure(ALL_OLD);
            whole.delete(delete.build()?)
        }
        Write::Check { key, condition } => {
            let texts = Texts::new(None, Some(condition));
            let check = ConditionCheck::builder()
                .table_name(table)
                .set_key(Some(item::key(key)))
                .set_condition_expression(texts.condition)
                .set_expression_attribute_names(texts.names)
                .set_expression_attribute_values(texts.values)
                .return_values_on_condition_check_failure(ALL_OLD);
            whole.condition_check(check.build()?)
        }
    };
    Ok(whole.build())
}
