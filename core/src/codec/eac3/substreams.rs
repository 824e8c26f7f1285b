//! Dependent substreams: channels that replace a programme's, or come on top and are folded into 5.1 (A/52:2018 §E.3.8).

use crate::codec::ac3::decoder::speakers;
use crate::codec::{ChannelMode, Layout, MAX_CHANNELS, MAX_FRAME_SAMPLES};

/// Where a channel is heard in 5.1.
const L: usize = 0;
const C: usize = 1;
const R: usize = 2;
const LS: usize = 3;
const RS: usize = 4;
const LFE: usize = 5;

const FULL: f32 = 1.0;
const HALF_POWER: f32 = std::f32::consts::FRAC_1_SQRT_2;

/// A place of A/52:2018 Table E2.5: the speakers of 5.1 that it is heard from, and how strongly. One speaker at full
/// strength is that channel itself.
type Place = &'static [(usize, f32)];

/// The places of `chanmap`'s bits, from the most significant on. Half of them are a pair.
static PLACES: [&[Place]; 16] = [
    &[&[(L, FULL)]],
    &[&[(C, FULL)]],
    &[&[(R, FULL)]],
    &[&[(LS, FULL)]],
    &[&[(RS, FULL)]],
    // Lc, Rc
    &[&[(L, HALF_POWER), (C, HALF_POWER)], &[(R, HALF_POWER), (C, HALF_POWER)]],
    // Lrs, Rrs
    &[&[(LS, HALF_POWER)], &[(RS, HALF_POWER)]],
    // Cs
    &[&[(LS, HALF_POWER), (RS, HALF_POWER)]],
    // Ts
    &[&[(LS, HALF_POWER), (RS, HALF_POWER)]],
    // Lsd, Rsd
    &[&[(LS, HALF_POWER)], &[(RS, HALF_POWER)]],
    // Lw, Rw
    &[&[(L, HALF_POWER), (LS, HALF_POWER)], &[(R, HALF_POWER), (RS, HALF_POWER)]],
    // Lvh, Rvh
    &[&[(L, HALF_POWER)], &[(R, HALF_POWER)]],
    // Cvh
    &[&[(C, HALF_POWER)]],
    // Lts, Rts
    &[&[(LS, HALF_POWER)], &[(RS, HALF_POWER)]],
    // LFE2
    &[&[(LFE, HALF_POWER)]],
    &[&[(LFE, FULL)]],
];

/// The places of a substream's channels, in their order, by its `chanmap` or, without one, by its `acmod` and `lfeon`.
fn places(chanmap: Option<u16>, layout: Layout) -> impl Iterator<Item = Place> {
    // Without a map a single surround is Ls here, as elsewhere in this decoder, and not Table E2.5's Cs.
    let by_layout = speakers(layout).fold(0, |map, speaker| {
        let bit = if speaker == LFE { 15 } else { speaker };
        map | 0x8000u16 >> bit
    });
    let chanmap = chanmap.unwrap_or(by_layout);
    (0..16).filter(move |bit| chanmap & 0x8000 >> bit != 0).flat_map(|bit| PLACES[bit].iter().copied())
}

/// Whether a map has as many channels as are coded.
pub(super) fn fits(chanmap: Option<u16>, layout: Layout) -> bool {
    places(chanmap, layout).count() == layout.channels()
}

/// The layout of a programme with another substream in it.
pub(super) fn join(programme: Layout, chanmap: Option<u16>, substream: Layout) -> Layout {
    let mut heard = [false; MAX_CHANNELS];
    for speaker in speakers(programme) {
        heard[speaker] = true;
    }
    let places = || places(chanmap, substream);
    for (speaker, _) in places().flatten() {
        heard[*speaker] = true;
    }
    // One surround alone stays one.
    let rear = if heard[RS] { 2 } else { usize::from(heard[LS]) };
    let sides = heard[L] || heard[R];
    let mode = match (sides, heard[C], rear) {
        (false, _, 0) => ChannelMode::Mono,
        (_, false, 0) => ChannelMode::Stereo,
        (true, true, 0) => ChannelMode::Front3,
        (_, false, 1) => ChannelMode::Front2Rear1,
        (_, true, 1) => ChannelMode::Front3Rear1,
        (_, false, _) => ChannelMode::Front2Rear2,
        (_, true, _) => ChannelMode::Front3Rear2,
    };
    Layout { mode, lfe: heard[LFE] }
}

/// Moves the channels of `from` to where they stand in `to`, which has them all; the others are silent.
pub(super) fn spread(from: Layout, to: Layout, planes: &mut [[f32; MAX_FRAME_SAMPLES]; MAX_CHANNELS]) {
    let mut old = [None; MAX_CHANNELS];
    for (plane, speaker) in speakers(from).enumerate() {
        old[speaker] = Some(plane);
    }
    // Channels only move up, so the last goes first.
    let mut targets = [0; MAX_CHANNELS];
    for (slot, speaker) in targets.iter_mut().zip(speakers(to)) {
        *slot = speaker;
    }
    for plane in (0..to.channels()).rev() {
        match old[targets[plane]] {
            Some(source) if source == plane => {}
            Some(source) => {
                let (below, above) = planes.split_at_mut(plane);
                above[0].copy_from_slice(&below[source]);
            }
            None => planes[plane].fill(0.0),
        }
    }
    // A single surround between two.
    if let (true, Some(left)) = (has_single_surround(from), targets.iter().position(|&speaker| speaker == LS))
        && !has_single_surround(to)
    {
        for sample in &mut planes[left] {
            *sample *= HALF_POWER;
        }
        let (below, above) = planes.split_at_mut(left + 1);
        above[0].copy_from_slice(&below[left]);
    }
}

fn has_single_surround(layout: Layout) -> bool {
    matches!(layout.mode, ChannelMode::Front2Rear1 | ChannelMode::Front3Rear1)
}

/// Puts a substream's channels into the programme's planes: what is a channel of 5.1 replaces it, what is not is added.
pub(super) fn merge(
    chanmap: Option<u16>,
    substream: Layout,
    channels: &[[f32; MAX_FRAME_SAMPLES]; MAX_CHANNELS],
    programme: Layout,
    planes: &mut [[f32; MAX_FRAME_SAMPLES]; MAX_CHANNELS],
) {
    let plane_of = |speaker: usize| speakers(programme).position(|heard| heard == speaker);
    let own = |place: &Place| matches!(place, [(_, FULL)]);
    for (place, channel) in places(chanmap, substream).zip(channels).filter(|(place, _)| own(place)) {
        if let Some(plane) = plane_of(place[0].0) {
            planes[plane].copy_from_slice(channel);
        }
    }
    for (place, channel) in places(chanmap, substream).zip(channels).filter(|(place, _)| !own(place)) {
        for &(speaker, gain) in place {
            let Some(plane) = plane_of(speaker) else { continue };
            for (sample, added) in planes[plane].iter_mut().zip(channel) {
                *sample += gain * added;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEREO: Layout = Layout { mode: ChannelMode::Stereo, lfe: false };
    const FIVE_ONE: Layout = Layout { mode: ChannelMode::Front3Rear2, lfe: true };
    const FOUR: Layout = Layout { mode: ChannelMode::Front2Rear2, lfe: false };

    /// Planes whose samples all are their numbers.
    fn numbered(first: f32) -> Box<[[f32; MAX_FRAME_SAMPLES]; MAX_CHANNELS]> {
        Box::new(std::array::from_fn(|plane| [first + plane as f32; MAX_FRAME_SAMPLES]))
    }

    #[test]
    fn seven_one_is_folded_into_five_one() {
        // Ls, Rs and the pair Lrs, Rrs.
        let chanmap = Some(0x8000 >> 3 | 0x8000 >> 4 | 0x8000 >> 6);
        assert!(fits(chanmap, FOUR) && !fits(chanmap, FIVE_ONE));
        assert_eq!(join(FIVE_ONE, chanmap, FOUR), FIVE_ONE);
        let mut planes = numbered(1.0);
        spread(FIVE_ONE, FIVE_ONE, &mut planes);
        merge(chanmap, FOUR, &numbered(10.0), FIVE_ONE, &mut planes);
        let first = planes.map(|plane| plane[0]);
        assert_eq!(first, [1.0, 2.0, 3.0, 10.0 + 12.0 * HALF_POWER, 11.0 + 13.0 * HALF_POWER, 6.0]);
    }

    #[test]
    fn channels_come_on_top() {
        // Stereo, and C, Ls, Rs, LFE of its own layout or by a map.
        let chanmap = Some(0x8000 >> 1 | 0x8000 >> 3 | 0x8000 >> 4 | 1);
        let four = Layout { mode: ChannelMode::Front3, lfe: true };
        assert!(fits(chanmap, four));
        assert_eq!(join(STEREO, chanmap, four), FIVE_ONE);
        let mut planes = numbered(1.0);
        spread(STEREO, FIVE_ONE, &mut planes);
        assert_eq!(planes.map(|plane| plane[0]), [1.0, 0.0, 2.0, 0.0, 0.0, 0.0]);
        merge(chanmap, four, &numbered(10.0), FIVE_ONE, &mut planes);
        assert_eq!(planes.map(|plane| plane[0]), [1.0, 10.0, 2.0, 11.0, 12.0, 13.0]);
    }

    #[test]
    fn a_single_surround_is_heard_from_both_sides() {
        let three_one = Layout { mode: ChannelMode::Front3Rear1, lfe: true };
        let mut planes = numbered(1.0);
        spread(three_one, FIVE_ONE, &mut planes);
        let first = planes.map(|plane| plane[0]);
        assert_eq!(first, [1.0, 2.0, 3.0, 4.0 * HALF_POWER, 4.0 * HALF_POWER, 5.0]);
    }

    #[test]
    fn layouts_join() {
        let mono = Layout { mode: ChannelMode::Mono, lfe: false };
        assert_eq!(join(mono, None, STEREO).mode, ChannelMode::Front3);
        assert_eq!(join(STEREO, Some(0x8000 >> 7), mono).mode, ChannelMode::Front2Rear2);
        let surround = Layout { mode: ChannelMode::Front3Rear1, lfe: false };
        assert_eq!(join(surround, None, surround), surround);
        for mode in [STEREO, FIVE_ONE, FOUR, mono, surround] {
            assert!(fits(None, mode));
        }
    }
}
