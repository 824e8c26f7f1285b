//! Bits of a frame, most significant first.

use crate::codec::FrameError;

/// Most bytes of a frame that [`BitReader`] holds: 2048 words, the most that Annex E's `frmsiz` can ask for (the base
/// syntax ends at 1920 words).
pub(crate) const MAX_FRAME_BYTES: usize = 4096;

const WORDS: usize = MAX_FRAME_BYTES / 4;

/// A frame, laid out so that any field of up to 32 bits is one load and two shifts, without a branch.
///
/// Fields past the frame's end read as other bits of it. That is harmless while it lasts, because every field is bounded
/// by what can be done with it, and it does not last: [`BitReader::check`] is asked after each part of the syntax.
#[derive(Debug, Clone)]
pub(crate) struct BitReader {
    /// The 64 bits from each multiple of 32 bits on.
    windows: [u64; WORDS],
    position: usize,
    end: usize,
}

impl BitReader {
    pub(crate) const fn new() -> Self {
        Self { windows: [0; WORDS], position: 0, end: 0 }
    }

    /// Starts over at the first bit of `frame`, of which [`MAX_FRAME_BYTES`] are taken.
    pub(crate) fn load(&mut self, frame: &[u8]) {
        let frame = &frame[..frame.len().min(MAX_FRAME_BYTES)];
        self.position = 0;
        self.end = frame.len() * 8;
        let (words, rest) = frame.as_chunks::<4>();
        for (window, word) in self.windows.iter_mut().zip(words) {
            *window = u64::from(u32::from_be_bytes(*word)) << 32;
        }
        let mut filled = words.len();
        if !rest.is_empty() {
            let mut last = [0; 4];
            last[..rest.len()].copy_from_slice(rest);
            self.windows[filled] = u64::from(u32::from_be_bytes(last)) << 32;
            filled += 1;
        }
        for index in 1..filled {
            self.windows[index - 1] |= self.windows[index] >> 32;
        }
    }

    /// The bits from here on, in the most significant place; at least 33 are right.
    #[inline(always)]
    fn window(&self) -> u64 {
        self.windows[(self.position >> 5) % WORDS] << (self.position & 31)
    }

    /// The next `bits` bits, 1 to 32, as a number.
    #[inline(always)]
    pub(crate) fn take(&mut self, bits: u32) -> u32 {
        debug_assert!((1..=32).contains(&bits));
        let value = (self.window() >> (64 - bits)) as u32;
        self.position += bits as usize;
        value
    }

    /// The next `bits` bits, 1 to 32, as a number in two's complement.
    #[inline(always)]
    pub(crate) fn take_signed(&mut self, bits: u32) -> i32 {
        debug_assert!((1..=32).contains(&bits));
        let value = (self.window().cast_signed() >> (64 - bits)) as i32;
        self.position += bits as usize;
        value
    }

    /// The next bit.
    #[inline(always)]
    pub(crate) fn flag(&mut self) -> bool {
        self.take(1) == 1
    }

    /// Passes over `bits` bits.
    pub(crate) fn skip(&mut self, bits: usize) {
        self.position += bits;
    }

    /// Bits taken so far.
    #[cfg(test)]
    pub(crate) fn position(&self) -> usize {
        self.position
    }

    /// Whether all that was taken was there.
    ///
    /// # Errors
    /// [`FrameError::Malformed`] when fields were taken from past the frame's end.
    pub(crate) fn check(&self) -> Result<(), FrameError> {
        if self.position > self.end {
            return Err(FrameError::Malformed("the frame ends inside an audio block"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same bits, one at a time.
    fn expected(bytes: &[u8], from: usize, bits: usize) -> u64 {
        (from..from + bits).fold(0, |value, bit| value << 1 | u64::from(bytes[bit / 8] >> (7 - bit % 8) & 1))
    }

    #[test]
    fn fields_of_every_length_at_every_place() {
        let bytes: Vec<u8> = (0..61u32).map(|index| (index.wrapping_mul(0x9E37_79B1) >> 13) as u8).collect();
        let mut reader = BitReader::new();
        for bits in 1..=32usize {
            for from in 0..(bytes.len() * 8 - bits) {
                reader.load(&bytes);
                reader.skip(from);
                assert_eq!(u64::from(reader.take(bits as u32)), expected(&bytes, from, bits), "{bits} bits at {from}");
                reader.load(&bytes);
                reader.skip(from);
                let sign = (expected(&bytes, from, bits) as i64) << (64 - bits) >> (64 - bits);
                assert_eq!(i64::from(reader.take_signed(bits as u32)), sign);
            }
        }
    }

    #[test]
    fn the_end_is_exact() {
        let mut reader = BitReader::new();
        reader.load(&[0xFF; 5]);
        reader.skip(39);
        assert!(reader.flag());
        assert_eq!(reader.check(), Ok(()));
        reader.take(1);
        assert!(reader.check().is_err());
        reader.load(&[]);
        assert_eq!(reader.check(), Ok(()));
        reader.load(&[0xAB; MAX_FRAME_BYTES + 9]);
        reader.skip(MAX_FRAME_BYTES * 8 - 8);
        assert_eq!((reader.take(8), reader.check()), (0xAB, Ok(())));
        reader.take(32);
        assert!(reader.check().is_err());
    }
}
