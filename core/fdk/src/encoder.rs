//! The encoder itself: `aacenc_lib.h` behind a type that cannot be misused.
#![allow(unsafe_code)]

use crate::{EncoderConfig, Error};
use fdk_aac_sys as fdk;
use std::ffi::c_void;
use std::ptr::{self, NonNull};

/// Samples of one channel in an AAC-LC access unit (ISO/IEC 14496-3 §4.5.2.1.1, `frameLengthFlag` 0).
pub const FRAME_SAMPLES: usize = 1024;

/// `encModules` of `aacEncOpen`: the AAC core alone. Without the modules for SBR, PS and metadata their buffers, more than
/// half of an instance's memory, are not taken.
const MODULE_AAC: u32 = 0x01;

/// Audio object type 2, AAC LC (ISO/IEC 14496-3 Table 1.17).
const AOT_AAC_LC: u32 = 2;

/// `AACENC_TRANSMUX`: ADTS (`TT_MP4_ADTS`).
const TRANSMUX_ADTS: u32 = 2;

/// `AACENC_CHANNELORDER`: as WAVE files have them (L, R, C, LFE, …).
const CHANNELORDER_WAV: u32 = 1;

/// An AAC-LC encoder that writes ADTS access units at a constant bitrate.
///
/// It allocates when it is opened and not while it encodes, except to grow the caller's `out`.
#[derive(Debug)]
pub struct Encoder {
    handle: NonNull<fdk::AACENCODER>,
    config: EncoderConfig,
    delay_samples: usize,
    max_access_unit_bytes: usize,
}

// SAFETY: an instance is plain memory that only this handle reaches. FDK keeps nothing for a thread and no writable globals:
// its writable symbols (`nm`: classes b and d) are tables of pointers that only relocation writes. So an instance may move
// to another thread. It is not `Sync`, and need not be: encoding takes `&mut self`.
unsafe impl Send for Encoder {}

impl Encoder {
    /// Opens an encoder.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when the configuration is outside AAC-LC, [`Error::Encoder`] when FDK refuses it.
    pub fn open(config: EncoderConfig) -> Result<Self, Error> {
        config.validate()?;
        let channels = u32::from(config.channels);
        let mut handle = ptr::null_mut();
        // SAFETY: `handle` is a valid place for the new handle.
        check("aacEncOpen", unsafe { fdk::aacEncOpen(&raw mut handle, MODULE_AAC, channels) })?;
        let handle = NonNull::new(handle)
            .ok_or(Error::Encoder { call: "aacEncOpen", code: fdk::AACENC_ERROR_AACENC_INVALID_HANDLE })?;
        // From here on `Drop` closes the handle, also when a step below fails.
        let mut encoder = Self { handle, config, delay_samples: 0, max_access_unit_bytes: 0 };
        let parameters = [
            (fdk::AACENC_PARAM_AACENC_AOT, AOT_AAC_LC),
            (fdk::AACENC_PARAM_AACENC_SAMPLERATE, config.sample_rate),
            (fdk::AACENC_PARAM_AACENC_CHANNELMODE, channels),
            (fdk::AACENC_PARAM_AACENC_CHANNELORDER, CHANNELORDER_WAV),
            (fdk::AACENC_PARAM_AACENC_BITRATEMODE, 0), // constant
            (fdk::AACENC_PARAM_AACENC_BITRATE, config.bitrate),
            (fdk::AACENC_PARAM_AACENC_TRANSMUX, TRANSMUX_ADTS),
            // FDK's own default: its search for a better quantisation costs 2.4 times the CPU of the whole transcode.
            (fdk::AACENC_PARAM_AACENC_AFTERBURNER, 0),
        ];
        for (parameter, value) in parameters {
            // SAFETY: the handle is open.
            check("aacEncoder_SetParam", unsafe { fdk::aacEncoder_SetParam(handle.as_ptr(), parameter, value) })?;
        }
        // SAFETY: the handle is open; without buffers and arguments the call applies the parameters and does nothing else.
        check("aacEncEncode", unsafe {
            fdk::aacEncEncode(handle.as_ptr(), ptr::null(), ptr::null(), ptr::null(), ptr::null_mut())
        })?;
        let info = encoder.info()?;
        if info.frameLength as usize != FRAME_SAMPLES || info.inputChannels != channels {
            return Err(Error::Encoder { call: "aacEncInfo", code: fdk::AACENC_ERROR_AACENC_INVALID_CONFIG });
        }
        encoder.delay_samples = info.nDelay as usize;
        encoder.max_access_unit_bytes = info.maxOutBufBytes as usize;
        Ok(encoder)
    }

    /// What it was opened with.
    #[must_use]
    pub fn config(&self) -> EncoderConfig {
        self.config
    }

    /// Samples of one channel by which the decoder's output lags the encoder's input: sample `n` of the input is sample
    /// `n + delay_samples` of what the access units decode to, counted from the first sample of the first access unit. FDK
    /// states it (`nDelay`): 1600 for AAC-LC, at every rate.
    #[must_use]
    pub fn delay_samples(&self) -> usize {
        self.delay_samples
    }

    /// Encodes one frame of [`FRAME_SAMPLES`] interleaved samples of each channel and appends one ADTS access unit to `out`.
    ///
    /// # Errors
    /// [`Error::Unsupported`] when `pcm` is no whole frame, [`Error::Encoder`] when FDK fails; `out` is then as it was.
    pub fn encode(&mut self, pcm: &[i16], out: &mut Vec<u8>) -> Result<(), Error> {
        let expected = FRAME_SAMPLES * usize::from(self.config.channels);
        if pcm.len() != expected {
            return Err(Error::Unsupported { what: format!("a frame of {} samples; it takes {expected}", pcm.len()) });
        }
        let start = out.len();
        out.resize(start + self.max_access_unit_bytes, 0);
        let result = self.encode_into(pcm, &mut out[start..]);
        out.truncate(start + *result.as_ref().unwrap_or(&0));
        result.map(|_| ())
    }

    /// Encodes one whole frame into `access_unit` and returns how many bytes were written.
    fn encode_into(&mut self, pcm: &[i16], access_unit: &mut [u8]) -> Result<usize, Error> {
        const CALL: &str = "aacEncEncode";
        // A frame is at most 2 × 1024 samples and an access unit at most 2 × 768 bytes, so no cast below truncates.
        let mut in_buffer = pcm.as_ptr().cast_mut().cast::<c_void>();
        let mut in_identifier = fdk::AACENC_BufferIdentifier_IN_AUDIO_DATA as i32;
        let mut in_size = size_of_val(pcm) as i32;
        let mut in_element_size = size_of::<i16>() as i32;
        let input = fdk::AACENC_BufDesc {
            numBufs: 1,
            bufs: &raw mut in_buffer,
            bufferIdentifiers: &raw mut in_identifier,
            bufSizes: &raw mut in_size,
            bufElSizes: &raw mut in_element_size,
        };
        let mut out_buffer = access_unit.as_mut_ptr().cast::<c_void>();
        let mut out_identifier = fdk::AACENC_BufferIdentifier_OUT_BITSTREAM_DATA as i32;
        let mut out_size = access_unit.len() as i32;
        let mut out_element_size = 1;
        let output = fdk::AACENC_BufDesc {
            numBufs: 1,
            bufs: &raw mut out_buffer,
            bufferIdentifiers: &raw mut out_identifier,
            bufSizes: &raw mut out_size,
            bufElSizes: &raw mut out_element_size,
        };
        let arguments = fdk::AACENC_InArgs { numInSamples: pcm.len() as i32, numAncBytes: 0 };
        let mut result = fdk::AACENC_OutArgs { numOutBytes: 0, numInSamples: 0, numAncBytes: 0, bitResState: 0 };
        // SAFETY: the handle is open and `&mut self` makes this its only call; both descriptors name buffers of the sizes
        // given that outlive the call, and FDK only reads the input (the `*mut` is its C header's).
        check(CALL, unsafe {
            fdk::aacEncEncode(
                self.handle.as_ptr(),
                &raw const input,
                &raw const output,
                &raw const arguments,
                &raw mut result,
            )
        })?;
        // With whole frames in, every call consumes its frame and yields one access unit, the first included.
        let written = usize::try_from(result.numOutBytes).unwrap_or(0);
        if written == 0 || written > access_unit.len() || result.numInSamples != pcm.len() as i32 {
            return Err(Error::Encoder { call: CALL, code: fdk::AACENC_ERROR_AACENC_ENCODE_ERROR });
        }
        Ok(written)
    }

    fn info(&self) -> Result<fdk::AACENC_InfoStruct, Error> {
        // SAFETY: the structure is integers and an array of bytes, for which all zeros is a value.
        let mut info: fdk::AACENC_InfoStruct = unsafe { std::mem::zeroed() };
        // SAFETY: the handle is open and `info` is a valid place for the answer.
        check("aacEncInfo", unsafe { fdk::aacEncInfo(self.handle.as_ptr(), &raw mut info) })?;
        Ok(info)
    }
}

impl Drop for Encoder {
    fn drop(&mut self) {
        let mut handle = self.handle.as_ptr();
        // SAFETY: the handle is open, and nothing uses it after this.
        unsafe { fdk::aacEncClose(&raw mut handle) };
    }
}

/// FDK's return code as a result.
fn check(call: &'static str, code: fdk::AACENC_ERROR) -> Result<(), Error> {
    if code == fdk::AACENC_ERROR_AACENC_OK { Ok(()) } else { Err(Error::Encoder { call, code }) }
}
