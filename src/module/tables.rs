//! What the running module keeps for those above it: each noun's own table, by its type. Therefore the module need
//! not know these rooms.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;

use crate::switch::lock::RwLock;

/// One table of each type, made when it is first asked for. The lock is a leaf.
#[derive(Default)]
pub(super) struct Tables(RwLock<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl Tables {
    /// The table of that type.
    pub(super) fn of<T: Any + Send + Sync + Default>(&self) -> Arc<T> {
        let known = self.0.read().get(&TypeId::of::<T>()).cloned();
        let table = known.unwrap_or_else(|| {
            let mut tables = self.0.write();
            Arc::clone(tables.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(T::default())))
        });
        // It was put there under this very type.
        table.downcast().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use crate::switch::lock::Mutex;

    use super::*;

    #[test]
    fn each_type_has_one_table() {
        let tables = Tables::default();
        tables.of::<Mutex<Vec<u8>>>().lock().push(1);
        *tables.of::<Mutex<u8>>().lock() = 2;
        assert_eq!(*tables.of::<Mutex<Vec<u8>>>().lock(), [1]);
        assert_eq!(*tables.of::<Mutex<u8>>().lock(), 2);
    }
}
