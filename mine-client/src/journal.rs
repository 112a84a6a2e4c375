//! What this mine has promised, written down before it is sent.
//!
//! One file, `journal.redb`. Every change is one transaction that is on the disk (fsync) before the
//! method returns, so a program that is killed, or a disk that is full, leaves either the old state or
//! the new one. The file is locked while it is open: one process per home.

use crate::{
    lifecycle::{Entry, Outcome, Stage},
    private,
    training::Gain,
};
use codec::{Decode, Encode};
use redb::{
    Database, DatabaseError, ReadableDatabase, ReadableTable, StorageBackend, TableDefinition,
    TableError,
};
use sonar_primitives::{AccountId, Balance, CampaignId, Hash, ModelId};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// The number of a submission in the journal, from 0 in the order of their preparation.
pub type EntryId = u64;

/// Facts about the journal itself, by name.
const FACTS: TableDefinition<&str, &[u8]> = TableDefinition::new("facts");
/// SCALE-encoded [`Entry`].
const ENTRIES: TableDefinition<EntryId, &[u8]> = TableDefinition::new("entries");
/// Gradients' blobs, until the chain has decided.
const BLOBS: TableDefinition<EntryId, &[u8]> = TableDefinition::new("blobs");
/// What was received from settled campaigns, by SCALE-encoded account and campaign.
const RECEIVED: TableDefinition<&[u8], u128> = TableDefinition::new("received");

/// The fact that names the chain.
const GENESIS: &str = "genesis";
/// The fact that names this layout.
const LAYOUT: &str = "layout";
/// The layout that this program reads and writes.
const LAYOUT_2: &[u8] = b"2";
/// That of versions whose chains had no rounds.
const LAYOUT_1: &[u8] = b"1";

/// Why the journal cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Another process has it open.
    #[error("{} is in use: another mine runs in this home; stop it, or choose another --home", .path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The folder cannot be made, or the file cannot be opened.
    #[error("cannot open the journal {}: {source}; make the disk writable and free some space", .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: Box<redb::Error>,
    },
    /// A change could not be written.
    #[error("cannot write the journal: {0}; nothing was sent, make the disk writable and free some space, then start again")]
    Write(Box<redb::Error>),
    /// The file cannot be read.
    #[error("cannot read the journal: {0}")]
    Read(Box<redb::Error>),
    /// The file was written by a version for chains without rounds.
    #[error(
        "the journal was written by a version of mine for chains without rounds, and this one cannot go on from it: \
         finish or claim what is pending there with that version; then move journal.redb out of the home, or choose \
         another --home"
    )]
    OldLayout,
    /// The file holds something that this program did not write.
    #[error("the journal is damaged, or of a later version: {0}")]
    Damaged(&'static str),
    /// The journal's submissions are on another chain.
    #[error(
        "this home belongs to another chain: its journal is for genesis {recorded:?}, the node has \
         {found:?}; connect to a node of that chain, or choose another --home"
    )]
    OtherChain {
        /// The genesis hash in the journal.
        recorded: Hash,
        /// The node's.
        found: Hash,
    },
}

/// The journal, open and locked.
#[derive(Debug)]
pub struct Journal {
    database: Database,
    genesis: Option<Hash>,
    entries: BTreeMap<EntryId, Entry>,
    received: BTreeMap<(AccountId, CampaignId), Balance>,
}

impl Journal {
    /// Opens the journal, or starts one.
    ///
    /// # Errors
    ///
    /// If another process has it open, or the file cannot be written, read or understood.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let failed = |source: redb::Error| JournalError::Open {
            path: path.to_owned(),
            source: Box::new(source),
        };
        let file = || {
            if let Some(folder) = path.parent() {
                private::create_folder(folder)?;
            }
            private::open_file(path)
        };
        let file = file().map_err(|error| failed(redb::Error::Io(error)))?;
        let database = Database::builder().create_file(file);
        let database = database.map_err(|error| match error {
            DatabaseError::DatabaseAlreadyOpen => JournalError::InUse {
                path: path.to_owned(),
            },
            other => failed(other.into()),
        })?;
        Self::start(database)
    }

    /// A journal in another place than a file.
    ///
    /// # Errors
    ///
    /// If the place cannot be written, read or understood.
    pub fn with_backend(backend: impl StorageBackend) -> Result<Self, JournalError> {
        let database = Database::builder()
            .create_with_backend(backend)
            .map_err(|error| JournalError::Write(Box::new(error.into())))?;
        Self::start(database)
    }

    fn start(database: Database) -> Result<Self, JournalError> {
        // Before anything is written: the file of another version stays as it is.
        let layout = layout(&database).map_err(|error| JournalError::Read(Box::new(error)))?;
        match layout.as_deref() {
            None | Some(LAYOUT_2) => {}
            Some(LAYOUT_1) => return Err(JournalError::OldLayout),
            Some(_) => return Err(JournalError::Damaged("its layout is unknown")),
        }
        let mut journal = Self {
            database,
            genesis: None,
            entries: BTreeMap::new(),
            received: BTreeMap::new(),
        };
        // Also creates the tables, so that reading never meets a missing one, and shows before any
        // work is done that the disk takes a write.
        journal.write(|tables| {
            if tables.facts.get(LAYOUT)?.is_none() {
                tables.facts.insert(LAYOUT, LAYOUT_2)?;
            }
            Ok(())
        })?;
        journal.load()?;
        Ok(journal)
    }

    /// Ties the journal to a chain; the first one counts.
    ///
    /// # Errors
    ///
    /// If it is tied to another chain, or cannot be written.
    pub fn bind(&mut self, genesis: Hash) -> Result<(), JournalError> {
        match self.genesis {
            Some(recorded) if recorded == genesis => Ok(()),
            Some(recorded) => Err(JournalError::OtherChain {
                recorded,
                found: genesis,
            }),
            None => {
                self.write(|tables| {
                    tables.facts.insert(GENESIS, genesis.as_bytes())?;
                    Ok(())
                })?;
                self.genesis = Some(genesis);
                Ok(())
            }
        }
    }

    /// Writes a submission and its gradient down before anything of it is sent.
    ///
    /// # Errors
    ///
    /// If it cannot be written; then nothing has changed.
    pub fn prepare(&mut self, entry: Entry, blob: &[u8]) -> Result<EntryId, JournalError> {
        let id = self.entries.keys().next_back().map_or(0, |last| last + 1);
        self.write(|tables| {
            tables.entries.insert(id, entry.encode().as_slice())?;
            tables.blobs.insert(id, blob)?;
            Ok(())
        })?;
        self.entries.insert(id, entry);
        Ok(id)
    }

    /// Writes down how far a submission has come. A final stage lets go of the gradient's blob,
    /// except when it was dropped: its commitment may still turn up.
    ///
    /// # Errors
    ///
    /// If it cannot be written; then nothing has changed.
    pub fn record(&mut self, id: EntryId, stage: Stage) -> Result<(), JournalError> {
        let decided = matches!(stage, Stage::Decided { .. });
        self.update(id, decided, |entry| entry.stage = stage)
    }

    /// Writes down what a gradient does on the held-out rows beside another model, the branch's best one by now.
    ///
    /// # Errors
    ///
    /// If it cannot be written; then nothing has changed.
    pub fn measured(
        &mut self,
        id: EntryId,
        beside: ModelId,
        gain: Gain,
    ) -> Result<(), JournalError> {
        self.update(id, false, |entry| {
            entry.measured_beside = beside;
            entry.held_out_before = gain.before;
            entry.held_out_after = gain.after;
        })
    }

    /// Writes down what a settled campaign brought; also that it brought nothing.
    ///
    /// # Errors
    ///
    /// If it cannot be written; then nothing has changed.
    pub fn receive(
        &mut self,
        account: &AccountId,
        campaign: CampaignId,
        amount: Balance,
    ) -> Result<(), JournalError> {
        let key = (account.clone(), campaign);
        self.write(|tables| {
            tables.received.insert(key.encode().as_slice(), amount)?;
            Ok(())
        })?;
        self.received.insert(key, amount);
        Ok(())
    }

    /// All submissions of an account, in the order of their preparation.
    pub fn entries<'a>(
        &'a self,
        account: &'a AccountId,
    ) -> impl DoubleEndedIterator<Item = (EntryId, &'a Entry)> + 'a {
        self.entries
            .iter()
            .map(|(id, entry)| (*id, entry))
            .filter(move |(_, entry)| entry.account == *account)
    }

    /// One submission.
    pub fn entry(&self, id: EntryId) -> Option<&Entry> {
        self.entries.get(&id)
    }

    /// The gradient of a submission that is not decided yet.
    ///
    /// # Errors
    ///
    /// If it cannot be read or is not there.
    pub fn blob(&self, id: EntryId) -> Result<Vec<u8>, JournalError> {
        let read = || -> Result<Option<Vec<u8>>, redb::Error> {
            let blobs = self.database.begin_read()?.open_table(BLOBS)?;
            Ok(blobs.get(id)?.map(|blob| blob.value().to_vec()))
        };
        read()
            .map_err(|error| JournalError::Read(Box::new(error)))?
            .ok_or(JournalError::Damaged("a gradient is missing"))
    }

    /// Campaigns in which an account has a submission that was on the chain, or may be, and of which it is not written
    /// down what they brought.
    pub fn unsettled(&self, account: &AccountId) -> BTreeSet<CampaignId> {
        self.entries(account)
            .filter(|(_, entry)| !matches!(entry.stage, Stage::Dropped { .. }))
            .map(|(_, entry)| entry.campaign)
            .filter(|campaign| !self.received.contains_key(&(account.clone(), *campaign)))
            .collect()
    }

    /// Models that an account has a part in, with their campaigns.
    pub fn models<'a>(
        &'a self,
        account: &'a AccountId,
    ) -> impl Iterator<Item = (CampaignId, ModelId)> + 'a {
        self.entries(account)
            .filter_map(|(_, entry)| match entry.stage {
                Stage::Decided {
                    outcome: Outcome::Contributed { model, .. },
                    ..
                } => Some((entry.campaign, model)),
                _ => None,
            })
    }

    /// What settled campaigns brought an account.
    pub fn received<'a>(
        &'a self,
        account: &'a AccountId,
    ) -> impl Iterator<Item = (CampaignId, Balance)> + 'a {
        self.received
            .iter()
            .filter(move |((to, _), _)| to == account)
            .map(|((_, campaign), amount)| (*campaign, *amount))
    }

    fn update(
        &mut self,
        id: EntryId,
        forget_blob: bool,
        change: impl FnOnce(&mut Entry),
    ) -> Result<(), JournalError> {
        let mut entry = self
            .entries
            .get(&id)
            .cloned()
            .ok_or(JournalError::Damaged("a submission is missing"))?;
        change(&mut entry);
        self.write(|tables| {
            tables.entries.insert(id, entry.encode().as_slice())?;
            if forget_blob {
                tables.blobs.remove(id)?;
            }
            Ok(())
        })?;
        self.entries.insert(id, entry);
        Ok(())
    }

    /// One transaction, on the disk when this returns.
    fn write(
        &self,
        change: impl FnOnce(&mut Tables<'_>) -> Result<(), redb::Error>,
    ) -> Result<(), JournalError> {
        let write = || -> Result<(), redb::Error> {
            let transaction = self.database.begin_write()?;
            let mut tables = Tables {
                facts: transaction.open_table(FACTS)?,
                entries: transaction.open_table(ENTRIES)?,
                blobs: transaction.open_table(BLOBS)?,
                received: transaction.open_table(RECEIVED)?,
            };
            change(&mut tables)?;
            drop(tables);
            transaction.commit()?;
            Ok(())
        };
        write().map_err(|error| JournalError::Write(Box::new(error)))
    }

    fn load(&mut self) -> Result<(), JournalError> {
        let damaged = JournalError::Damaged;
        let stored = self
            .read_all()
            .map_err(|error| JournalError::Read(Box::new(error)))?;
        self.genesis = match stored.genesis {
            None => None,
            Some(bytes) => {
                let hash = <[u8; 32]>::try_from(bytes.as_slice());
                Some(
                    hash.map_err(|_| damaged("the genesis hash is no hash"))?
                        .into(),
                )
            }
        };
        for (id, bytes) in stored.entries {
            let entry = Entry::decode(&mut bytes.as_slice())
                .map_err(|_| damaged("a submission cannot be decoded"))?;
            self.entries.insert(id, entry);
        }
        for (bytes, amount) in stored.received {
            let key = Decode::decode(&mut bytes.as_slice())
                .map_err(|_| damaged("a receipt cannot be decoded"))?;
            self.received.insert(key, amount);
        }
        Ok(())
    }

    fn read_all(&self) -> Result<Stored, redb::Error> {
        let transaction = self.database.begin_read()?;
        let facts = transaction.open_table(FACTS)?;
        let mut stored = Stored {
            genesis: facts.get(GENESIS)?.map(|value| value.value().to_vec()),
            entries: Vec::new(),
            received: Vec::new(),
        };
        for item in transaction.open_table(ENTRIES)?.iter()? {
            let (id, entry) = item?;
            stored.entries.push((id.value(), entry.value().to_vec()));
        }
        for item in transaction.open_table(RECEIVED)?.iter()? {
            let (key, amount) = item?;
            stored.received.push((key.value().to_vec(), amount.value()));
        }
        Ok(stored)
    }
}

/// The layout of a journal; `None` if it is a new one.
fn layout(database: &Database) -> Result<Option<Vec<u8>>, redb::Error> {
    let facts = match database.begin_read()?.open_table(FACTS) {
        Err(TableError::TableDoesNotExist(_)) => return Ok(None),
        facts => facts?,
    };
    Ok(facts.get(LAYOUT)?.map(|value| value.value().to_vec()))
}

/// The tables of one writing transaction.
struct Tables<'t> {
    facts: redb::Table<'t, &'static str, &'static [u8]>,
    entries: redb::Table<'t, EntryId, &'static [u8]>,
    blobs: redb::Table<'t, EntryId, &'static [u8]>,
    received: redb::Table<'t, &'static [u8], u128>,
}

/// What is in the file, not understood yet.
struct Stored {
    genesis: Option<Vec<u8>>,
    entries: Vec<(EntryId, Vec<u8>)>,
    received: Vec<(Vec<u8>, u128)>,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Makes a journal with this layout.
    fn make(path: &Path, layout: &[u8]) {
        let database = Database::create(path).unwrap();
        let transaction = database.begin_write().unwrap();
        let mut facts = transaction.open_table(FACTS).unwrap();
        facts.insert(LAYOUT, layout).unwrap();
        drop(facts);
        transaction.commit().unwrap();
    }

    fn open(layout: &[u8]) -> Result<Journal, JournalError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.redb");
        make(&path, layout);
        Journal::open(&path)
    }

    #[test]
    fn journals_of_other_versions_are_refused() {
        assert!(open(LAYOUT_2).is_ok());
        let error = open(LAYOUT_1).unwrap_err();
        assert!(matches!(error, JournalError::OldLayout));
        assert!(error.to_string().contains("choose another --home"));
        assert!(matches!(open(b"3"), Err(JournalError::Damaged(_))));
    }

    #[test]
    fn the_journal_of_a_later_version_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.redb");
        make(&path, b"3");
        Journal::open(&path).unwrap_err();
        let database = Database::create(&path).unwrap();
        assert_eq!(layout(&database).unwrap().as_deref(), Some(&b"3"[..]));
        let transaction = database.begin_read().unwrap();
        assert_eq!(transaction.list_tables().unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_read_a_journal() {
        use std::{fs, os::unix::fs::PermissionsExt};
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        let path = home.join("journal.redb");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        drop(Journal::open(&path).unwrap());
        assert_eq!((mode(&home), mode(&path)), (0o700, 0o600));
        // One that an earlier version has left open to others.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        drop(Journal::open(&path).unwrap());
        assert_eq!(mode(&path), 0o600);
    }
}
