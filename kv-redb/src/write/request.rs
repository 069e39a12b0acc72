//! What handles ask of the writer.

use std::sync::Arc;

use kv_core::{Conditional, Error, Jurisdiction, NamespaceId, NamespaceTitle, Result};
use tokio::sync::oneshot;

use crate::{read::catalog::Namespace, write::mutation::Mutation};

/// What a handle asks of the writer.
pub(crate) enum Request {
    /// Changes of entries, which share a transaction with others.
    Data(Data),
    /// A change of the namespaces, which has a transaction of its own.
    Admin(Admin),
    /// What came before is finished, what comes after is refused.
    Close,
}

pub(crate) enum Data {
    One(Arc<Namespace>, Mutation, Answer<Conditional>),
    /// Mutations that are applied in this order.
    Many(Arc<Namespace>, Vec<Mutation>, Answer<Vec<Result<Conditional>>>),
    /// Reclaims up to this many entries.
    Sweep(usize, Answer<usize>),
}

pub(crate) enum Admin {
    Create(NamespaceTitle, Option<Jurisdiction>, Answer<Arc<Namespace>>),
    /// The namespace with the title, created if there is none.
    Open(NamespaceTitle, Answer<Arc<Namespace>>),
    Rename(NamespaceId, NamespaceTitle, Answer<Arc<Namespace>>),
    Delete(NamespaceId, Answer<()>),
}

/// The way back to who asked. The outcome is known once a request is applied, and is given once the commit is.
pub(crate) struct Answer<T> {
    reply: oneshot::Sender<Result<T>>,
    outcome: Option<Result<T>>,
}

impl<T> Answer<T> {
    pub(crate) fn new() -> (Self, oneshot::Receiver<Result<T>>) {
        let (reply, receiver) = oneshot::channel();
        (Self { reply, outcome: None }, receiver)
    }

    /// Keeps the outcome until the commit.
    pub(crate) fn keep(&mut self, outcome: Result<T>) {
        self.outcome = Some(outcome);
    }

    /// Gives the outcome, or the failure of the commit. Who asked may be gone, which is fine.
    pub(crate) fn give(self, failure: Option<&Error>) {
        let outcome = failure.map(|failure| Err(failure.clone())).or(self.outcome);
        if let Some(outcome) = outcome {
            let _ = self.reply.send(outcome);
        }
    }
}

impl Data {
    /// The mutations that it consists of.
    pub(crate) fn mutations(&self) -> &[Mutation] {
        match self {
            Self::One(_, mutation, _) => std::slice::from_ref(mutation),
            Self::Many(_, mutations, _) => mutations,
            Self::Sweep(..) => &[],
        }
    }

    /// Keeps the same error as the outcome of all of it.
    pub(crate) fn keep_error(&mut self, error: &Error) {
        match self {
            Self::One(_, _, answer) => answer.keep(Err(error.clone())),
            Self::Many(_, _, answer) => answer.keep(Err(error.clone())),
            Self::Sweep(_, answer) => answer.keep(Err(error.clone())),
        }
    }

    pub(crate) fn give(self, failure: Option<&Error>) {
        match self {
            Self::One(_, _, answer) => answer.give(failure),
            Self::Many(_, _, answer) => answer.give(failure),
            Self::Sweep(_, answer) => answer.give(failure),
        }
    }
}

impl Admin {
    pub(crate) fn give(self, failure: Option<&Error>) {
        match self {
            Self::Create(_, _, answer) | Self::Open(_, answer) | Self::Rename(_, _, answer) => {
                answer.give(failure);
            }
            Self::Delete(_, answer) => answer.give(failure),
        }
    }
}

impl Request {
    /// About how many bytes it takes up while it waits.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Data(Data::One(_, mutation, _)) => mutation.bytes(),
            Self::Data(Data::Many(_, mutations, _)) => mutations.iter().map(Mutation::bytes).sum(),
            Self::Data(Data::Sweep(..)) | Self::Admin(_) | Self::Close => 0,
        }
    }

    pub(crate) fn refuse(self, failure: &Error) {
        match self {
            Self::Data(data) => data.give(Some(failure)),
            Self::Admin(admin) => admin.give(Some(failure)),
            Self::Close => {}
        }
    }
}
