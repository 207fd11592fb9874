//! The body of an HTTP answer, whole or cut.

use hyper::body::{Body, Bytes, Frame, SizeHint};
use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

/// A body that can break off.
#[derive(Debug)]
pub(super) struct Payload {
    bytes: Option<Bytes>,
    /// What `Content-Length` promises.
    length: u64,
    break_off: BreakOff,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BreakOff {
    Never,
    /// Once what there is has been written out.
    AfterFlush,
    Now,
}

impl Payload {
    pub(super) fn whole(bytes: Vec<u8>) -> Self {
        Self { length: length_of(&bytes), bytes: Some(bytes.into()), break_off: BreakOff::Never }
    }

    /// Promises all of `bytes` and breaks off after `sent` of them.
    pub(super) fn cut(mut bytes: Vec<u8>, sent: usize) -> Self {
        let length = length_of(&bytes);
        bytes.truncate(sent);
        Self { bytes: Some(bytes.into()), length, break_off: BreakOff::AfterFlush }
    }
}

fn length_of(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

impl Body for Payload {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(bytes) = self.bytes.take().filter(|bytes| !bytes.is_empty()) {
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        match self.break_off {
            BreakOff::Never => Poll::Ready(None),
            BreakOff::AfterFlush => {
                // hyper writes out what it has before it asks again.
                self.break_off = BreakOff::Now;
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            BreakOff::Now => Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into()))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.break_off == BreakOff::Never && self.bytes.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}
