//! What a stream's entry in the PMT says it is. ISO/IEC 13818-1:2023 Table 2-34, ETSI TS 101 154 Annex, ATSC A/53, A/52.

use crate::codec::Family;
use crate::ts::descriptor::{self, descriptors, registration};
use crate::ts::psi::EsRewrite;

/// `stream_type` of AAC in ADTS frames.
const ADTS: u8 = 0x0F;

/// `profile_and_level` of AAC-LC with two channels up to 48 kHz: AAC Profile, Level 2 (ISO/IEC 14496-3 Table 1.14).
const AAC_PROFILE_LEVEL_2: u8 = 0x29;

/// What an entry says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Label {
    /// Sound of a family that is decoded here; the name is the format's.
    Sound(Family, &'static str),
    /// AAC, in whatever frames.
    Aac(&'static str),
    /// Private data of which the entry does not say more: it may be sound.
    Private,
    /// Sound that is not decoded here, by its name.
    Foreign(&'static str),
    /// Something else, by its name.
    Other(&'static str),
}

impl Label {
    /// The format's name in words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sound(_, name) | Self::Aac(name) | Self::Foreign(name) | Self::Other(name) => name,
            Self::Private => "private data",
        }
    }

    /// Reads an entry.
    #[must_use]
    pub fn read(stream_type: u8, loop_: &[u8], program_loop: &[u8]) -> Self {
        let bluray = registration(program_loop) == Some(*b"HDMV");
        match stream_type {
            0x01 => Self::Other("MPEG-1 video"),
            0x02 => Self::Other("MPEG-2 video"),
            0x03 | 0x04 => Self::Sound(Family::Mpeg, "MPEG audio"),
            0x05 => Self::Other("private sections"),
            0x06 => Self::private(loop_),
            0x08 | 0x0A..=0x0D => Self::Other("DSM-CC"),
            0x0F => Self::Aac("AAC"),
            0x10 => Self::Other("MPEG-4 video"),
            0x11 => Self::Aac("AAC (LATM)"),
            0x15 => Self::Other("metadata"),
            0x1B => Self::Other("H.264 video"),
            0x24 => Self::Other("HEVC video"),
            0x2D | 0x2E => Self::Foreign("MPEG-H audio"),
            0x33 => Self::Other("VVC video"),
            0x80 if bluray => Self::Foreign("LPCM"),
            0x81 => Self::Sound(Family::Ac3, "AC-3"),
            0x82 if bluray => Self::Foreign("DTS"),
            0x83 if bluray => Self::Foreign("TrueHD"),
            0x84 if bluray => Self::Sound(Family::Ac3, "E-AC-3"),
            0x85 if bluray => Self::Foreign("DTS-HD"),
            0x86 if bluray => Self::Foreign("DTS-HD"),
            0x86 => Self::Other("SCTE-35 cues"),
            0x87 => Self::Sound(Family::Ac3, "E-AC-3"),
            0x8A => Self::Foreign("DTS"),
            _ => Self::Other("unknown"),
        }
    }

    /// Private PES data: the descriptors say what it is (ETSI EN 300 468, SMPTE RA registrations).
    fn private(loop_: &[u8]) -> Self {
        match registration(loop_).as_ref() {
            Some(b"AC-3") => return Self::Sound(Family::Ac3, "AC-3"),
            Some(b"EAC3") => return Self::Sound(Family::Ac3, "E-AC-3"),
            Some(b"AC-4") => return Self::Foreign("AC-4"),
            Some(b"DTS1" | b"DTS2" | b"DTS3") => return Self::Foreign("DTS"),
            Some(b"BSSD") => return Self::Foreign("SMPTE 302M audio"),
            Some(b"Opus") => return Self::Foreign("Opus"),
            Some(b"HEVC") => return Self::Other("HEVC video"),
            Some(b"KLVA") => return Self::Other("KLV metadata"),
            Some(b"VANC") => return Self::Other("SMPTE 2038 ancillary data"),
            Some(b"ID3 ") => return Self::Other("ID3 metadata"),
            _ => {}
        }
        let known = descriptors(loop_).find_map(|d| match (d.tag, d.data) {
            (descriptor::DVB_AC3 | descriptor::ATSC_AC3, _) => Some(Self::Sound(Family::Ac3, "AC-3")),
            (descriptor::DVB_EAC3 | descriptor::ATSC_EAC3, _) => Some(Self::Sound(Family::Ac3, "E-AC-3")),
            (descriptor::DVB_AAC, _) => Some(Self::Aac("AAC")),
            (descriptor::DVB_DTS, _) => Some(Self::Foreign("DTS")),
            (descriptor::DVB_EXTENSION, [0x15, ..]) => Some(Self::Foreign("AC-4")),
            (0x46 | 0x56, _) => Some(Self::Other("teletext")),
            (0x59, _) => Some(Self::Other("DVB subtitles")),
            (0x45, _) => Some(Self::Other("VBI data")),
            (0xFD, _) => Some(Self::Other("ARIB data")),
            _ => None,
        });
        known.unwrap_or(Self::Private)
    }
}

/// The entry of a stream whose sound leaves as AAC-LC: what was said of the old coding goes, all else stays.
#[must_use]
pub fn aac_entry(loop_: &[u8]) -> EsRewrite {
    let mut kept: Vec<u8> = Vec::with_capacity(loop_.len() + 3);
    for d in descriptors(loop_) {
        let of_the_old_coding = match d.tag {
            descriptor::DVB_AC3
            | descriptor::DVB_EAC3
            | descriptor::DVB_AAC
            | descriptor::ATSC_AC3
            | descriptor::ATSC_EAC3
            | descriptor::AUDIO_STREAM => true,
            descriptor::REGISTRATION => matches!(d.data.get(..4), Some(b"AC-3" | b"EAC3")),
            _ => false,
        };
        if !of_the_old_coding {
            kept.extend_from_slice(d.bytes);
        }
    }
    kept.extend_from_slice(&[descriptor::DVB_AAC, 1, AAC_PROFILE_LEVEL_2]);
    EsRewrite { stream_type: ADTS, descriptors: kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_data_is_told_by_its_descriptors() {
        let read = |loop_: &[u8]| Label::read(6, loop_, &[]);
        assert_eq!(read(&[0x52, 1, 2, 0x6A, 1, 0x80]), Label::Sound(Family::Ac3, "AC-3"));
        assert_eq!(read(&[5, 4, b'A', b'C', b'-', b'3']), Label::Sound(Family::Ac3, "AC-3"));
        assert_eq!(read(&[0x0A, 4, b'f', b'r', b'a', 0, 0x7A, 1, 0x80]), Label::Sound(Family::Ac3, "E-AC-3"));
        assert_eq!(read(&[0x56, 0]), Label::Other("teletext"));
        assert_eq!(read(&[0x52, 1, 2]), Label::Private);
    }

    #[test]
    fn cues_are_dts_on_a_disc() {
        assert_eq!(Label::read(0x86, &[], &[]), Label::Other("SCTE-35 cues"));
        assert_eq!(Label::read(0x86, &[], &[5, 4, b'H', b'D', b'M', b'V']), Label::Foreign("DTS-HD"));
    }

    #[test]
    fn only_what_was_said_of_the_old_coding_goes() {
        let ac3 = [0x0A, 4, b'f', b'r', b'a', 0, 0x6A, 1, 0x80, 0x52, 1, 7, 5, 4, b'A', b'C', b'-', b'3'];
        let expected = [0x0A, 4, b'f', b'r', b'a', 0, 0x52, 1, 7, 0x7C, 1, 0x29];
        assert_eq!(aac_entry(&ac3), EsRewrite { stream_type: 0x0F, descriptors: expected.to_vec() });
    }
}
