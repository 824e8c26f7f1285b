//! Layer II frames that Symphonia refuses, as frames that it accepts and that decode to the same samples.
//!
//! ISO/IEC 11172-3 §2.4.2.3 does not allow MPEG-1 Layer II every bit rate in every mode: two channels need 64, 96 kbit/s or 112
//! and more, one channel may have 192 at most. There are encoders that do not care, ffmpeg's among them, and players that play
//! it. Symphonia refuses such frames, and those at the lower sampling frequencies too, for which ISO/IEC 13818-3 has no such
//! rule. But it uses the bit rate for nothing but the frame's length and the choice of the bit allocation table.

use super::allocation::nbals;
use super::header::{HEADER_BYTES, Header, Layer, MAX_FRAME_BYTES, Mode, Version};
use crate::codec::FrameError;

/// What is done to a frame before Symphonia sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Disguise {
    /// Nothing.
    None,
    /// Two channels at a low rate: a higher rate under the same table, and zeros at the end.
    HigherRate,
    /// One channel at a high rate: the first of two independent ones, of which the second has nothing allocated. The
    /// allocation grows by zeros, for which there is room but in a frame of 384 kbit/s that is full to its last bits.
    DualChannel,
}

impl Disguise {
    pub fn of(header: &Header) -> Self {
        match (header.layer, header.mode) {
            (Layer::Two, Mode::SingleChannel) if header.bitrate >= 224_000 => Self::DualChannel,
            (Layer::Two, Mode::SingleChannel) => Self::None,
            (Layer::Two, _) if matches!(header.bitrate, 32_000 | 48_000 | 56_000 | 80_000) => Self::HigherRate,
            _ => Self::None,
        }
    }

    /// The header that Symphonia sees.
    pub fn header(self, header: &Header) -> Result<Header, FrameError> {
        match self {
            Self::None => Ok(*header),
            _ => Header::parse(&self.header_bytes(header)),
        }
    }

    fn header_bytes(self, header: &Header) -> [u8; HEADER_BYTES] {
        let id = u8::from(header.version == Version::Mpeg1);
        let (bitrate_index, sampling_frequency, mode) = match (self, header.version) {
            // 96 kbit/s: 48 for each channel is the most under Tables B.2c and B.2d.
            (Self::HigherRate, Version::Mpeg1) => (6, header.sampling_frequency, header.mode.bits()),
            // 160 kbit/s: there is but one table.
            (Self::HigherRate, _) => (14, header.sampling_frequency, header.mode.bits()),
            // 384 kbit/s, and at 44.1 kHz the longer frame of 32 kHz, whose table is the same.
            _ => (14, if header.sampling_frequency == 0 { 2 } else { header.sampling_frequency }, 0b1000),
        };
        [
            0xff,
            // Layer II, no CRC: it is checked already.
            0xf0 | id << 3 | 0b10 << 1 | 1,
            bitrate_index << 4 | sampling_frequency << 2 | u8::from(header.padding) << 1,
            mode << 4,
        ]
    }

    /// The frame that Symphonia sees, `seen` being its header; `None` when `frame` is shorter than its own allocation.
    pub fn put_on<'a>(
        self,
        header: &Header,
        seen: &Header,
        frame: &'a [u8],
        scratch: &'a mut [u8; MAX_FRAME_BYTES],
    ) -> Option<&'a [u8]> {
        if self == Self::None {
            return Some(frame);
        }
        let data = frame.get(header.data_start()..)?;
        let length = seen.frame_bytes();
        scratch[..HEADER_BYTES].copy_from_slice(&self.header_bytes(header));
        let to = scratch.get_mut(HEADER_BYTES..length)?;
        to.fill(0);
        match self {
            Self::DualChannel => {
                let mut writer = BitCopy { from: data, read: 0, to, written: 0 };
                for nbal in nbals(header) {
                    writer.copy(nbal)?;
                    writer.written += nbal;
                }
                writer.copy_rest();
            }
            _ => to.get_mut(..data.len())?.copy_from_slice(data),
        }
        scratch.get(..length)
    }
}

/// Copies bits to another place in a byte.
struct BitCopy<'a> {
    from: &'a [u8],
    read: usize,
    to: &'a mut [u8],
    written: usize,
}

impl BitCopy<'_> {
    fn copy(&mut self, bits: usize) -> Option<()> {
        for _ in 0..bits {
            let bit = self.from.get(self.read / 8)? >> (7 - self.read % 8) & 1;
            *self.to.get_mut(self.written / 8)? |= bit << (7 - self.written % 8);
            self.read += 1;
            self.written += 1;
        }
        Some(())
    }

    /// Everything that is left, as far as there is room.
    fn copy_rest(&mut self) {
        let bits = 8 * self.from.len() - self.read;
        let room = 8 * self.to.len() - self.written;
        self.copy(bits.min(room));
    }
}
