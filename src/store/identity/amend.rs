//! Changes that rest on what was read: an item that is there is changed, one more is added where there may be more.

use super::IdentityError;
use crate::store::commit::{DEADLINE_MS, pause, settle};
use crate::store::{Store, StoreError, outbox};
use crate::table::{
    Attr, Attrs, Condition, Consistency, Item, Key, Query, Range, Reason, TableError, Transaction,
    Update, Write,
};

/// In the item of what has the others: how often one was added, so that no two are counted at once.
const ADDED: &str = "ad";

/// What there may be only so many of.
pub(super) struct Limited<'a> {
    /// What has them, and what that is called.
    pub of: &'a Key,
    pub what: &'static str,
    pub max: usize,
    /// What is said where there are as many.
    pub too_many: String,
}

impl Store {
    /// Makes of an item what `change` says of it, and again of what it has become where another was faster. Gives the
    /// item as it is then.
    pub(super) async fn amend<E: From<IdentityError>>(
        &self,
        key: Key,
        what: &'static str,
        change: impl Fn(&Item) -> Result<Update, E>,
    ) -> Result<Item, E> {
        let deadline = self.deadline();
        loop {
            let read = self.table().get(&key).await.map_err(IdentityError::from)?;
            let mut item = read.ok_or(IdentityError::NotFound(what))?;
            let update = change(&item)?;
            if is_so(&item, &update) {
                return Ok(item);
            }
            let unchanged = as_read(&item, &update);
            let (set, remove) = (update.set.clone(), update.remove.clone());
            match self.update_setting(key.clone(), update, unchanged).await {
                Ok(()) => {
                    item.attrs
                        .retain(|name, _| !remove.contains(&name.as_str()));
                    let set = set
                        .into_iter()
                        .map(|(name, value)| (name.to_owned(), value));
                    item.attrs.extend(set);
                    return Ok(item);
                }
                Err(TableError::Condition(_) | TableError::Busy) => {}
                Err(error) => return Err(IdentityError::from(error).into()),
            }
            self.again(deadline).await?;
        }
    }

    /// Puts an item that is new.
    pub(super) async fn put_new(&self, key: Key, attrs: Attrs) -> Result<Item, TableError> {
        self.table().write(&new(key.clone(), attrs.clone())).await?;
        Ok(item(key, attrs))
    }

    /// The same where `count` finds fewer than there may be.
    pub(super) async fn add<F>(
        &self,
        limited: &Limited<'_>,
        key: Key,
        attrs: Attrs,
        count: impl Fn() -> F,
    ) -> Result<Item, IdentityError>
    where
        F: Future<Output = Result<usize, StoreError>>,
    {
        let deadline = self.deadline();
        loop {
            let of = self.table().get(limited.of).await?;
            let of = of.ok_or(IdentityError::NotFound(limited.what))?;
            if count().await? >= limited.max {
                return Err(IdentityError::TooMany(limited.too_many.clone()));
            }
            let unchanged = of.number(ADDED).map_or(Condition::Lacks(ADDED), |added| {
                Condition::Equals(ADDED, Attr::N(added))
            });
            let writes = vec![
                new(key.clone(), attrs.clone()),
                Write::update(
                    limited.of.clone(),
                    Update {
                        add: [(ADDED, 1)].into(),
                        ..Update::default()
                    },
                )
                .when(Condition::And(vec![Condition::Exists, unchanged])),
            ];
            let token = outbox::draw_ulid(self.host());
            if self.settled(token, writes).await?.is_none() {
                return Ok(item(key, attrs));
            }
            self.again(deadline).await?;
        }
    }

    /// One transaction whose outcome is known afterwards: the reasons where it did not happen.
    pub(super) async fn settled(
        &self,
        token: String,
        writes: Vec<Write>,
    ) -> Result<Option<Vec<Reason>>, StoreError> {
        let transaction = Transaction { token, writes };
        settle(self.table(), self.host(), &transaction, self.deadline()).await
    }

    pub(super) async fn update_setting(
        &self,
        key: Key,
        update: Update,
        condition: Condition,
    ) -> Result<(), TableError> {
        let write = Write::update(key, update).when(condition);
        self.table().write(&write).await
    }

    /// Every item of the partition whose sort key begins with `prefix`.
    pub(super) async fn settings(
        &self,
        pk: String,
        prefix: String,
    ) -> Result<Vec<Item>, StoreError> {
        let (mut items, mut after) = (vec![], None);
        loop {
            let query = Query {
                range: Range::BeginsWith(prefix.clone()),
                after,
                ..Query::all(pk.clone())
            };
            let page = self.table().query(&query, Consistency::Strong).await?;
            items.extend(page.items);
            after = page.next;
            if after.is_none() {
                return Ok(items);
            }
        }
    }

    fn deadline(&self) -> i64 {
        self.host().now_ms() + DEADLINE_MS
    }

    async fn again(&self, deadline: i64) -> Result<(), IdentityError> {
        if self.host().now_ms() >= deadline {
            return Err(StoreError::Busy.into());
        }
        pause(self.host()).await;
        Ok(())
    }
}

/// Writes an item that is not there yet.
pub(super) fn new(key: Key, attrs: Attrs) -> Write {
    Write::put(key, attrs).when(Condition::NotExists)
}

fn item(key: Key, attrs: Attrs) -> Item {
    let attrs = attrs.into_iter();
    Item {
        key,
        attrs: attrs
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
    }
}

fn is_so(item: &Item, update: &Update) -> bool {
    let mut set = update.set.iter();
    let mut remove = update.remove.iter();
    set.all(|(name, value)| item.attrs.get(*name) == Some(value))
        && remove.all(|name| !item.attrs.contains_key(*name))
}

/// Nobody changed meanwhile what the update is about to change.
fn as_read(item: &Item, update: &Update) -> Condition {
    let names = update.set.keys().chain(&update.remove);
    let unchanged = names.map(|name| match item.attrs.get(*name) {
        Some(value) => Condition::Equals(name, value.clone()),
        None => Condition::Lacks(name),
    });
    Condition::And([Condition::Exists].into_iter().chain(unchanged).collect())
}
