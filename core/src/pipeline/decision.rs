//! What becomes of each track, and why.

use super::label::Label;
use super::{Action, Options};
use crate::codec::{Codec, Family, Identity, Verdict};

/// What is known of a track's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// No packets came.
    Absent,
    /// Packets came, and it is not yet clear what they hold.
    Open,
    /// The packets are scrambled.
    Scrambled,
    /// The packets hold nothing that is known here.
    Unknown,
    /// Frames of this kind.
    Is(Identity),
}

impl From<Verdict> for Content {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Open => Self::Open,
            Verdict::Unknown => Self::Unknown,
            Verdict::Is(identity) => Self::Is(identity),
        }
    }
}

/// What becomes of a track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The family to decode; `None`: the track passes.
    pub decode: Option<Family>,
    /// Why, for a person.
    pub reason: String,
}

impl Decision {
    /// As the action that `inspect` reports.
    #[must_use]
    pub fn action(&self) -> Action {
        if self.decode.is_some() { Action::Transcode } else { Action::Pass }
    }

    fn pass(reason: impl Into<String>) -> Self {
        Self { decode: None, reason: reason.into() }
    }
}

/// Decides about one track from its label, its content and the options.
#[must_use]
pub fn decide(label: Label, content: Content, pid: u16, language: Option<&str>, options: &Options) -> Decision {
    let by_content = decide_by_content(label, content);
    if by_content.decode.is_none() {
        return by_content;
    }
    if !options.pids.is_empty() && !options.pids.contains(&pid) {
        return Decision::pass("not among the chosen PIDs");
    }
    let spoken = |chosen: &String| language.is_some_and(|language| language.eq_ignore_ascii_case(chosen));
    if !options.languages.is_empty() && !options.languages.iter().any(spoken) {
        return Decision::pass("not in a chosen language");
    }
    by_content
}

fn decide_by_content(label: Label, content: Content) -> Decision {
    let identity = match (content, label) {
        (Content::Is(identity), _) => identity,
        (Content::Scrambled, _) => return Decision::pass("scrambled"),
        (Content::Unknown, Label::Sound(..) | Label::Aac(_)) => {
            return Decision::pass("its packets hold no frames of a known codec");
        }
        (Content::Absent | Content::Open, Label::Sound(family, name)) => {
            let reason = format!("{name} by its label; no whole frame seen yet");
            return Decision { decode: Some(family), reason };
        }
        (_, Label::Aac(_)) => return Decision::pass("AAC already"),
        (_, Label::Foreign(name)) => return Decision::pass(format!("{name} is not decoded")),
        (Content::Absent, Label::Private) => return Decision::pass("private data; no packets seen yet"),
        (_, Label::Private) => return Decision::pass("private data without sound that is known here"),
        (_, Label::Other(_)) => return Decision::pass("no sound"),
    };
    let named = codec_name(identity.codec, identity.sample_rate);
    let lie = match label {
        Label::Sound(family, _) if Some(family) == Family::of(identity.codec) => String::new(),
        Label::Aac(_) if Family::of(identity.codec).is_none() => String::new(),
        _ => format!(", labelled {}", label.name()),
    };
    match identity.codec {
        Codec::Ac3 | Codec::EAc3 => Decision { decode: Some(Family::Ac3), reason: format!("{named}{lie}") },
        Codec::MpegLayer1 | Codec::MpegLayer2 | Codec::MpegLayer3 => {
            Decision { decode: Some(Family::Mpeg), reason: format!("{named}{lie}") }
        }
        Codec::AacAdts | Codec::AacLatm => Decision::pass(format!("AAC already{lie}")),
    }
}

/// A coding's name in words. Below 32 kHz MPEG audio is of MPEG-2 (ISO/IEC 13818-3), below 16 kHz of nobody.
#[must_use]
pub fn codec_name(codec: Codec, sample_rate: Option<u32>) -> &'static str {
    let part = match sample_rate {
        Some(..16_000) => 2,
        Some(..32_000) => 1,
        _ => 0,
    };
    match codec {
        Codec::Ac3 => "AC-3",
        Codec::EAc3 => "E-AC-3",
        Codec::MpegLayer1 => ["MPEG-1 Layer I", "MPEG-2 Layer I", "MPEG-2.5 Layer I"][part],
        Codec::MpegLayer2 => ["MPEG-1 Layer II", "MPEG-2 Layer II", "MPEG-2.5 Layer II"][part],
        Codec::MpegLayer3 => ["MPEG-1 Layer III", "MPEG-2 Layer III", "MPEG-2.5 Layer III"][part],
        Codec::AacAdts => "AAC (ADTS)",
        Codec::AacLatm => "AAC (LATM)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(codec: Codec) -> Content {
        Content::Is(Identity { codec, sample_rate: Some(48_000), layout: None, bitrate: None })
    }

    const MPEG: Label = Label::Sound(Family::Mpeg, "MPEG audio");

    #[test]
    fn content_speaks_before_the_label() {
        let options = Options::default();
        let aac = decide(MPEG, is(Codec::AacAdts), 0x64, None, &options);
        assert_eq!((aac.decode, aac.reason.as_str()), (None, "AAC already, labelled MPEG audio"));
        let hidden = decide(Label::Private, is(Codec::MpegLayer2), 0x1100, None, &options);
        assert_eq!(
            (hidden.decode, hidden.reason.as_str()),
            (Some(Family::Mpeg), "MPEG-1 Layer II, labelled private data")
        );
        let extended = decide(Label::Sound(Family::Ac3, "AC-3"), is(Codec::EAc3), 0x64, None, &options);
        assert_eq!((extended.decode, extended.reason.as_str()), (Some(Family::Ac3), "E-AC-3"));
        assert_eq!(decide(MPEG, Content::Absent, 0x64, None, &options).decode, Some(Family::Mpeg));
        assert_eq!(decide(MPEG, Content::Scrambled, 0x64, None, &options).decode, None);
        assert_eq!(decide(MPEG, Content::Unknown, 0x64, None, &options).decode, None);
    }

    #[test]
    fn chosen_tracks_only() {
        let options = Options { pids: vec![0x65], languages: vec!["DEU".into()], ..Options::default() };
        let decide = |pid, language| decide(MPEG, is(Codec::MpegLayer2), pid, language, &options).decode.is_some();
        assert!(decide(0x65, Some("deu")));
        assert!(!decide(0x64, Some("deu")) && !decide(0x65, Some("fra")) && !decide(0x65, None));
    }
}
