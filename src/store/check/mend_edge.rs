//! Mending edges, work rows and big changes: the group's head decides what holds.

use super::fault::{Amiss, Edge, Loose};
use crate::store::keys::Work;
use crate::store::record::{attr, generation};
use crate::store::sweep::SINCE;
use crate::store::{Id, StoreError, Tenant};
use crate::table::{Attr, Condition, Key, Write};

impl Tenant {
    pub(super) async fn mend_edge(&self, edge: Edge, amiss: Amiss) -> Result<bool, StoreError> {
        let (forward, reverse) = (edge.forward(&self.scope), edge.reverse(&self.scope));
        let generation = Attr::S(edge.generation());
        let of_edge = Condition::Equals(attr::GENERATION, generation.clone());
        let check = |key, condition| Write::Check { key, condition };
        let head = |condition| check(self.scope.resource(edge.group), condition);
        let member = |condition| check(self.scope.resource(edge.member), condition);
        match amiss {
            Amiss::OnlyForward => {
                self.all(vec![
                    head(of_edge),
                    member(Condition::Exists),
                    check(forward, Condition::Exists),
                    Write::Put {
                        key: reverse,
                        attrs: [(attr::GENERATION, generation)].into(),
                        condition: None,
                    },
                ])
                .await
            }
            Amiss::OnlyReverse => {
                self.all(vec![
                    head(of_edge.clone()),
                    check(forward, Condition::NotExists),
                    Write::Delete {
                        key: reverse,
                        condition: Some(of_edge),
                    },
                ])
                .await
            }
            Amiss::MemberGone => {
                // An ordinary removal moves the group's version, as its readers expect.
                if let Some(group) = self.find(edge.group).await? {
                    self.take_out(group, edge.member).await?;
                }
                self.drop_sides(edge, member(Condition::NotExists)).await
            }
            Amiss::GroupGone | Amiss::GenerationGone => {
                let gone = head(Condition::Not(Box::new(of_edge)));
                self.drop_sides(edge, gone).await
            }
        }
    }

    /// Deletes what is there of an edge, if `dead` holds.
    async fn drop_sides(&self, edge: Edge, dead: Write) -> Result<bool, StoreError> {
        let reverse = edge.reverse(&self.scope);
        let mut writes = vec![dead];
        writes.push(Write::Delete {
            key: edge.forward(&self.scope),
            condition: None,
        });
        let found = self.table().get(&reverse).await?;
        let of_edge = edge.generation();
        // It may belong to a newer generation.
        if found.as_ref().and_then(generation) == Some(of_edge.as_str()) {
            writes.push(Write::Delete {
                key: reverse,
                condition: Some(Condition::Equals(attr::GENERATION, Attr::S(of_edge))),
            });
        }
        self.all(writes).await
    }

    /// A row that names the living goes.
    pub(super) async fn mend_row(&self, work: &Work) -> Result<bool, StoreError> {
        let id = match work {
            Work::Deleted(id) | Work::Generation(id, _) | Work::Change(id, _) => *id,
        };
        self.all(vec![
            Write::Check {
                key: self.scope.resource(id),
                condition: Condition::Exists,
            },
            Write::Delete {
                key: work.key(&self.scope),
                condition: Some(Condition::Exists),
            },
        ])
        .await
    }

    /// The head decides: what it waits for gets a row again, what it does not wait for goes.
    pub(super) async fn mend_change(
        &self,
        group: Id,
        op: &str,
        loose: Loose,
    ) -> Result<bool, StoreError> {
        let waits = Condition::Equals(attr::PENDING, Attr::S(op.to_owned()));
        let row = self.scope.work_change(group, op);
        let key = self.scope.resource(group);
        let (condition, mut writes) = match loose {
            Loose::Head => {
                let put = Write::Put {
                    key: row,
                    attrs: [(SINCE, Attr::N(self.host().now_ms()))].into(),
                    condition: Some(Condition::NotExists),
                };
                (waits, vec![put])
            }
            Loose::Row => (Condition::Not(Box::new(waits)), vec![delete(row)]),
            Loose::Lanes => {
                let lanes = self.lane_items(group, op).await?;
                let lanes = lanes.into_iter().map(|lane| delete(lane.key));
                (Condition::Not(Box::new(waits)), lanes.collect())
            }
        };
        writes.push(Write::Check { key, condition });
        self.all(writes).await
    }
}

fn delete(key: Key) -> Write {
    Write::Delete {
        key,
        condition: None,
    }
}
