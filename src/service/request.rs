//! A request as the operation of a run.

use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tower_service::Service;

use crate::event::Target;
use crate::run::future::ended;
use crate::run::operation::{Attempt, Attempted, Operation};
use crate::sealed::Sealed;
use crate::service::clone::CloneRequest;

/// A request and the service that it goes to: the operation of a [`RetryService`](crate::service::RetryService).
pub struct Requests<S, R, C> {
    service: S,
    /// Whether the service became ready and has not been called since.
    is_ready: bool,
    /// The request of the next attempt.
    next: Option<R>,
    clone: C,
}

impl<S, R, C> Requests<S, R, C> {
    /// Creates a request to a service that is ready.
    pub(crate) const fn new(service: S, request: R, clone: C) -> Self {
        Self { service, is_ready: true, next: Some(request), clone }
    }
}

impl<S, R, C> Sealed for Requests<S, R, C> {}

impl<S: Service<R>, R, C, Z> Attempted<Z> for Requests<S, R, C> {
    type Output = InService<S, R, S::Future>;
}

impl<S, R, C, Z> Operation<Z> for Requests<S, R, C>
where
    S: Service<R> + Clone,
    C: CloneRequest<R>,
{
    fn attempt(&mut self, _: &Z, _: impl FnOnce() -> Attempt) -> Self::Output {
        let Self { service, is_ready, next, clone } = self;
        let request = next.take();
        *next = request.as_ref().and_then(|request| clone.clone_request(request));
        match (request, *is_ready) {
            (Some(request), true) => {
                *is_ready = false;
                InService::Called { response: service.call(request) }
            }
            // `poll_ready` comes before each call. The clone keeps what it reserves until it is called.
            (request, _) => InService::Readying { service: service.clone(), request },
        }
    }

    fn can_repeat(&self) -> bool {
        self.next.is_some()
    }

    fn target(&self) -> Target {
        Target::of::<S>()
    }
}

pin_project! {
    /// One attempt of a request.
    #[must_use = "futures do nothing unless they are awaited or polled"]
    #[project = InServiceProjection]
    pub enum InService<S, R, F> {
        /// The service is not yet known to be ready.
        #[allow(missing_docs)]
        Readying { service: S, request: Option<R> },
        /// The service has been called.
        #[allow(missing_docs)]
        Called { #[pin] response: F },
    }
}

impl<S: Service<R>, R> Future for InService<S, R, S::Future> {
    type Output = Result<S::Response, S::Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let response = match self.as_mut().project() {
                InServiceProjection::Called { response } => return response.poll(context),
                InServiceProjection::Readying { service, request } => {
                    if let Err(error) = ready!(service.poll_ready(context)) {
                        return Poll::Ready(Err(error));
                    }
                    // An attempt begins with a request, which is gone if the service panicked when it was called.
                    let Some(request) = request.take() else { ended() };
                    service.call(request)
                }
            };
            self.set(Self::Called { response });
        }
    }
}

impl<S, R, C> fmt::Debug for Requests<S, R, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Requests").finish_non_exhaustive()
    }
}

impl<S, R, F> fmt::Debug for InService<S, R, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InService").finish_non_exhaustive()
    }
}
