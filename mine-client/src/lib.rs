//! The data owner's program, as a library: `mine` keeps private data on its owner's disk, trains on
//! it, and earns for the gradients.
//!
//! - [`store`]: named data sets on the own disk;
//! - [`policy`]: what may be done without asking;
//! - [`fit`]: which campaigns and branches can be served, at what price; [`branch`]: reading the model tree;
//! - [`training`]: from a model of the tree to a gradient, checked on rows held out;
//! - [`journal`]: what was promised, written down before it is sent;
//! - [`lifecycle`]: what comes next for a submission, [`admission`]: whether a round takes it now; pure functions;
//! - [`miner`], [`daemon`]: what is done in one block, and block after block;
//! - [`chain`]: what all this asks of a chain.
//!
//! # Why it may be killed at any moment
//!
//! A gradient, its salt and its base are in the journal, on the disk, before the commitment is sent.
//! After a start the chain is asked which commitments it has; [`lifecycle::next`] compares and says
//! what is missing. Neither a lost answer nor a lost process can make the mine commit twice, forget to
//! reveal, or forget a claim, so stopping needs no ceremony: Ctrl-C and `kill -9` are the same. Only the time must not run
//! out: a commitment that is not revealed while its round takes reveals loses its deposit.

pub mod admission;
pub mod branch;
pub mod chain;
pub mod daemon;
pub mod event;
pub mod fit;
pub mod journal;
pub mod lifecycle;
pub mod miner;
pub mod policy;
mod private;
pub mod rounds;
pub mod store;
pub mod training;
