//! Coupling: the high bins of several channels coded once, with a coordinate for each channel and band (A/52:2018 §7.4).

use super::bits::BitReader;
use super::mantissas::{Dither, Scales};
use crate::codec::FrameError;

/// Most sub-bands of 12 bins in coupling.
pub(crate) const MAX_SUBBANDS: usize = 18;

/// First bin of sub-band 0, and bins of a sub-band (A/52:2018 Table 7.24).
const FIRST_BIN: usize = 37;
const SUBBAND_BINS: usize = 12;

/// Most full-bandwidth channels.
const CHANNELS: usize = 5;

/// The state of coupling, which holds from block to block within a frame.
#[derive(Debug, Clone, Default)]
pub(crate) struct Coupling {
    /// `cplinu`.
    pub(crate) in_use: bool,
    /// `chincpl` of each channel.
    pub(crate) channels: [bool; CHANNELS],
    /// `cplbegf`, in sub-bands.
    pub(crate) cplbegf: usize,
    /// `cplfleak` and `cplsleak`.
    pub(crate) leaks: (u8, u8),
    /// One past the last sub-band.
    end_subband: usize,
    /// Bins of each band, `cplbndstrc` having joined some sub-bands.
    band_bins: [u8; MAX_SUBBANDS],
    /// `ncplbnd`.
    bands: usize,
    pub(crate) phsflginu: bool,
    /// `phsflg`, of the second channel.
    phase_flags: [bool; MAX_SUBBANDS],
    /// Coupling coordinates, the factor 8 of A/52:2018 §7.4.3 in them.
    coordinates: [[f32; MAX_SUBBANDS]; CHANNELS],
}

impl Coupling {
    /// `cplstrtmant` and `cplendmant`: the coupled bins.
    pub(crate) fn bins(&self) -> (usize, usize) {
        (FIRST_BIN + SUBBAND_BINS * self.cplbegf, FIRST_BIN + SUBBAND_BINS * self.end_subband)
    }

    /// Whether a channel's high bins come from the coupling channel.
    pub(crate) fn has(&self, channel: usize) -> bool {
        self.in_use && self.channels[channel]
    }

    /// Reads the coupling strategy, the fields after `cplstre` (A/52:2018 §5.4.3.8 to §5.4.3.13).
    ///
    /// # Errors
    /// [`FrameError::Malformed`] when it ends before it begins.
    pub(crate) fn read_strategy(
        &mut self,
        bits: &mut BitReader,
        nfchans: usize,
        stereo: bool,
    ) -> Result<(), FrameError> {
        self.in_use = bits.flag();
        self.channels = [false; CHANNELS];
        if !self.in_use {
            return Ok(());
        }
        for channel in &mut self.channels[..nfchans] {
            *channel = bits.flag();
        }
        self.phsflginu = stereo && bits.flag();
        let (cplbegf, cplendf) = (bits.take(4) as usize, bits.take(4) as usize);
        self.set_bands(cplbegf, cplendf + 3, |_| bits.flag())
    }

    /// Sets the coupled sub-bands, `cplbegf` to before `end_subband`, and the bands that they make: `cplbndstrc` says of
    /// each but the first whether it joins the one below it.
    ///
    /// # Errors
    /// [`FrameError::Malformed`] when they end before they begin.
    pub(crate) fn set_bands(
        &mut self,
        cplbegf: usize,
        end_subband: usize,
        mut cplbndstrc: impl FnMut(usize) -> bool,
    ) -> Result<(), FrameError> {
        (self.cplbegf, self.end_subband) = (cplbegf, end_subband);
        if end_subband <= cplbegf || end_subband > MAX_SUBBANDS {
            return Err(FrameError::Malformed("cplendf is below cplbegf"));
        }
        self.band_bins = [0; MAX_SUBBANDS];
        self.band_bins[0] = SUBBAND_BINS as u8;
        self.bands = 1;
        for subband in cplbegf + 1..end_subband {
            if !cplbndstrc(subband) {
                self.bands += 1;
            }
            self.band_bins[self.bands - 1] += SUBBAND_BINS as u8;
        }
        Ok(())
    }

    /// Reads the coordinates of each coupled channel and the phase flags (A/52:2018 §5.4.3.14 to §5.4.3.18).
    ///
    /// # Errors
    /// [`FrameError::Malformed`] when the frame's first block has none.
    pub(crate) fn read_coordinates(&mut self, bits: &mut BitReader, first_block: bool) -> Result<(), FrameError> {
        let mut phase_flags_follow = false;
        let coupled = self.channels;
        for channel in (0..CHANNELS).filter(|&channel| coupled[channel]) {
            let cplcoe = bits.flag();
            if cplcoe {
                phase_flags_follow |= channel < 2;
                self.read_channel_coordinates(bits, channel);
            } else if first_block {
                return Err(FrameError::Malformed("block 0 has no coupling coordinates"));
            }
        }
        if phase_flags_follow {
            self.read_phase_flags(bits);
        }
        Ok(())
    }

    /// Reads `mstrcplco` and the coordinates of one channel's bands.
    pub(crate) fn read_channel_coordinates(&mut self, bits: &mut BitReader, channel: usize) {
        let mstrcplco = bits.take(2);
        for coordinate in &mut self.coordinates[channel][..self.bands] {
            *coordinate = read_coordinate(bits, mstrcplco);
        }
    }

    /// Reads the phase flags, where they are in use.
    pub(crate) fn read_phase_flags(&mut self, bits: &mut BitReader) {
        if self.phsflginu {
            for phase_flag in &mut self.phase_flags[..self.bands] {
                *phase_flag = bits.flag();
            }
        }
    }

    /// Makes the high bins of `channel` from those of the coupling channel (A/52:2018 §7.4.3), with a gain of its own.
    ///
    /// Bins of no bits get dither here and not in the coupling channel, so that each channel's noise is its own
    /// (A/52:2018 §7.3.4).
    pub(crate) fn decouple(
        &self,
        channel: usize,
        gain: f32,
        coupled: &CoupledBins<'_>,
        mut dither: Option<&mut Dither>,
        coefficients: &mut [f32; 256],
    ) {
        let mut first = self.bins().0;
        for (band, &bins) in self.band_bins[..self.bands].iter().enumerate() {
            let bins = first..first + usize::from(bins);
            let negative = self.phsflginu && channel == 1 && self.phase_flags[band];
            let coordinate = self.coordinates[channel][band] * if negative { -gain } else { gain };
            let own = &mut coefficients[bins.clone()];
            for (own, shared) in own.iter_mut().zip(&coupled.coefficients[bins.clone()]) {
                *own = shared * coordinate;
            }
            if let Some(dither) = &mut dither {
                let scales = Scales::new(coordinate);
                for ((own, &bap), &exponent) in
                    own.iter_mut().zip(&coupled.bap[bins.clone()]).zip(&coupled.exponents[bins.clone()])
                {
                    if bap == 0 {
                        *own = dither.next() * scales.of(exponent);
                    }
                }
            }
            first = bins.end;
        }
    }
}

/// What the coupling channel of a block holds.
pub(crate) struct CoupledBins<'a> {
    pub(crate) bap: &'a [u8; 256],
    pub(crate) exponents: &'a [u8; 256],
    pub(crate) coefficients: &'a [f32; 256],
}

/// Reads `cplcoexp` and `cplcomant` (A/52:2018 §7.4.3).
fn read_coordinate(bits: &mut BitReader, mstrcplco: u32) -> f32 {
    let cplcoexp = bits.take(4);
    let cplcomant = bits.take(4) as f32;
    let mantissa = if cplcoexp == 15 { cplcomant / 16.0 } else { (cplcomant + 16.0) / 32.0 };
    // At most 2^-24, exactly.
    mantissa * 8.0 / (1u32 << (cplcoexp + 3 * mstrcplco)) as f32
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

    #[test]
    fn stereo_with_phase_flags() {
        // cplinu, chincpl 1 1, phsflginu, cplbegf 2, cplendf 1: sub-bands 2 and 3, not joined. Coordinates of both
        // channels: mstrcplco 0; exponent 3 mantissa 0 is 0.5/8, exponent 15 mantissa 8 is 0.5/2^15. Second channel with
        // mstrcplco 1. Phase flags 0 1.
        let mut bits = load("1 1 1 1 0010 0001 0  1 00 0011 0000 1111 1000  1 01 0000 0000 0000 1111  0 1");
        let mut coupling = Coupling::default();
        coupling.read_strategy(&mut bits, 2, true).unwrap();
        coupling.read_coordinates(&mut bits, true).unwrap();
        assert_eq!(coupling.bins(), (61, 85));
        assert_eq!(coupling.coordinates[0][..2], [0.5, 4.0 / 32_768.0]);
        assert_eq!(coupling.coordinates[1][..2], [0.5, 31.0 / 32.0]);
        let coupled = [1.0; 256];
        let bins = CoupledBins { bap: &[1; 256], exponents: &[0; 256], coefficients: &coupled };
        let mut own = [9.0; 256];
        coupling.decouple(1, 2.0, &bins, None, &mut own);
        assert_eq!((own[60], own[61], own[72], own[73], own[84], own[85]), (9.0, 1.0, 1.0, -1.9375, -1.9375, 9.0));
    }

    #[test]
    fn joined_subbands_are_one_band() {
        let mut bits = load("1 1 1 0 0000 0001 1 0 1");
        let mut coupling = Coupling::default();
        coupling.read_strategy(&mut bits, 2, true).unwrap();
        assert_eq!((coupling.bands, &coupling.band_bins[..3]), (2, &[24u8, 24, 0][..]));
        let mut bits = load("1 1 1 0 1111 0000");
        assert!(coupling.read_strategy(&mut bits, 2, true).is_err());
    }

    #[test]
    fn each_channel_has_its_own_dither() {
        let mut bits = load("1 1 1 0 0000 0000 11  1 00 0000 0000  1 00 0000 0000");
        let mut coupling = Coupling::default();
        coupling.read_strategy(&mut bits, 2, true).unwrap();
        coupling.read_coordinates(&mut bits, true).unwrap();
        let bins = CoupledBins { bap: &[0; 256], exponents: &[2; 256], coefficients: &[0.0; 256] };
        let mut dither = Dither::new();
        let mut own = [[0.0; 256]; 2];
        for (channel, own) in own.iter_mut().enumerate() {
            coupling.decouple(channel, 1.0, &bins, Some(&mut dither), own);
        }
        // The coordinate is 4: noise up to 0.707 at exponent 2.
        assert!(own.iter().flatten().all(|value| value.abs() <= 0.7072));
        let product: f32 = own[0].iter().zip(&own[1]).map(|(a, b)| a * b).sum();
        let power: f32 = own[0].iter().map(|a| a * a).sum();
        assert!(power > 1.0 && product.abs() < power / 2.0, "{product} of {power}");
    }
}
