//! Threads that assays share, as many as the machine has cores.

use super::LOG;
use sp_panic_handler::AbortGuard;
use std::{
    num::NonZeroUsize,
    panic::{catch_unwind, AssertUnwindSafe},
    sync::{
        atomic::{AtomicUsize, Ordering},
        Condvar, Mutex, OnceLock, PoisonError,
    },
    thread,
};

/// A number of slots for what takes memory: however many callers there are, no more of it than this
/// is going on at a time.
pub struct WorkerPool {
    slots: NonZeroUsize,
    free: Mutex<usize>,
    freed: Condvar,
}

/// A taken slot; free again when dropped.
struct Slot<'a>(&'a WorkerPool);

impl WorkerPool {
    /// A pool of so many slots.
    pub fn new(slots: NonZeroUsize) -> Self {
        Self {
            slots,
            free: Mutex::new(slots.get()),
            freed: Condvar::new(),
        }
    }

    /// Does each of these in no particular order, on as many threads as there are slots, the caller's
    /// being one. What came of each is in its place, or `None` if doing it panicked.
    ///
    /// `work` is to wait for a slot ([`WorkerPool::in_slot`]) when it begins what takes memory.
    pub fn each<Item: Sync, Done: Send + Sync>(
        &self,
        items: &[Item],
        work: impl Fn(&Item) -> Done + Sync,
    ) -> Vec<Option<Done>> {
        let done: Vec<OnceLock<Done>> = items.iter().map(|_| OnceLock::new()).collect();
        let next = AtomicUsize::new(0);
        let work_on = || {
            // Only in this thread, and only until the work is done: a panic must not end the node.
            let _unwind = AbortGuard::force_unwind();
            while let Some((item, done)) = {
                let place = next.fetch_add(1, Ordering::Relaxed);
                items.get(place).zip(done.get(place))
            } {
                // What `work` leaves behind are caches, whole entries only.
                match catch_unwind(AssertUnwindSafe(|| work(item))) {
                    // No other thread has this place.
                    Ok(outcome) => drop(done.set(outcome)),
                    Err(_) => log::error!(target: LOG, "an assay panicked; please report this"),
                }
            }
        };
        thread::scope(|scope| {
            for _ in 1..self.slots.get().min(items.len()) {
                let thread = thread::Builder::new().name("assay".into());
                // Without help it takes longer.
                if let Err(error) = thread.spawn_scoped(scope, work_on) {
                    log::warn!(target: LOG, "cannot start a thread: {error}");
                }
            }
            work_on();
        });
        done.into_iter().map(OnceLock::into_inner).collect()
    }

    /// Waits for a free slot and works in it.
    pub fn in_slot<Done>(&self, work: impl FnOnce() -> Done) -> Done {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = self
            .freed
            .wait_while(free, |free| *free == 0)
            .unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
        drop(free);
        let _slot = Slot(self);
        work()
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::{collections::HashSet, time::Duration};

    fn pool(slots: usize) -> WorkerPool {
        WorkerPool::new(NonZeroUsize::new(slots).unwrap())
    }

    #[test]
    fn all_is_done_and_in_its_place() {
        for slots in [1, 2, 7] {
            for count in [0, 1, 2, 50] {
                let items: Vec<usize> = (0..count).collect();
                let done = pool(slots).each(&items, |item| item * 2);
                let expected: Vec<_> = items.iter().map(|item| Some(item * 2)).collect();
                assert_eq!(done, expected);
            }
        }
    }

    #[test]
    fn one_slot_needs_no_other_thread() {
        let here = thread::current().id();
        let threads = pool(1).each(&[(); 5], |()| thread::current().id());
        assert_eq!(threads, [Some(here); 5]);
        let threads: HashSet<_> = pool(3)
            .each(&[(); 9], |()| {
                thread::sleep(Duration::from_millis(5));
                thread::current().id()
            })
            .into_iter()
            .collect();
        assert_eq!(threads.len(), 3);
    }

    #[test]
    fn a_panic_is_alone() {
        for slots in [1, 3] {
            let pool = pool(slots);
            let done = pool.each(&[1, 2, 3, 4], |&item| {
                pool.in_slot(|| {
                    if item % 2 == 0 {
                        panic!("in a test")
                    } else {
                        item
                    }
                })
            });
            assert_eq!(done, [Some(1), None, Some(3), None]);
            // The slots are free again.
            assert_eq!(*pool.free.lock().unwrap(), slots);
        }
    }

    #[test]
    fn callers_share_the_slots() {
        let pool = pool(2);
        let (working, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    pool.each(&[(); 5], |()| {
                        pool.in_slot(|| {
                            let now = working.fetch_add(1, Ordering::SeqCst) + 1;
                            most.fetch_max(now, Ordering::SeqCst);
                            thread::sleep(Duration::from_millis(2));
                            working.fetch_sub(1, Ordering::SeqCst);
                        });
                    })
                });
            }
        });
        assert_eq!(most.into_inner(), 2);
    }
}
