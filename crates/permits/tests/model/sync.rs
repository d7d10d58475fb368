//! The primitives of `src/sync.rs` under the scheduler of the model: each use of one may switch to another thread.

pub(crate) use std::sync::Arc;

pub(crate) use shuttle::sync::{Mutex, MutexGuard};

/// Tokio's channel with switches between its steps.
pub(crate) mod oneshot {
    use std::{
        future::Future,
        pin::Pin,
        task::{Context, Poll},
    };

    use shuttle::thread::yield_now;
    use tokio::sync::oneshot::error::{RecvError, TryRecvError};

    pub(crate) struct Sender<T>(tokio::sync::oneshot::Sender<T>);

    pub(crate) struct Receiver<T>(tokio::sync::oneshot::Receiver<T>);

    pub(crate) fn channel<T>() -> (Sender<T>, Receiver<T>) {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        (Sender(sender), Receiver(receiver))
    }

    impl<T> Sender<T> {
        pub(crate) fn send(self, value: T) -> Result<(), T> {
            yield_now();
            self.0.send(value)
        }

        pub(crate) fn is_closed(&self) -> bool {
            yield_now();
            self.0.is_closed()
        }
    }

    impl<T> Receiver<T> {
        pub(crate) fn close(&mut self) {
            yield_now();
            self.0.close();
            yield_now();
        }

        pub(crate) fn try_recv(&mut self) -> Result<T, TryRecvError> {
            self.0.try_recv()
        }
    }

    impl<T> Future for Receiver<T> {
        type Output = Result<T, RecvError>;

        fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
            yield_now();
            Pin::new(&mut self.0).poll(cx)
        }
    }
}
