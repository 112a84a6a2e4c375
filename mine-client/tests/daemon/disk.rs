//! A disk that takes no more writes: nothing is sent that is not written down.

use crate::{
    examples::{mine_data, points, points_policy, points_world, run},
    interruption::check,
    view::View,
    world::account,
};
use mine_client::{
    journal::{Journal, JournalError},
    miner::MineError,
};
use redb::StorageBackend;
use std::{
    io,
    sync::{
        atomic::{AtomicU32, Ordering},
        Arc, Mutex,
    },
};

/// A file in memory that outlives the journal, and takes only so many more writes.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    bytes: Arc<Mutex<Vec<u8>>>,
    writes_left: Arc<AtomicU32>,
}

impl Disk {
    /// One that takes every write.
    pub fn roomy() -> Self {
        let disk = Self::default();
        disk.writes_left.store(u32::MAX, Ordering::Relaxed);
        disk
    }

    fn write_once(&self) -> io::Result<()> {
        let used = |left: u32| left.checked_sub(1);
        match self
            .writes_left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, used)
        {
            Ok(_) => Ok(()),
            Err(_) => Err(io::ErrorKind::StorageFull.into()),
        }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> io::Result<u64> {
        Ok(self.bytes.lock().unwrap().len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let start = offset as usize;
        let bytes = self.bytes.lock().unwrap();
        let found = bytes.get(start..start + out.len());
        out.copy_from_slice(found.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.write_once()?;
        self.bytes.lock().unwrap().resize(len as usize, 0);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.write_once()?;
        let start = offset as usize;
        self.bytes.lock().unwrap()[start..start + data.len()].copy_from_slice(data);
        Ok(())
    }
}

#[tokio::test]
async fn a_full_disk_stops_the_mine_before_it_sends() {
    let policy = points_policy();
    let data = mine_data("points", &points(), &policy);
    let mut full = 0;
    // The first life may write so often; the second as often as it likes.
    for writes in (0..).step_by(3) {
        let world = points_world();
        let view = View::of(&world, account(1));
        let disk = Disk::default();
        disk.writes_left.store(writes, Ordering::Relaxed);
        let ended = match Journal::with_backend(disk.clone()) {
            Ok(mut journal) => run(&view, &mut journal, &policy, &data).await.unwrap(),
            Err(error) => Err(MineError::Journal(error)),
        };
        match ended {
            Ok(()) => break,
            Err(MineError::Journal(error @ JournalError::Write(_))) => {
                assert!(error.to_string().contains("nothing was sent"), "{error}");
            }
            Err(other) => panic!("{other}"),
        }
        full += 1;
        disk.writes_left.store(u32::MAX, Ordering::Relaxed);
        let mut journal = Journal::with_backend(disk).unwrap();
        run(&view, &mut journal, &policy, &data)
            .await
            .unwrap()
            .unwrap();
        check(&world.borrow(), &journal);
    }
    assert!(full > 10, "only {full} places");
}
