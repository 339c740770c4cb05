//! How many attempts of runs this thread is in.

#[cfg(feature = "std")]
mod counted {
    use core::cell::Cell;
    use core::marker::PhantomData;

    std::thread_local! {
        static DEPTH: Cell<u32> = const { Cell::new(0) };
    }

    #[inline]
    pub(crate) fn depth() -> u32 {
        DEPTH.get()
    }

    /// The time that this thread is in an attempt.
    #[must_use]
    pub(crate) struct Inside {
        /// The count belongs to this thread.
        not_send: PhantomData<*const ()>,
    }

    impl Inside {
        #[inline]
        pub(crate) fn enter() -> Self {
            DEPTH.set(DEPTH.get().wrapping_add(1));
            Self { not_send: PhantomData }
        }
    }

    // An attempt may panic.
    impl Drop for Inside {
        #[inline]
        fn drop(&mut self) {
            DEPTH.set(DEPTH.get().wrapping_sub(1));
        }
    }
}

#[cfg(feature = "std")]
pub(crate) use counted::{Inside, depth};

#[cfg(not(feature = "std"))]
mod not_counted {
    pub(crate) const fn depth() -> u32 {
        0
    }

    #[must_use]
    pub(crate) struct Inside;

    impl Inside {
        pub(crate) const fn enter() -> Self {
            Self
        }
    }
}

#[cfg(not(feature = "std"))]
pub(crate) use not_counted::{Inside, depth};
