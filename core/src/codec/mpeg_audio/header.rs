//! The frame header, ISO/IEC 11172-3:1993 §2.4.1.3 and §2.4.2.3, with the lower sampling frequencies of ISO/IEC
//! 13818-3:1998 §2.4.2.3 and, for Layer III alone, the halved ones that are called "MPEG-2.5" and stand in no standard.

use super::tables::{BITRATE_LSF, BITRATE_MPEG1, SAMPLE_RATE};
use crate::codec::{ChannelMode, Codec, FrameError, FrameHeader, Layout};

/// Bytes from a frame's start that [`parse_header`] needs.
pub const HEADER_BYTES: usize = 4;

/// Bytes of `crc_check`.
pub(super) const CRC_BYTES: usize = 2;

/// Bytes of the longest frame there is: Layer II, 384 kbit/s at 32 kHz, padded.
pub(super) const MAX_FRAME_BYTES: usize = 1729;

/// Which standard's tables a frame follows (`ID`, with the bit above it that MPEG-2.5 took from the syncword).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// ISO/IEC 11172-3.
    Mpeg1,
    /// ISO/IEC 13818-3, lower sampling frequencies.
    Mpeg2,
    /// Halved once more; Layer III only.
    Mpeg25,
}

/// `layer`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Layer {
    One,
    Two,
    Three,
}

/// `mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Stereo,
    /// Layers I and II: the first subband that is coded once for both channels, 4, 8, 12 or 16; Layer III ignores it.
    JointStereo {
        bound: usize,
    },
    DualChannel,
    SingleChannel,
}

/// All of the header that decoding asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub version: Version,
    pub layer: Layer,
    /// `protection_bit` is 0: 16 bits of CRC follow the header.
    pub protected: bool,
    /// Bits per second.
    pub bitrate: u32,
    /// The index in the header.
    pub sampling_frequency: u8,
    /// Hz.
    pub sample_rate: u32,
    /// `padding_bit`.
    pub padding: bool,
    pub mode: Mode,
}

impl Mode {
    /// `mode` and `mode_extension` as they stand in the header.
    pub fn bits(self) -> u8 {
        match self {
            Self::Stereo => 0b0000,
            Self::JointStereo { bound } => 0b0100 | (bound / 4 - 1) as u8,
            Self::DualChannel => 0b1000,
            Self::SingleChannel => 0b1100,
        }
    }
}

impl Header {
    /// Reads the first four bytes of `bytes`.
    pub fn parse(bytes: &[u8]) -> Result<Self, FrameError> {
        let Some(&[b0, b1, b2, b3]) = bytes.first_chunk() else {
            return Err(FrameError::Truncated(HEADER_BYTES));
        };
        if b0 != 0xff || b1 & 0xe0 != 0xe0 {
            return Err(FrameError::Malformed("syncword"));
        }
        let layer = match b1 >> 1 & 3 {
            0b11 => Layer::One,
            0b10 => Layer::Two,
            0b01 => Layer::Three,
            _ => return Err(FrameError::Malformed("layer")),
        };
        let version = match (b1 >> 3 & 3, layer) {
            (0b11, _) => Version::Mpeg1,
            (0b10, _) => Version::Mpeg2,
            (0b00, Layer::Three) => Version::Mpeg25,
            // In Layers I and II the bit is part of the syncword.
            _ => return Err(FrameError::Malformed("syncword")),
        };
        // What is reserved comes before what is only unsupported, so that noise is not taken for a free-format frame.
        let sampling_frequency = b2 >> 2 & 3;
        let sample_rate = match SAMPLE_RATE[version as usize].get(usize::from(sampling_frequency)) {
            Some(&rate) => rate,
            None => return Err(FrameError::Malformed("sampling_frequency")),
        };
        let table = if version == Version::Mpeg1 { &BITRATE_MPEG1 } else { &BITRATE_LSF };
        let bitrate = match table[layer as usize].get(usize::from(b2 >> 4)) {
            None => return Err(FrameError::Malformed("bitrate_index")),
            Some(0) => return Err(FrameError::Unsupported("free format")),
            Some(&kbit) => u32::from(kbit) * 1000,
        };
        let mode = match b3 >> 6 {
            0b00 => Mode::Stereo,
            0b01 => Mode::JointStereo { bound: 4 * (1 + usize::from(b3 >> 4 & 3)) },
            0b10 => Mode::DualChannel,
            _ => Mode::SingleChannel,
        };
        let header = Self {
            version,
            layer,
            protected: b1 & 1 == 0,
            bitrate,
            sampling_frequency,
            sample_rate,
            padding: b2 & 2 != 0,
            mode,
        };
        // Bit rates that the standard does not allow in a mode (ISO/IEC 11172-3 §2.4.2.3: mono above 192 kbit/s in Layer II)
        // are accepted: encoders send them, and the bit allocation table that the rate for a channel leads to decodes them.
        // `emphasis` 10 is reserved too, but nothing is decoded by it and muxers that leave rubbish there are heard everywhere.
        Ok(header)
    }

    /// Coded channels.
    pub fn channels(&self) -> usize {
        self.layout().channels()
    }

    /// Where what follows header and checksum begins.
    pub fn data_start(&self) -> usize {
        HEADER_BYTES + if self.protected { CRC_BYTES } else { 0 }
    }

    /// Samples of one channel in the frame (§2.4.2.1; 13818-3 §2.4.2.1 halves Layer III's).
    pub fn samples(&self) -> usize {
        match (self.layer, self.version) {
            (Layer::One, _) => 384,
            (Layer::Two, _) | (Layer::Three, Version::Mpeg1) => 1152,
            (Layer::Three, _) => 576,
        }
    }

    /// Bytes of the whole frame (§2.4.3.1): slots of four bytes in Layer I, of one byte in II and III.
    pub fn frame_bytes(&self) -> usize {
        let slot_bytes = if self.layer == Layer::One { 4 } else { 1 };
        let slots = self.samples() as u32 / (8 * slot_bytes) * self.bitrate / self.sample_rate;
        ((slots + u32::from(self.padding)) * slot_bytes) as usize
    }

    pub fn layout(&self) -> Layout {
        let mode = match self.mode {
            Mode::Stereo | Mode::JointStereo { .. } => ChannelMode::Stereo,
            Mode::DualChannel => ChannelMode::DualMono,
            Mode::SingleChannel => ChannelMode::Mono,
        };
        Layout { mode, lfe: false }
    }

    pub fn codec(&self) -> Codec {
        match self.layer {
            Layer::One => Codec::MpegLayer1,
            Layer::Two => Codec::MpegLayer2,
            Layer::Three => Codec::MpegLayer3,
        }
    }
}

/// Reads the header of the frame at the start of `bytes`.
///
/// # Errors
/// [`FrameError::Truncated`] when fewer than [`HEADER_BYTES`] are given, [`FrameError::Unsupported`] for free format, whose
/// frames do not say how long they are, otherwise [`FrameError::Malformed`] with the field that no frame may have so.
pub fn parse_header(bytes: &[u8]) -> Result<FrameHeader, FrameError> {
    let header = Header::parse(bytes)?;
    Ok(FrameHeader {
        codec: header.codec(),
        frame_bytes: header.frame_bytes(),
        samples: header.samples(),
        sample_rate: header.sample_rate,
        layout: header.layout(),
        bitrate: header.bitrate,
        continues: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header field by field, as §2.4.1.3 lists them.
    fn header(
        id: u32,
        layer: u32,
        bitrate_index: u32,
        sampling_frequency: u32,
        padding: u32,
        mode: u32,
    ) -> [u8; HEADER_BYTES] {
        let protection_bit = 1;
        let word = 0x7ff << 21
            | id << 19
            | layer << 17
            | protection_bit << 16
            | bitrate_index << 12
            | sampling_frequency << 10
            | padding << 9
            | mode << 6;
        word.to_be_bytes()
    }

    #[test]
    fn layer_2_as_broadcast() {
        let read = parse_header(&header(3, 2, 10, 1, 0, 0)).unwrap();
        assert_eq!(
            read,
            FrameHeader {
                codec: Codec::MpegLayer2,
                frame_bytes: 576,
                samples: 1152,
                sample_rate: 48_000,
                layout: Layout { mode: ChannelMode::Stereo, lfe: false },
                bitrate: 192_000,
                continues: false,
            }
        );
    }

    #[test]
    fn lengths_and_samples_of_every_layer() {
        // id, layer, bitrate_index, sampling_frequency, padding: bytes, samples
        let cases = [
            ((3, 3, 12, 0, 0), (416, 384)),   // Layer I 384k 44.1k: 104 slots of 4
            ((3, 3, 12, 0, 1), (420, 384)),   // and one more
            ((3, 2, 9, 0, 0), (522, 1152)),   // Layer II 160k 44.1k
            ((3, 2, 9, 0, 1), (523, 1152)),   //
            ((3, 1, 9, 0, 0), (417, 1152)),   // Layer III 128k 44.1k
            ((2, 3, 14, 2, 0), (768, 384)),   // Layer I 256k 16k
            ((2, 2, 8, 1, 0), (384, 1152)),   // Layer II 64k 24k
            ((2, 1, 8, 0, 0), (208, 576)),    // Layer III 64k 22.05k
            ((0, 1, 14, 2, 1), (1441, 576)),  // Layer III 160k 8k
            ((3, 3, 14, 2, 1), (676, 384)),   // Layer I 448k 32k
            ((3, 2, 14, 2, 1), (1729, 1152)), // Layer II 384k 32k
        ];
        for ((id, layer, bitrate_index, frequency, padding), want) in cases {
            let read = parse_header(&header(id, layer, bitrate_index, frequency, padding, 0)).unwrap();
            assert_eq!((read.frame_bytes, read.samples), want, "{id} {layer} {bitrate_index} {frequency} {padding}");
        }
    }

    #[test]
    fn modes() {
        for (mode, want) in
            [ChannelMode::Stereo, ChannelMode::Stereo, ChannelMode::DualMono, ChannelMode::Mono].into_iter().enumerate()
        {
            let read = parse_header(&header(3, 2, 10, 1, 0, mode as u32)).unwrap();
            assert_eq!(read.layout, Layout { mode: want, lfe: false });
        }
    }

    #[test]
    fn what_no_frame_may_have() {
        use FrameError::{Malformed, Truncated, Unsupported};
        let cases = [
            (header(1, 2, 10, 1, 0, 0), Malformed("syncword")),
            (header(0, 2, 10, 1, 0, 0), Malformed("syncword")), // MPEG-2.5 is Layer III only
            (header(3, 0, 10, 1, 0, 0), Malformed("layer")),
            (header(3, 2, 15, 1, 0, 0), Malformed("bitrate_index")),
            (header(3, 2, 10, 3, 0, 0), Malformed("sampling_frequency")),
            (header(3, 2, 0, 1, 0, 0), Unsupported("free format")),
            (header(3, 2, 0, 3, 0, 0), Malformed("sampling_frequency")),
            ([0xff, 0xdd, 0xa4, 0], Malformed("syncword")),
            ([0x47, 0xfd, 0xa4, 0], Malformed("syncword")),
        ];
        for (bytes, want) in cases {
            assert_eq!(parse_header(&bytes), Err(want), "{bytes:02x?}");
        }
        assert_eq!(parse_header(&[0xff, 0xfd, 0xa4]), Err(Truncated(HEADER_BYTES)));
    }

    #[test]
    fn mono_at_384_kbit_s_is_accepted() {
        let read = parse_header(&header(3, 2, 14, 0, 0, 3)).unwrap();
        assert_eq!((read.bitrate, read.frame_bytes, read.layout.channels()), (384_000, 1253, 1));
    }

    #[test]
    fn no_frame_is_longer_than_the_longest() {
        let longest = (0..1 << 21u32)
            .filter_map(|low| parse_header(&(0x7ff_u32 << 21 | low).to_be_bytes()).ok())
            .map(|read| read.frame_bytes)
            .max();
        assert_eq!(longest, Some(MAX_FRAME_BYTES));
    }
}
