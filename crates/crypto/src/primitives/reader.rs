//! Reads stored bytes in order. Missing bytes give `None`, never a panic.

use uuid::Uuid;

/// The bytes that are not read yet.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn read_array<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (head, tail) = self.0.split_first_chunk()?;
        self.0 = tail;
        Some(head)
    }

    pub(crate) fn read_slice(&mut self, len: usize) -> Option<&'a [u8]> {
        let (head, tail) = self.0.split_at_checked(len)?;
        self.0 = tail;
        Some(head)
    }

    pub(crate) fn read_u8(&mut self) -> Option<u8> {
        self.read_array().map(|[byte]| *byte)
    }

    pub(crate) fn read_u16(&mut self) -> Option<u16> {
        self.read_array().copied().map(u16::from_be_bytes)
    }

    pub(crate) fn read_u32(&mut self) -> Option<u32> {
        self.read_array().copied().map(u32::from_be_bytes)
    }

    pub(crate) fn read_i64(&mut self) -> Option<i64> {
        self.read_array().copied().map(i64::from_be_bytes)
    }

    pub(crate) fn read_uuid(&mut self) -> Option<Uuid> {
        self.read_array().copied().map(Uuid::from_bytes)
    }

    /// Reads exactly these bytes. `None`: others follow.
    pub(crate) fn expect_bytes(&mut self, expected: &[u8]) -> Option<()> {
        (self.read_slice(expected.len())? == expected).then_some(())
    }

    /// `None`: there are bytes left.
    pub(crate) fn expect_end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }

    pub(crate) const fn remaining_bytes(&self) -> &'a [u8] {
        self.0
    }
}
