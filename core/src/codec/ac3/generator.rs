//! Makes frames for tests: every field of the syntax with random contents, so that each tool of the standard is used, in
//! every mode, far more wildly than by any encoder.

use super::audblk::AudioBlocks;
use super::bits::BitReader;
use super::crc;
use super::exponents::MAX_EXPONENT;
use super::header::{BLOCKS, channel_mode, halvings, parse_header};
use super::tables::{BAND_OF_BIN, BANDS, MANTISSA_BITS};
use crate::codec::{ChannelMode, Layout};

/// Random numbers that are the same in every run.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `limit`.
    pub(super) fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 32) % u64::from(limit)) as u32
    }

    /// True once in `times`.
    pub(super) fn once_in(&mut self, times: u32) -> bool {
        self.below(times) == 0
    }
}

/// What a generated stream is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Recipe {
    pub(super) layout: Layout,
    pub(super) fscod: u8,
    pub(super) bsid: u8,
    /// Whether bins of no bits are dithered.
    pub(super) dithered: bool,
    /// Whether `dynrng` and `compr` occur.
    pub(super) gains: bool,
    /// Whether the first block's channels differ in `blksw`. In the first such block of a stream ffmpeg mistakes its
    /// channels' overlaps for mixed down (`ac3_upmix_delay`): no matter while there is none, so a stream opens with it.
    pub(super) opening: bool,
}

impl Recipe {
    /// 48 kHz, no dither, no gains.
    pub(super) fn plain(acmod: u32, lfe: bool) -> Self {
        let layout = Layout { mode: channel_mode(acmod), lfe };
        Self { layout, fscod: 0, bsid: 8, dithered: false, gains: false, opening: false }
    }
}

/// Bits on their way to be a frame.
#[derive(Debug, Clone, Default)]
struct Writer {
    bytes: Vec<u8>,
    bits: usize,
}

impl Writer {
    fn put(&mut self, value: u32, bits: usize) {
        for place in (0..bits).rev() {
            if self.bits.is_multiple_of(8) {
                self.bytes.push(0);
            }
            self.bytes[self.bits / 8] |= ((value >> place & 1) as u8) << (7 - self.bits % 8);
            self.bits += 1;
        }
    }

    fn flag(&mut self, flag: bool) {
        self.put(u32::from(flag), 1);
    }

    /// A flag and, where it is set, a random field.
    fn maybe(&mut self, random: &mut Random, present: bool, bits: usize) {
        self.flag(present);
        if present {
            let value = random.below(1 << bits);
            self.put(value, bits);
        }
    }
}

/// What the blocks of a frame have said so far, as far as the next block must agree with it.
#[derive(Debug, Clone, Default)]
struct Said {
    cplinu: bool,
    chincpl: Vec<bool>,
    phsflginu: bool,
    cplbegf: u32,
    subbands: u32,
    bands: u32,
    /// How far each channel's exponents reach.
    ends: Vec<usize>,
    /// Whether coupling and each channel have segments of delta bit allocation.
    segments: Vec<bool>,
}

/// A frame by `recipe`.
pub(super) fn frame(recipe: &Recipe, random: &mut Random) -> Vec<u8> {
    // Random exponents may want more bits than a frame has; lower SNR offsets, or other exponents, want fewer.
    loop {
        let csnroffst = 8 + random.below(12);
        for csnroffst in (4..=csnroffst).rev().step_by(2) {
            if let Some(frame) = try_frame(recipe, csnroffst, &mut random.clone()) {
                random.below(2);
                return frame;
            }
        }
        random.below(2);
    }
}

/// A frame by `recipe` whose SNR offsets are all zero and whose stuffing is all ones.
pub(super) fn silent_frame(recipe: &Recipe, random: &mut Random) -> Vec<u8> {
    loop {
        if let Some(frame) = try_frame(recipe, SILENT, &mut random.clone()) {
            return frame;
        }
        random.below(2);
    }
}

/// `csnroffst` that makes a silent frame.
const SILENT: u32 = 0;

/// A stream by `recipe`.
pub(super) fn stream(recipe: &Recipe, frames: usize, seed: u64) -> Vec<u8> {
    let mut random = Random::new(seed);
    let opening = |index| Recipe { opening: index == 0, ..*recipe };
    (0..frames).flat_map(|index| frame(&opening(index), &mut random)).collect()
}

fn try_frame(recipe: &Recipe, csnroffst: u32, random: &mut Random) -> Option<Vec<u8>> {
    let mut writer = Writer::default();
    write_bsi(&mut writer, recipe, random);
    let frame_bytes = parse_header(&writer.bytes).expect("a header").frame_bytes;
    let mut blocks = AudioBlocks::new();
    blocks.start_frame(recipe.layout, recipe.fscod, halvings(recipe.bsid));
    let mut reader = BitReader::new();
    let mut said = Said::default();
    for block in 0..BLOCKS {
        let start = writer.bits;
        write_side_information(&mut writer, recipe, block == 0, csnroffst, &mut said, random);
        if writer.bits + 18 > frame_bytes * 8 {
            return None;
        }
        // The decoder's own side says how many mantissas of which length follow. Were it wrong, the reference decoder
        // would read noise from here on.
        reader.load(&writer.bytes);
        reader.skip(start);
        blocks.read_side_information(&mut reader, block == 0).expect("a well-formed block");
        assert_eq!(reader.position(), writer.bits, "the block's fields are as long as written");
        write_mantissas(&mut writer, &blocks.mantissas(), random);
        if writer.bits + 18 > frame_bytes * 8 {
            return None;
        }
    }
    let mut frame = writer.bytes;
    frame.resize(frame_bytes, if csnroffst == SILENT { 0xFF } else { 0 });
    crc::seal(&mut frame);
    Some(frame)
}

fn write_bsi(writer: &mut Writer, recipe: &Recipe, random: &mut Random) {
    let Recipe { layout, fscod, bsid, gains, .. } = *recipe;
    writer.put(0x0B77_0000, 32);
    writer.put(u32::from(fscod), 2);
    writer.put(36 + random.below(2), 6); // frmsizecod: 640 kbit/s
    writer.put(u32::from(bsid), 5);
    writer.put(0, 3); // bsmod
    writer.put(layout.mode as u32, 3);
    let acmod = layout.mode as u32;
    let mix_fields = usize::from(acmod & 1 == 1 && acmod != 1) + usize::from(acmod & 4 != 0) + usize::from(acmod == 2);
    for _ in 0..mix_fields {
        writer.put(random.below(3), 2);
    }
    writer.flag(layout.lfe);
    for _ in 0..if acmod == 0 { 2 } else { 1 } {
        writer.put(1 + random.below(31), 5); // dialnorm
        let present = gains && random.once_in(2);
        writer.maybe(random, present, 8); // compr
        let present = random.once_in(4);
        writer.maybe(random, present, 8); // langcod
        let present = random.once_in(4);
        writer.maybe(random, present, 7); // mixlevel, roomtyp
    }
    writer.put(random.below(4), 2); // copyrightb, origbs
    for _ in 0..2 {
        let present = random.once_in(4);
        writer.maybe(random, present, 14); // timecod1, timecod2
    }
    let addbsie = random.once_in(4);
    writer.flag(addbsie);
    if addbsie {
        let addbsil = random.below(5);
        writer.put(addbsil, 6);
        for _ in 0..=addbsil {
            writer.put(random.below(256), 8);
        }
    }
}

fn write_side_information(
    writer: &mut Writer,
    recipe: &Recipe,
    first: bool,
    csnroffst: u32,
    said: &mut Said,
    random: &mut Random,
) {
    let mode = recipe.layout.mode;
    let nfchans = mode.channels();
    for channel in 0..nfchans {
        let blksw = random.once_in(4);
        writer.flag(if recipe.opening && first { channel == 0 } else { blksw });
    }
    for _ in 0..nfchans {
        writer.flag(recipe.dithered && !random.once_in(8)); // dithflag
    }
    for _ in 0..if mode == ChannelMode::DualMono { 2 } else { 1 } {
        let present = recipe.gains && random.once_in(3);
        writer.maybe(random, present, 8); // dynrng
    }
    let cplstre = first || random.once_in(4);
    writer.flag(cplstre);
    if cplstre {
        write_coupling_strategy(writer, recipe, said, random);
    }
    if said.cplinu {
        write_coupling_coordinates(writer, cplstre, said, random);
    }
    if mode == ChannelMode::Stereo {
        let rematstr = cplstre || random.once_in(3);
        writer.flag(rematstr);
        if rematstr {
            let bands = match said.cplbegf {
                0 if said.cplinu => 2,
                1 | 2 if said.cplinu => 3,
                _ => 4,
            };
            writer.put(random.below(1 << bands), bands);
        }
    }
    write_exponents(writer, recipe, cplstre, said, random);
    let baie = first || random.once_in(4);
    writer.maybe(random, baie, 11); // sdcycod, fdcycod, sgaincod, dbpbcod, floorcod
    let snroffste = cplstre || random.once_in(4);
    writer.flag(snroffste);
    if snroffste {
        writer.put(csnroffst, 6);
        for _ in 0..nfchans + usize::from(said.cplinu) + usize::from(recipe.layout.lfe) {
            let fsnroffst = if csnroffst == SILENT { 0 } else { random.below(16) };
            writer.put(fsnroffst, 4);
            writer.put(random.below(8), 3); // fgaincod
        }
    }
    if said.cplinu {
        let cplleake = cplstre || random.once_in(4);
        writer.maybe(random, cplleake, 6);
    }
    // A coupling channel that has moved cannot keep its segments.
    let deltbaie = (cplstre && !first) || random.once_in(3);
    writer.flag(deltbaie);
    if deltbaie {
        write_delta(writer, nfchans, cplstre, said, random);
    }
    let skiple = random.once_in(6);
    writer.flag(skiple);
    if skiple {
        let skipl = random.below(9);
        writer.put(skipl, 9);
        for _ in 0..skipl {
            writer.put(random.below(256), 8);
        }
    }
}

fn write_coupling_strategy(writer: &mut Writer, recipe: &Recipe, said: &mut Said, random: &mut Random) {
    let nfchans = recipe.layout.mode.channels();
    // Coupling needs two channels of one programme.
    let possible = nfchans > 1 && recipe.layout.mode != ChannelMode::DualMono;
    said.cplinu = possible && !random.once_in(3);
    writer.flag(said.cplinu);
    said.chincpl = vec![false; nfchans];
    if !said.cplinu {
        return;
    }
    for channel in &mut said.chincpl {
        *channel = !random.once_in(3);
    }
    said.chincpl[random.below(nfchans as u32) as usize] = true;
    for &channel in &said.chincpl {
        writer.flag(channel);
    }
    said.phsflginu = recipe.layout.mode == ChannelMode::Stereo && random.once_in(2);
    if recipe.layout.mode == ChannelMode::Stereo {
        writer.flag(said.phsflginu);
    }
    said.cplbegf = if random.once_in(2) { random.below(4) } else { random.below(16) };
    let cplendf = said.cplbegf.saturating_sub(2) + random.below(16 - said.cplbegf.saturating_sub(2));
    writer.put(said.cplbegf, 4);
    writer.put(cplendf, 4);
    said.subbands = cplendf + 3 - said.cplbegf;
    said.bands = 1;
    for _ in 1..said.subbands {
        let joined = random.once_in(3);
        writer.flag(joined);
        said.bands += u32::from(!joined);
    }
}

fn write_coupling_coordinates(writer: &mut Writer, cplstre: bool, said: &Said, random: &mut Random) {
    let mut phase_flags_follow = false;
    for (channel, _) in said.chincpl.iter().enumerate().filter(|(_, coupled)| **coupled) {
        let cplcoe = cplstre || random.once_in(3);
        writer.flag(cplcoe);
        if cplcoe {
            phase_flags_follow |= channel < 2;
            writer.put(u32::from(random.once_in(4)), 2); // mstrcplco
            for _ in 0..said.bands {
                let cplcoexp = if random.once_in(16) { 15 } else { random.below(6) };
                writer.put(cplcoexp, 4);
                writer.put(random.below(16), 4);
            }
        }
    }
    if said.phsflginu && phase_flags_follow {
        for _ in 0..said.bands {
            writer.flag(random.once_in(2));
        }
    }
}

fn write_exponents(writer: &mut Writer, recipe: &Recipe, cplstre: bool, said: &mut Said, random: &mut Random) {
    // A new coupling strategy moves channels' ends, so that they need new exponents.
    let mut strategy = |new: bool| match random.below(8) {
        0..4 if !new => 0,
        0 | 4 => 1,
        1 | 5 => 2,
        _ => 3,
    };
    let cplexpstr = strategy(cplstre);
    let chexpstr: Vec<u32> = said.chincpl.iter().map(|_| strategy(cplstre)).collect();
    let lfeexpstr = u32::from(strategy(cplstre) != 0);
    if said.cplinu {
        writer.put(cplexpstr, 2);
    }
    for &code in &chexpstr {
        writer.put(code, 2);
    }
    if recipe.layout.lfe {
        writer.put(lfeexpstr, 1);
    }
    said.ends.resize(chexpstr.len(), 0);
    let stereo_bandwidth = random.below(61);
    for (channel, _) in chexpstr.iter().enumerate().filter(|(_, code)| **code != 0) {
        said.ends[channel] = if said.chincpl[channel] {
            37 + 12 * said.cplbegf as usize
        } else {
            // A rematrixed pair has one bandwidth; others have their own.
            let stereo = recipe.layout.mode == ChannelMode::Stereo;
            let chbwcod = if stereo { stereo_bandwidth } else { random.below(61) };
            writer.put(chbwcod, 6);
            73 + 3 * chbwcod as usize
        };
    }
    if said.cplinu && cplexpstr != 0 {
        let absolute = 1 + random.below(3);
        writer.put(absolute, 4);
        let groups = said.subbands as usize * 4 / [1, 2, 4][cplexpstr as usize - 1];
        write_groups(writer, groups, 2 * absolute as i32, random);
    }
    for (channel, &code) in chexpstr.iter().enumerate().filter(|(_, code)| **code != 0) {
        let absolute = random.below(8);
        writer.put(absolute, 4);
        let groups = (said.ends[channel] - 1).div_ceil(3 * [1, 2, 4][code as usize - 1]);
        write_groups(writer, groups, absolute as i32, random);
        writer.put(random.below(4), 2); // gainrng
    }
    if recipe.layout.lfe && lfeexpstr == 1 {
        writer.put(3, 4);
        write_groups(writer, 2, 3, random);
    }
}

/// Groups of differences that keep the exponent in its range and, mostly, low.
fn write_groups(writer: &mut Writer, groups: usize, mut exponent: i32, random: &mut Random) {
    for _ in 0..groups {
        let mut code = 0;
        for _ in 0..3 {
            let upwards = if exponent > 8 && !random.once_in(3) { 0 } else { 2 };
            let difference = random.below(3 + upwards) as i32 - 2;
            let next = (exponent + difference).clamp(0, i32::from(MAX_EXPONENT));
            code = code * 5 + (next - exponent + 2) as u32;
            exponent = next;
        }
        writer.put(code, 7);
    }
}

fn write_delta(writer: &mut Writer, nfchans: usize, anew: bool, said: &mut Said, random: &mut Random) {
    // Coupling, when in use, comes first. Reuse is only of segments that there are: what reuse of none means, decoders
    // do not agree about.
    let first = usize::from(!said.cplinu);
    said.segments.resize(1 + nfchans, false);
    let mut strategies = Vec::new();
    for segments in &mut said.segments[first..] {
        let deltbae = if anew || !*segments { 1 + random.below(2) } else { random.below(3) };
        *segments = deltbae != 2;
        strategies.push(deltbae);
        writer.put(deltbae, 2);
    }
    for (index, _) in strategies.iter().enumerate().filter(|(_, deltbae)| **deltbae == 1) {
        // The coupling channel comes first, and its bands begin where its bins do.
        let coupling = said.cplinu && index == 0;
        let first_bin = if coupling { 37 + 12 * said.cplbegf as usize } else { 0 };
        let mut room = BANDS as u32 - u32::from(BAND_OF_BIN[first_bin]);
        let deltnseg = random.below(8);
        writer.put(deltnseg, 3);
        for _ in 0..=deltnseg {
            // A segment begins inside the bands, be it empty.
            let offset = random.below(room.min(8));
            let length = random.below((room - offset).min(6));
            room -= offset + length;
            writer.put(offset, 5);
            writer.put(length, 4);
            writer.put(random.below(8), 3);
        }
    }
}

/// Random mantissas of the lengths that `baps` say, in groups where they come in groups, no code being one of those that
/// stand for nothing.
fn write_mantissas(writer: &mut Writer, baps: &[u8], random: &mut Random) {
    let mut pending = [0; 3];
    for &bap in baps {
        let (kind, group, codes, bits) = match bap {
            0 => continue,
            1 => (0, 3, 27, 5),
            2 => (1, 3, 125, 7),
            4 => (2, 2, 121, 7),
            3 => {
                writer.put(random.below(7), 3);
                continue;
            }
            5 => {
                writer.put(random.below(15), 4);
                continue;
            }
            _ => {
                let bits = MANTISSA_BITS[usize::from(bap)];
                writer.put(random.below(1 << bits), usize::from(bits));
                continue;
            }
        };
        if pending[kind] == 0 {
            pending[kind] = group;
            writer.put(random.below(codes), bits);
        }
        pending[kind] -= 1;
    }
}
