//! Mending edges: the group's head and its own edges decide what holds.

use super::fault::{Amiss, Edge};
use crate::store::record::{attr, generation};
use crate::store::{StoreError, Tenant};
use crate::table::{Attr, Condition, Write};

impl Tenant {
    pub(super) async fn mend_edge(&self, edge: Edge, amiss: Amiss) -> Result<bool, StoreError> {
        let (forward, reverse) = (edge.forward(&self.scope), edge.reverse(&self.scope));
        let generation = Attr::S(edge.generation());
        let of_edge = Condition::Equals(attr::GENERATION, generation.clone());
        let head = |condition| Write::check(self.scope.resource(edge.group), condition);
        let member = |condition| Write::check(self.scope.resource(edge.member), condition);
        match amiss {
            Amiss::OnlyForward => {
                self.all(vec![
                    head(of_edge),
                    member(Condition::Exists),
                    Write::check(forward, Condition::Exists),
                    Write::put(reverse, [(attr::GENERATION, generation)]),
                ])
                .await
            }
            // The half that is left may be of an add or of a removal. A membership is what the group's own edges say: it
            // is their conditions that an add and a removal are decided by, and whoever asked the group was told that
            // this is no member. So nothing changes for them, and an identity provider that wants the member adds it
            // again; the other way round a repair could give somebody back the access that was taken away.
            Amiss::OnlyReverse => {
                self.all(vec![
                    head(of_edge.clone()),
                    Write::check(forward, Condition::NotExists),
                    Write::delete(reverse).when(of_edge),
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
        let mut writes = vec![dead, Write::delete(edge.forward(&self.scope))];
        let found = self.table().get(&reverse).await?;
        let of_edge = edge.generation();
        // It may belong to a newer generation.
        if found.as_ref().and_then(generation) == Some(of_edge.as_str()) {
            let condition = Condition::Equals(attr::GENERATION, Attr::S(of_edge));
            writes.push(Write::delete(reverse).when(condition));
        }
        self.all(writes).await
    }
}
