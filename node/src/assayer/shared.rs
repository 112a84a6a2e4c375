//! A cache for several threads, in which nothing is made twice.

use super::cache::Cache;
use sp_core::H256;
use std::{
    collections::HashSet,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

/// Values by hash. Who asks for a value that another thread is making waits for it.
pub struct Shared<Value> {
    state: Mutex<State<Value>>,
    /// Something is not being made any more.
    ended: Condvar,
}

struct State<Value> {
    cache: Cache<Value>,
    /// What is being made.
    making: HashSet<H256>,
}

impl<Value: Clone> Shared<Value> {
    /// As [`Cache::new`].
    pub fn new(room: usize) -> Self {
        Self {
            state: Mutex::new(State {
                cache: Cache::new(room),
                making: HashSet::new(),
            }),
            ended: Condvar::new(),
        }
    }

    /// As [`Cache::get`]; does not wait.
    pub fn get(&self, key: &H256) -> Option<Value> {
        self.lock().cache.get(key)
    }

    /// As [`Cache::insert`].
    pub fn insert(&self, key: H256, value: Value, size: usize) {
        self.lock().cache.insert(key, value, size);
    }

    /// The value that is kept, or else the one that `make` makes, with its size for
    /// [`Cache::insert`]. Errors are not kept: whoever waited tries again.
    ///
    /// `make` may ask for other values, as long as no two wait for each other.
    pub fn get_or_make<E>(
        &self,
        key: H256,
        make: impl FnOnce() -> Result<(Value, usize), E>,
    ) -> Result<Value, E> {
        let mut state = self.lock();
        loop {
            if let Some(value) = state.cache.get(&key) {
                return Ok(value);
            }
            if state.making.insert(key) {
                break;
            }
            state = self
                .ended
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
        drop(state);
        // Others wait no longer however this ends, with a panic too.
        let _ending = Ending { shared: self, key };
        let (value, size) = make()?;
        self.insert(key, value.clone(), size);
        Ok(value)
    }

    fn lock(&self) -> MutexGuard<'_, State<Value>> {
        // Nothing that changes the state panics, so it is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The room that is used.
    #[cfg(test)]
    pub fn used(&self) -> usize {
        self.lock().cache.used()
    }
}

struct Ending<'a, Value: Clone> {
    shared: &'a Shared<Value>,
    key: H256,
}

impl<Value: Clone> Drop for Ending<'_, Value> {
    fn drop(&mut self) {
        self.shared.lock().making.remove(&self.key);
        self.shared.ended.notify_all();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::{
        panic::{catch_unwind, AssertUnwindSafe},
        sync::{
            atomic::{AtomicUsize, Ordering},
            Barrier,
        },
        thread,
        time::Duration,
    };

    const KEY: H256 = H256::repeat_byte(1);

    #[test]
    fn a_value_is_made_once_for_all_threads() {
        let shared = Shared::new(10);
        let made = AtomicUsize::new(0);
        let barrier = Barrier::new(8);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    barrier.wait();
                    let value = shared.get_or_make(KEY, || {
                        made.fetch_add(1, Ordering::Relaxed);
                        // Long enough for the others to come.
                        thread::sleep(Duration::from_millis(20));
                        Ok::<_, ()>((7, 1))
                    });
                    assert_eq!(value, Ok(7));
                });
            }
        });
        assert_eq!(made.into_inner(), 1);
        assert_eq!(shared.get(&KEY), Some(7));
    }

    #[test]
    fn after_an_error_others_try() {
        let shared = Shared::new(10);
        let tries = AtomicUsize::new(0);
        let barrier = Barrier::new(4);
        let outcomes: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| {
                        barrier.wait();
                        shared.get_or_make(KEY, || {
                            thread::sleep(Duration::from_millis(5));
                            match tries.fetch_add(1, Ordering::Relaxed) {
                                0 => Err(()),
                                _ => Ok((7, 1)),
                            }
                        })
                    })
                })
                .collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        assert_eq!(outcomes.iter().filter(|o| o.is_err()).count(), 1);
        assert_eq!(tries.into_inner(), 2);
    }

    #[test]
    fn after_a_panic_others_try() {
        let shared = Shared::new(10);
        let panics = catch_unwind(AssertUnwindSafe(|| {
            shared.get_or_make(KEY, || -> Result<(u8, usize), ()> { panic!("in a test") })
        }));
        assert!(panics.is_err());
        assert_eq!(shared.get_or_make(KEY, || Ok::<_, ()>((7, 1))), Ok(7));
    }

    #[test]
    fn what_does_not_fit_is_made_for_each() {
        let shared = Shared::new(10);
        for value in [1, 2] {
            assert_eq!(
                shared.get_or_make(KEY, || Ok::<_, ()>((value, 11))),
                Ok(value)
            );
        }
        assert_eq!(shared.used(), 0);
    }
}
