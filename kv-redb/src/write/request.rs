//! Requests of handles to the writer, and the writer's replies.

use std::sync::Arc;

use kv_core::{Conditional, Error, Jurisdiction, NamespaceId, NamespaceTitle, Result};
use tokio::sync::oneshot;

use crate::{read::catalog::NamespaceState, write::mutation::Mutation};

/// Request of a handle to the writer.
pub(crate) enum Request {
    /// Changes of entries, which share a transaction with others.
    Write(Write),
    /// Change of the namespaces, in a transaction of its own.
    Namespaces(NamespaceRequest),
    /// Close the store after the requests before this one; those behind it are refused.
    Close,
}

/// Changes of entries that share one reply.
pub(crate) enum Write {
    Single(Arc<NamespaceState>, Mutation, Reply<Conditional>),
    /// Mutations to apply in this order.
    Batch(Arc<NamespaceState>, Vec<Mutation>, Reply<Vec<Result<Conditional>>>),
    /// Number of entries to reclaim at most.
    Sweep(usize, Reply<usize>),
}

/// Change of the namespaces.
pub(crate) enum NamespaceRequest {
    Create(NamespaceTitle, Option<Jurisdiction>, Reply<Arc<NamespaceState>>),
    /// Open the namespace with the title, or create it.
    Open(NamespaceTitle, Reply<Arc<NamespaceState>>),
    Rename(NamespaceId, NamespaceTitle, Reply<Arc<NamespaceState>>),
    Delete(NamespaceId, Reply<()>),
}

/// Reply to a request. Its outcome is set when the request is applied, and sent once the transaction is
/// committed.
pub(crate) struct Reply<T> {
    sender: oneshot::Sender<Result<T>>,
    outcome: Option<Result<T>>,
}

impl<T> Reply<T> {
    /// Makes a reply and the receiver of its outcome.
    pub(crate) fn new() -> (Self, oneshot::Receiver<Result<T>>) {
        let (sender, receiver) = oneshot::channel();
        (Self { sender, outcome: None }, receiver)
    }

    /// Sets the outcome that is sent after the commit.
    pub(crate) fn set(&mut self, outcome: Result<T>) {
        self.outcome = Some(outcome);
    }

    /// Sends the outcome, or the error of the commit. The receiver may have been dropped.
    pub(crate) fn send(self, commit_error: Option<&Error>) {
        let outcome = commit_error.map(|error| Err(error.clone())).or(self.outcome);
        if let Some(outcome) = outcome {
            let _ = self.sender.send(outcome);
        }
    }
}

impl Write {
    /// Returns the mutations; none for a sweep.
    pub(crate) fn mutations(&self) -> &[Mutation] {
        match self {
            Self::Single(_, mutation, _) => std::slice::from_ref(mutation),
            Self::Batch(_, mutations, _) => mutations,
            Self::Sweep(..) => &[],
        }
    }

    /// Sets an error as the outcome of the whole request.
    pub(crate) fn set_error(&mut self, error: &Error) {
        match self {
            Self::Single(_, _, reply) => reply.set(Err(error.clone())),
            Self::Batch(_, _, reply) => reply.set(Err(error.clone())),
            Self::Sweep(_, reply) => reply.set(Err(error.clone())),
        }
    }

    /// Sends the reply, as [`Reply::send`] does.
    pub(crate) fn send_reply(self, commit_error: Option<&Error>) {
        match self {
            Self::Single(_, _, reply) => reply.send(commit_error),
            Self::Batch(_, _, reply) => reply.send(commit_error),
            Self::Sweep(_, reply) => reply.send(commit_error),
        }
    }
}

impl NamespaceRequest {
    /// Sends the reply, as [`Reply::send`] does.
    pub(crate) fn send_reply(self, commit_error: Option<&Error>) {
        match self {
            Self::Create(_, _, reply) | Self::Open(_, reply) | Self::Rename(_, _, reply) => {
                reply.send(commit_error);
            }
            Self::Delete(_, reply) => reply.send(commit_error),
        }
    }
}

impl Request {
    /// Returns the approximate memory that it takes up in the queue, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Write(Write::Single(_, mutation, _)) => mutation.bytes(),
            Self::Write(Write::Batch(_, mutations, _)) => mutations.iter().map(Mutation::bytes).sum(),
            Self::Write(Write::Sweep(..)) | Self::Namespaces(_) | Self::Close => 0,
        }
    }

    /// Replies with an error to a request that is not served.
    pub(crate) fn refuse(self, error: &Error) {
        match self {
            Self::Write(write) => write.send_reply(Some(error)),
            Self::Namespaces(request) => request.send_reply(Some(error)),
            Self::Close => {}
        }
    }
}
