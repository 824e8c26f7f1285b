//! Descriptors of programmes and elementary streams. ISO/IEC 13818-1:2023 §2.6, ETSI EN 300 468 §6.

/// `registration_descriptor`, ISO/IEC 13818-1 §2.6.8.
pub const REGISTRATION: u8 = 0x05;
/// `audio_stream_descriptor` of MPEG audio, ISO/IEC 13818-1 §2.6.4.
pub const AUDIO_STREAM: u8 = 0x03;
/// `ISO_639_language_descriptor`, ISO/IEC 13818-1 §2.6.18.
pub const ISO_639_LANGUAGE: u8 = 0x0A;
/// `AC-3_descriptor`, ETSI EN 300 468 Annex D.
pub const DVB_AC3: u8 = 0x6A;
/// `enhanced_AC-3_descriptor`, ETSI EN 300 468 Annex D.
pub const DVB_EAC3: u8 = 0x7A;
/// `DTS_descriptor`, ETSI EN 300 468 Annex G.
pub const DVB_DTS: u8 = 0x7B;
/// `AAC_descriptor`, ETSI EN 300 468 Annex H.
pub const DVB_AAC: u8 = 0x7C;
/// `AC-3_audio_stream_descriptor`, ATSC A/52:2018 Annex A.
pub const ATSC_AC3: u8 = 0x81;
/// `E-AC-3_audio_descriptor`, ATSC A/52:2018 Annex G.
pub const ATSC_EAC3: u8 = 0xCC;
/// `extension_descriptor` of DVB, ETSI EN 300 468 §6.2.16.
pub const DVB_EXTENSION: u8 = 0x7F;

/// One descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptor<'a> {
    /// `descriptor_tag`.
    pub tag: u8,
    /// What follows `descriptor_length`.
    pub data: &'a [u8],
    /// Tag, length and data.
    pub bytes: &'a [u8],
}

/// The descriptors of a loop, in order. A last one that runs over the loop's end is left out.
pub fn descriptors(mut bytes: &[u8]) -> impl Iterator<Item = Descriptor<'_>> {
    std::iter::from_fn(move || {
        let (&tag, &length) = (bytes.first()?, bytes.get(1)?);
        let whole = bytes.get(..2 + usize::from(length))?;
        bytes = &bytes[whole.len()..];
        Some(Descriptor { tag, data: &whole[2..], bytes: whole })
    })
}

/// `format_identifier` of the first registration descriptor of a loop.
#[must_use]
pub fn registration(bytes: &[u8]) -> Option<[u8; 4]> {
    descriptors(bytes).find(|d| d.tag == REGISTRATION).and_then(|d| d.data.get(..4)?.try_into().ok())
}

/// The first language of a loop as ISO 639-2 letters in lower case, where they are letters.
#[must_use]
pub fn language(bytes: &[u8]) -> Option<String> {
    let descriptor = descriptors(bytes).find(|d| d.tag == ISO_639_LANGUAGE)?;
    let code = descriptor.data.get(..3)?;
    code.iter()
        .all(u8::is_ascii_alphabetic)
        .then(|| code.iter().map(|letter| char::from(letter.to_ascii_lowercase())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_descriptor_over_the_end_is_left_out() {
        let tags: Vec<u8> =
            descriptors(&[0x0A, 4, b'D', b'e', b'u', 0, 0x52, 1, 7, 0x6A, 9, 1]).map(|d| d.tag).collect();
        assert_eq!(tags, [0x0A, 0x52]);
    }

    #[test]
    fn language_and_registration_are_found() {
        let bytes = [0x05, 4, b'A', b'C', b'-', b'3', 0x0A, 4, b'D', b'e', b'u', 0];
        assert_eq!(language(&bytes).as_deref(), Some("deu"));
        assert_eq!(registration(&bytes), Some(*b"AC-3"));
        assert_eq!(language(&[0x0A, 4, 0, 1, 2, 0]), None);
    }
}
