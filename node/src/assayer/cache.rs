//! A cache that is bounded by the room that its values take.

use sp_core::H256;
use std::collections::{BTreeMap, HashMap};

/// Values by hash. When the room is used up, those that were not used for longest go.
pub struct Cache<Value> {
    room: usize,
    used: usize,
    /// Counts uses; the key of `order`.
    clock: u64,
    entries: HashMap<H256, Entry<Value>>,
    /// Keys in the order of their last use.
    order: BTreeMap<u64, H256>,
}

struct Entry<Value> {
    value: Value,
    size: usize,
    used_at: u64,
}

impl<Value: Clone> Cache<Value> {
    /// An empty cache; `room` is in whatever unit [`Self::insert`] gives sizes in.
    pub fn new(room: usize) -> Self {
        Self {
            room,
            used: 0,
            clock: 0,
            entries: HashMap::new(),
            order: BTreeMap::new(),
        }
    }

    /// The value, which counts as used now.
    pub fn get(&mut self, key: &H256) -> Option<Value> {
        let entry = self.entries.get_mut(key)?;
        self.order.remove(&entry.used_at);
        self.clock += 1;
        entry.used_at = self.clock;
        self.order.insert(self.clock, *key);
        Some(entry.value.clone())
    }

    /// Keeps a value that takes `size`. One that is larger than the whole cache is not kept.
    pub fn insert(&mut self, key: H256, value: Value, size: usize) {
        self.remove(&key);
        if size > self.room {
            return;
        }
        while self.used > self.room - size {
            let Some((_, oldest)) = self.order.first_key_value() else {
                break;
            };
            let oldest = *oldest;
            self.remove(&oldest);
        }
        self.clock += 1;
        let used_at = self.clock;
        self.used += size;
        self.order.insert(used_at, key);
        self.entries.insert(
            key,
            Entry {
                value,
                size,
                used_at,
            },
        );
    }

    /// The room that is used.
    #[cfg(test)]
    pub fn used(&self) -> usize {
        self.used
    }

    fn remove(&mut self, key: &H256) {
        if let Some(entry) = self.entries.remove(key) {
            self.order.remove(&entry.used_at);
            self.used -= entry.size;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(n: u8) -> H256 {
        H256::repeat_byte(n)
    }

    #[test]
    fn what_was_not_used_for_longest_goes_first() {
        let mut cache = Cache::new(10);
        cache.insert(key(1), 'a', 4);
        cache.insert(key(2), 'b', 4);
        assert_eq!(cache.get(&key(1)), Some('a'));
        cache.insert(key(3), 'c', 3);
        assert_eq!(cache.get(&key(2)), None);
        assert_eq!(cache.get(&key(1)), Some('a'));
        assert_eq!(cache.get(&key(3)), Some('c'));
        assert_eq!(
            (cache.used, cache.entries.len(), cache.order.len()),
            (7, 2, 2)
        );
    }

    #[test]
    fn what_is_too_large_is_not_kept() {
        let mut cache = Cache::new(10);
        cache.insert(key(1), 'a', 10);
        cache.insert(key(2), 'b', 11);
        assert_eq!(cache.get(&key(1)), Some('a'));
        assert_eq!(cache.get(&key(2)), None);
        cache.insert(key(3), 'c', 1);
        assert_eq!(cache.get(&key(1)), None);
        assert_eq!(cache.used, 1);
    }

    #[test]
    fn the_same_key_takes_room_once() {
        let mut cache = Cache::new(10);
        cache.insert(key(1), 'a', 6);
        cache.insert(key(1), 'b', 7);
        assert_eq!(cache.get(&key(1)), Some('b'));
        assert_eq!((cache.used, cache.order.len()), (7, 1));
    }
}
