//! The start of a frame: `syncinfo` and as much of `bsi` as tells a frame's length and its channels (A/52:2018 §5.3.1,
//! §5.3.2, Annex E §E.1.2.2 for E-AC-3).

use super::tables::{BITRATES_KBPS, SAMPLE_RATES};
use crate::codec::{ChannelMode, Codec, FrameError, FrameHeader, Layout};

/// Bytes from a frame's start that [`parse_header`] needs.
pub const HEADER_BYTES: usize = 8;

/// `syncword`, the first two bytes of every frame (A/52:2018 §5.4.1.1).
pub(crate) const SYNCWORD: u16 = 0x0B77;

/// The largest `bsid` of the base standard's syntax: 8 is the standard's own, 9 and 10 halve the sampling frequency once
/// and twice. From here on up to [`MAX_EAC3_BSID`] it is Annex E.
const MAX_AC3_BSID: u8 = 10;
const MAX_EAC3_BSID: u8 = 16;

/// Samples of one channel in an audio block.
pub(crate) const BLOCK_SAMPLES: usize = 256;

/// Audio blocks in an AC-3 frame.
pub(crate) const BLOCKS: usize = 6;

/// Reads the header of the frame at the start of `bytes`: AC-3 (`bsid` 0 to 10) or E-AC-3 (`bsid` 11 to 16).
///
/// # Errors
/// [`FrameError::Truncated`] when fewer than [`HEADER_BYTES`] are given, otherwise what is wrong with them.
pub fn parse_header(bytes: &[u8]) -> Result<FrameHeader, FrameError> {
    let Some(start) = bytes.first_chunk::<HEADER_BYTES>() else {
        return Err(FrameError::Truncated(HEADER_BYTES));
    };
    let mut fields = Fields(u64::from_be_bytes(*start));
    if fields.take(16) != u32::from(SYNCWORD) {
        return Err(FrameError::Malformed("syncword"));
    }
    // Both syntaxes have bsid at the same place, so that a decoder of either knows the other (A/52:2018 §E.2.3.1.6).
    match start[5] >> 3 {
        bsid @ 0..=MAX_AC3_BSID => ac3_header(fields, bsid),
        ..=MAX_EAC3_BSID => eac3_header(fields),
        _ => Err(FrameError::Unsupported("bsid above 16")),
    }
}

/// `syncinfo` after `syncword`, and `bsi` up to `lfeon`.
fn ac3_header(mut fields: Fields, bsid: u8) -> Result<FrameHeader, FrameError> {
    let _crc1 = fields.take(16);
    let fscod = fields.take(2) as usize;
    let frmsizecod = fields.take(6) as usize;
    let _bsid_bsmod = fields.take(8);
    let acmod = channel_mode(fields.take(3));
    if has_center_mix(acmod) {
        let _cmixlev = fields.take(2);
    }
    if has_surround_mix(acmod) {
        let _surmixlev = fields.take(2);
    }
    if acmod == ChannelMode::Stereo {
        let _dsurmod = fields.take(2);
    }
    let lfe = fields.take(1) == 1;

    let &sample_rate = SAMPLE_RATES.get(fscod).ok_or(FrameError::Malformed("fscod is reserved"))?;
    let &kbps = BITRATES_KBPS.get(frmsizecod >> 1).ok_or(FrameError::Malformed("frmsizecod is reserved"))?;
    let halvings = halvings(bsid);
    Ok(FrameHeader {
        codec: Codec::Ac3,
        frame_bytes: frame_bytes(sample_rate, kbps, frmsizecod & 1 == 1),
        samples: BLOCKS * BLOCK_SAMPLES,
        sample_rate: sample_rate >> halvings,
        layout: Layout { mode: acmod, lfe },
        bitrate: (kbps * 1000) >> halvings,
        continues: false,
    })
}

/// `syncinfo` after `syncword`, and `bsi` up to `bsid`, in Annex E's syntax.
fn eac3_header(mut fields: Fields) -> Result<FrameHeader, FrameError> {
    let strmtyp = fields.take(2);
    if strmtyp == 3 {
        return Err(FrameError::Malformed("strmtyp is reserved"));
    }
    // Of the independent substreams 0 comes first, and each one's dependent substreams right behind it (A/52:2018
    // §E.2.3.1.1, §E.2.3.1.2).
    let substreamid = fields.take(3);
    let continues = strmtyp == 1 || substreamid != 0;
    let frmsiz = fields.take(11) as usize;
    let fscod = fields.take(2) as usize;
    let second = fields.take(2) as usize;
    // A/52:2018 §E.2.3.1.4 and §E.2.3.1.5: with fscod 3 the next field is fscod2 (half the usual rates) and the frame has
    // six blocks; otherwise it is numblkscod.
    let (sample_rate, blocks) = if fscod == 3 {
        let rate = SAMPLE_RATES.get(second).ok_or(FrameError::Malformed("fscod2 is reserved"))? / 2;
        (rate, BLOCKS)
    } else {
        (SAMPLE_RATES[fscod], [1, 2, 3, BLOCKS][second])
    };
    let mode = channel_mode(fields.take(3));
    let lfe = fields.take(1) == 1;
    let frame_bytes = 2 * (frmsiz + 1);
    if frame_bytes < HEADER_BYTES {
        return Err(FrameError::Malformed("frmsiz is too small"));
    }
    let samples = blocks * BLOCK_SAMPLES;
    let bitrate = (frame_bytes as u64 * 8 * u64::from(sample_rate) / samples as u64) as u32;
    let layout = Layout { mode, lfe };
    Ok(FrameHeader { codec: Codec::EAc3, frame_bytes, samples, sample_rate, layout, bitrate, continues })
}

/// `acmod` as a mode (A/52:2018 Table 5.8); its lower three bits count.
pub(crate) fn channel_mode(acmod: u32) -> ChannelMode {
    match acmod & 7 {
        0 => ChannelMode::DualMono,
        1 => ChannelMode::Mono,
        2 => ChannelMode::Stereo,
        3 => ChannelMode::Front3,
        4 => ChannelMode::Front2Rear1,
        5 => ChannelMode::Front3Rear1,
        6 => ChannelMode::Front2Rear2,
        _ => ChannelMode::Front3Rear2,
    }
}

/// Whether `bsi` carries `cmixlev`: three front channels.
pub(crate) fn has_center_mix(mode: ChannelMode) -> bool {
    matches!(mode, ChannelMode::Front3 | ChannelMode::Front3Rear1 | ChannelMode::Front3Rear2)
}

/// Whether `bsi` carries `surmixlev`: any surround channel.
pub(crate) fn has_surround_mix(mode: ChannelMode) -> bool {
    mode as u8 & 4 != 0
}

/// How often `bsid` halves the sampling frequency: `bsid` 9 once, 10 twice.
pub(crate) fn halvings(bsid: u8) -> u8 {
    bsid.max(8) - 8
}

/// Length of a frame in bytes (A/52:2018 Table 5.18). At 44.1 kHz the length that the bitrate asks for is no whole
/// number of words, so frames of two lengths alternate: `longer` is the lowest bit of `frmsizecod`.
fn frame_bytes(sample_rate: u32, kbps: u32, longer: bool) -> usize {
    let samples = (BLOCKS * BLOCK_SAMPLES) as u32;
    let words = kbps * 1000 / 16 * samples / sample_rate;
    let odd_word = u32::from(longer && sample_rate == 44_100);
    2 * (words + odd_word) as usize
}

/// Fields of a header, most significant bit first, out of its first eight bytes.
#[derive(Clone, Copy)]
struct Fields(u64);

impl Fields {
    /// The next `bits` bits, 1 to 32. Past the eighth byte there are zeros; no header reads that far.
    fn take(&mut self, bits: u32) -> u32 {
        let value = (self.0 >> (64 - bits)) as u32;
        self.0 <<= bits;
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(fscod: u8, frmsizecod: u8, bsid: u8, after_bsmod: u8) -> [u8; 8] {
        [0x0B, 0x77, 0xAB, 0xCD, fscod << 6 | frmsizecod, bsid << 3, after_bsmod, 0]
    }

    #[test]
    fn frame_length_follows_table_5_18() {
        // frmsizecod, words at 48, 44.1 and 32 kHz: the table's first, last and some middle rows.
        let rows = [(0, [64, 69, 96]), (1, [64, 70, 96]), (14, [224, 243, 336]), (19, [320, 349, 480])];
        let rows = rows.into_iter().chain([(26, [640, 696, 960]), (36, [1280, 1393, 1920]), (37, [1280, 1394, 1920])]);
        for (frmsizecod, words) in rows {
            for (fscod, words) in words.into_iter().enumerate() {
                let header = parse_header(&frame(fscod as u8, frmsizecod, 8, 0x40)).unwrap();
                assert_eq!(header.frame_bytes, 2 * words, "frmsizecod {frmsizecod}, fscod {fscod}");
                assert_eq!(header.samples, 1536);
            }
        }
    }

    #[test]
    fn lfeon_is_found_in_every_acmod() {
        // acmod, then the mix levels and dsurmod that this acmod has (all ones), then lfeon.
        let bits: [(u8, u8); 8] = [(0, 0), (1, 0), (2, 2), (3, 2), (4, 2), (5, 4), (6, 2), (7, 4)];
        for (acmod, skipped) in bits {
            for lfeon in [0, 1] {
                let mix_levels = (1u8 << skipped) - 1;
                let byte = acmod << 5 | mix_levels << (5 - skipped) | lfeon << (4 - skipped);
                let layout = parse_header(&frame(0, 30, 8, byte)).unwrap().layout;
                assert_eq!((layout.mode as u8, layout.lfe), (acmod, lfeon == 1));
            }
        }
    }

    #[test]
    fn bsid_9_and_10_halve_the_rate_and_keep_the_length() {
        let rates = [8, 9, 10].map(|bsid| parse_header(&frame(1, 20, bsid, 0x40)).unwrap());
        assert_eq!(rates.map(|h| h.sample_rate), [44_100, 22_050, 11_025]);
        assert_eq!(rates.map(|h| h.bitrate), [192_000, 96_000, 48_000]);
        assert!(rates.iter().all(|h| h.frame_bytes == rates[0].frame_bytes));
    }

    #[test]
    fn reserved_codes_are_malformed() {
        assert_eq!(parse_header(&frame(3, 0, 8, 0)), Err(FrameError::Malformed("fscod is reserved")));
        assert_eq!(parse_header(&frame(0, 38, 8, 0)), Err(FrameError::Malformed("frmsizecod is reserved")));
        assert_eq!(parse_header(&frame(0, 0, 17, 0)), Err(FrameError::Unsupported("bsid above 16")));
        assert_eq!(parse_header(&[0x0B, 0x77, 0, 0, 0, 0x40, 0]), Err(FrameError::Truncated(8)));
        assert_eq!(parse_header(b"not it.."), Err(FrameError::Malformed("syncword")));
    }

    #[test]
    fn eac3_is_told_apart() {
        // strmtyp 0, substreamid 0, frmsiz 0x17F, then fscod, numblkscod, acmod 7, lfeon 1, bsid 16.
        let with = |rate_and_blocks: u8| [0x0B, 0x77, 0x01, 0x7F, rate_and_blocks << 4 | 0x0F, 0x80, 0, 0];
        let header = parse_header(&with(0b0011)).unwrap();
        assert_eq!((header.codec, header.frame_bytes, header.samples), (Codec::EAc3, 768, 1536));
        assert_eq!((header.sample_rate, header.bitrate), (48_000, 192_000));
        assert_eq!(header.layout, Layout { mode: ChannelMode::Front3Rear2, lfe: true });
        assert_eq!(parse_header(&with(0b0100)).unwrap().samples, 256);
        // strmtyp 0 to 2 and substreamid 0 and 1: only the first programme's own frames begin something.
        let continues = [0x00, 0x40, 0x80, 0x08, 0x48].map(|byte| {
            let mut frame = with(0b0011);
            frame[2] |= byte;
            parse_header(&frame).unwrap().continues
        });
        assert_eq!(continues, [false, true, false, true, true]);
        let half = parse_header(&with(0b1110)).unwrap();
        assert_eq!((half.sample_rate, half.samples), (16_000, 1536));
        assert!(parse_header(&with(0b1111)).is_err());
    }
}
