//! Spectral extension: high bins made of low ones and noise, with a level for each band (A/52:2018 §E.3.6).

use super::tables::DEFAULT_SPX_STRUCTURE;
use crate::codec::FrameError;
use crate::codec::ac3::audblk::MAX_FBW;
use crate::codec::ac3::bits::BitReader;
use crate::codec::ac3::mantissas::Dither;

/// Most bands: the sub-bands 2 to 16 of A/52:2018 Table E3.13.
const MAX_BANDS: usize = 17;

/// First bin of sub-band 0, and bins of a sub-band.
const FIRST_BIN: usize = 25;
const SUBBAND_BINS: usize = 12;

/// The state of spectral extension, which holds from block to block within a frame.
#[derive(Debug, Clone)]
pub(super) struct SpectralExtension {
    /// `spxinu`.
    pub(super) in_use: bool,
    /// `chinspx` of each channel.
    pub(super) channels: [bool; MAX_FBW],
    /// First bin that is made here (`spx_begin_subbnd`), and the first that it is made of (`spxstrtf`).
    pub(super) begin: usize,
    copy_begin: usize,
    /// A bit for each sub-band that joins the one below: `spxbndstrc`.
    structure: u32,
    band_bins: [u8; MAX_BANDS],
    bands: usize,
    /// Whether a channel's next coordinates are there without being announced: `firstspxcos`.
    first: [bool; MAX_FBW],
    /// What a band's copied bins and its noise are multiplied with: `spxco`, the blending and the factor 32 of A/52:2018
    /// §E.3.6.4.3 in them. The noise's has that factor, too, that brings [`Dither`] to unit power.
    signal: [[f32; MAX_BANDS]; MAX_FBW],
    noise: [[f32; MAX_BANDS]; MAX_FBW],
}

impl SpectralExtension {
    pub(super) const fn new() -> Self {
        Self {
            in_use: false,
            channels: [false; MAX_FBW],
            begin: 0,
            copy_begin: 0,
            structure: DEFAULT_SPX_STRUCTURE,
            band_bins: [0; MAX_BANDS],
            bands: 0,
            first: [true; MAX_FBW],
            signal: [[0.0; MAX_BANDS]; MAX_FBW],
            noise: [[0.0; MAX_BANDS]; MAX_FBW],
        }
    }

    /// Whether a channel's high bins are made here.
    pub(super) fn has(&self, channel: usize) -> bool {
        self.in_use && self.channels[channel]
    }

    /// `spxstre` to `spxcomant` of a block (A/52:2018 Table E1.4, §E.2.3.3.1 to §E.2.3.3.15).
    ///
    /// # Errors
    /// [`FrameError::Malformed`] when the extension begins where nothing can be made of it.
    pub(super) fn read(&mut self, bits: &mut BitReader, first_block: bool, nfchans: usize) -> Result<(), FrameError> {
        if first_block || bits.flag() {
            self.in_use = bits.flag();
            if self.in_use {
                self.read_strategy(bits, nfchans)?;
            }
        }
        for channel in 0..nfchans {
            if !self.has(channel) {
                self.first[channel] = true;
            } else if std::mem::take(&mut self.first[channel]) || bits.flag() {
                self.read_coordinates(bits, channel);
            }
        }
        Ok(())
    }

    fn read_strategy(&mut self, bits: &mut BitReader, nfchans: usize) -> Result<(), FrameError> {
        self.channels = [false; MAX_FBW];
        if nfchans == 1 {
            self.channels[0] = true;
        } else {
            self.channels[..nfchans].fill_with(|| bits.flag());
        }
        let spxstrtf = bits.take(2) as usize;
        let (spxbegf, spxendf) = (bits.take(3) as usize, bits.take(3) as usize);
        let begin = if spxbegf < 6 { spxbegf + 2 } else { 2 * spxbegf - 3 };
        let end = if spxendf < 3 { spxendf + 5 } else { 2 * spxendf + 3 };
        if end <= begin || spxstrtf >= begin {
            return Err(FrameError::Malformed("spectral extension ends below its begin"));
        }
        self.begin = FIRST_BIN + SUBBAND_BINS * begin;
        self.copy_begin = FIRST_BIN + SUBBAND_BINS * spxstrtf;
        // spxbndstrce: without one the frame's last structure holds on, its first being the default.
        if bits.flag() {
            self.structure = (begin + 1..end).fold(0, |structure, subband| structure | bits.take(1) << subband);
        }
        self.band_bins = [0; MAX_BANDS];
        self.band_bins[0] = SUBBAND_BINS as u8;
        self.bands = 1;
        for subband in begin + 1..end {
            self.bands += usize::from(self.structure >> subband & 1 == 0);
            self.band_bins[self.bands - 1] += SUBBAND_BINS as u8;
        }
        Ok(())
    }

    /// `spxblnd` to `spxcomant`, and the gains that they make (A/52:2018 §E.3.6.2, §E.3.6.4.2).
    fn read_coordinates(&mut self, bits: &mut BitReader, channel: usize) {
        let spxblnd = bits.take(5) as f32 / 32.0;
        let mstrspxco = bits.take(2);
        let end = self.begin + self.band_bins[..self.bands].iter().map(|&bins| usize::from(bins)).sum::<usize>();
        let mut first = self.begin;
        for band in 0..self.bands {
            let bins = usize::from(self.band_bins[band]);
            let center = (first + bins / 2) as f32;
            let nratio = (center / end as f32 - spxblnd).clamp(0.0, 1.0);
            let (spxcoexp, spxcomant) = (bits.take(4), bits.take(2) as f32);
            let mantissa = if spxcoexp == 15 { spxcomant / 4.0 } else { (spxcomant + 4.0) / 8.0 };
            let coordinate = 32.0 * mantissa / (1u32 << (spxcoexp + 3 * mstrspxco)) as f32;
            self.signal[channel][band] = coordinate * (1.0 - nratio).sqrt();
            // Dither is even between ±√½, of power 1/6.
            self.noise[channel][band] = coordinate * (6.0 * nratio).sqrt();
            first += bins;
        }
    }

    /// Makes a channel's high bins (A/52:2018 §E.3.6.4).
    pub(super) fn extend(
        &self,
        channel: usize,
        spxattencod: Option<u8>,
        dither: &mut Dither,
        coefficients: &mut [f32; 256],
    ) {
        // Bands are copied whole where they fit below the begin, else from the start again.
        let mut rms = [0.0; MAX_BANDS];
        let mut wraps = [false; MAX_BANDS];
        wraps[0] = true;
        let (mut from, mut to) = (self.copy_begin, self.begin);
        for ((&bins, rms), wraps) in self.band_bins[..self.bands].iter().zip(&mut rms).zip(&mut wraps) {
            let bins = usize::from(bins);
            if from + bins > self.begin {
                from = self.copy_begin;
                *wraps = true;
            }
            let mut power = 0.0;
            for _ in 0..bins {
                if from == self.begin {
                    from = self.copy_begin;
                }
                coefficients[to] = coefficients[from];
                power += coefficients[to] * coefficients[to];
                (from, to) = (from + 1, to + 1);
            }
            *rms = (power / bins as f32).sqrt();
        }
        if let Some(spxattencod) = spxattencod {
            self.filter_borders(spxattencod, &wraps, coefficients);
        }
        let mut first = self.begin;
        let gains = self.signal[channel].iter().zip(&self.noise[channel]).zip(rms);
        for (&bins, ((signal, noise), rms)) in self.band_bins[..self.bands].iter().zip(gains) {
            let bins = first..first + usize::from(bins);
            let noise = noise * rms;
            for coefficient in &mut coefficients[bins.clone()] {
                *coefficient = *coefficient * signal + dither.next() * noise;
            }
            first = bins.end;
        }
    }

    /// Weakens five bins around the begin and around each place where copying started again (A/52:2018 §E.3.6.4.2.3).
    fn filter_borders(&self, spxattencod: u8, wraps: &[bool; MAX_BANDS], coefficients: &mut [f32; 256]) {
        // A/52:2018 Table E3.14 by its formula, in 64 bits: rounded to 32 it is the same on every platform.
        let attenuation = |step: f64| (-(f64::from(spxattencod) + 1.0) * step / 15.0).exp2() as f32;
        let [outer, inner, middle] = [1.0, 2.0, 3.0].map(attenuation);
        let mut first = self.begin;
        for (&wraps, &bins) in wraps.iter().zip(&self.band_bins[..self.bands]) {
            if wraps {
                let taps = [outer, inner, middle, inner, outer];
                for (coefficient, tap) in coefficients[first - 2..first + 3].iter_mut().zip(taps) {
                    *coefficient *= tap;
                }
            }
            first += usize::from(bins);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> BitReader {
        let text: Vec<u8> = text.bytes().filter(|byte| *byte != b' ').collect();
        let bytes: Vec<u8> = text
            .chunks(8)
            .map(|byte| (0..8).fold(0, |value, bit| value << 1 | byte.get(bit).map_or(0, |bit| bit - b'0')))
            .collect();
        let mut bits = BitReader::new();
        bits.load(&bytes);
        bits
    }

    /// Mono, copied from bin 37 on, sub-bands 2 to 4 (bins 49 to 84), bands of one and of two. Coordinates: the first of
    /// exponent 4 and mantissa 0, so 1; the second of exponent 5, so a half.
    fn example(spxblnd: &str) -> SpectralExtension {
        let text = format!("1 01 000 000 1 0 1  {spxblnd} 00 0100 00 0101 00");
        let mut extension = SpectralExtension::new();
        extension.read(&mut load(&text), true, 1).unwrap();
        extension
    }

    #[test]
    fn bands_are_copied_with_their_levels() {
        let extension = example("11111");
        assert_eq!((extension.begin, extension.copy_begin, extension.bands), (49, 37, 2));
        let mut coefficients: [f32; 256] = std::array::from_fn(|bin| if bin < 49 { bin as f32 } else { 0.0 });
        extension.extend(0, None, &mut Dither::new(), &mut coefficients);
        // nratio is at most 1 − 31/32 here: 67/85 − 31/32 is below 0, so that there is no noise.
        for bin in 0..12 {
            assert_eq!(coefficients[49 + bin], (37 + bin) as f32);
            assert_eq!(
                (coefficients[61 + bin], coefficients[73 + bin]),
                ((37 + bin) as f32 / 2.0, (37 + bin) as f32 / 2.0)
            );
        }
        assert_eq!(coefficients[85], 0.0);
    }

    #[test]
    fn noise_has_the_bands_power() {
        let extension = example("00000");
        let (mut power, mut mean) = ([0.0; 2], 0.0);
        let mut dither = Dither::new();
        for _ in 0..2000 {
            let mut coefficients = [0.0; 256];
            coefficients[37..49].fill(0.25);
            extension.extend(0, None, &mut dither, &mut coefficients);
            power[0] += coefficients[49..61].iter().map(|value| value * value).sum::<f32>() / 12.0 / 2000.0;
            power[1] += coefficients[61..85].iter().map(|value| value * value).sum::<f32>() / 24.0 / 2000.0;
            mean += coefficients[61..85].iter().sum::<f32>() / 24.0 / 2000.0;
        }
        // The envelope is the coordinate's whatever the share of noise, which at 73/85 is great.
        for (power, level) in power.iter().zip([0.25f32, 0.125]) {
            let off = 10.0 * (power / (level * level)).log10();
            assert!(off.abs() < 0.1, "{off} dB");
        }
        assert!((mean / 0.125 - (1.0f32 - 73.0 / 85.0).sqrt()).abs() < 0.02);
    }

    #[test]
    fn borders_are_filtered_where_copying_starts_again() {
        let extension = example("11111");
        let mut coefficients = [1.0; 256];
        // Code 14 weakens by 6, 12 and 18 dB: 2^-1, 2^-2 and 2^-3.
        extension.extend(0, Some(14), &mut Dither::new(), &mut coefficients);
        assert_eq!(coefficients[46..53], [1.0, 0.5, 0.25, 0.125, 0.25, 0.5, 1.0]);
        // The second band is twice as long as what is copied: it starts again at its own begin, and once inside, where
        // nothing is filtered. Its level is a half.
        assert_eq!(coefficients[58..64], [1.0, 0.5, 0.25, 0.0625, 0.125, 0.25]);
        assert_eq!(coefficients[71..76], [0.5; 5]);
    }

    #[test]
    fn structure_and_coordinates_hold_on() {
        // Two channels, the second not extended; the default structure joins sub-bands 8, 10, 12, 14 and 16 to those below.
        let mut extension = SpectralExtension::new();
        let coordinates = "00000 00".to_owned() + &" 0000 00".repeat(8);
        let mut bits = load(&format!("1 1 0 00 010 111 0  {coordinates}"));
        extension.read(&mut bits, true, 2).unwrap();
        assert_eq!((extension.begin, extension.bands), (73, 8));
        assert_eq!(extension.band_bins[..9], [12, 12, 12, 24, 24, 24, 24, 24, 0]);
        // Another block: no strategy, no coordinates for the first channel.
        let mut bits = load("0 0");
        extension.read(&mut bits, false, 2).unwrap();
        assert_eq!(bits.position(), 2);
        // Begin after the end, and copying from the begin.
        assert!(SpectralExtension::new().read(&mut load("1 00 111 000 0"), true, 1).is_err());
        assert!(SpectralExtension::new().read(&mut load("1 11 000 000 0"), true, 1).is_err());
    }
}
