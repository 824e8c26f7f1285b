/* The xg2g transcoder for C: MPEG-TS in, MPEG-TS out with AC-3 and MPEG sound replaced by AAC-LC, in a sandbox.
 *
 * Made from host/c/src/abi.rs by cbindgen; a test holds it to that.
 *
 *     void *handle = xg2g_audio_remux_init(0, 2, 192000);
 *     while ((got = read(...)) > 0) {
 *         int ready = xg2g_audio_remux_process(handle, input, got, output, sizeof output);  // at least 4 * got bytes
 *         if (ready < 0) { char *why = xg2g_last_error(); ...; xg2g_free_string(why); break; }
 *         write(..., output, ready);
 *     }
 *     while ((ready = xg2g_audio_remux_flush(handle, output, sizeof output)) > 0) write(..., output, ready);
 *     xg2g_audio_remux_free(handle);
 *
 * Every function may be called from any thread at any time. NULL, a handle that was freed and a handle that never was one are errors
 * and no crash. A child process after fork() must not use what its parent opened. */

#ifndef XG2G_TRANSCODER_H
#define XG2G_TRANSCODER_H

#include <stddef.h>
#include <stdint.h>

// A call failed; `xg2g_last_error` says why.
#define XG2G_FAILED -1

// The buffer is too small. The input was taken in and nothing is lost: what is ready waits, and `xg2g_audio_remux_pending`
// says how much it is. Call `xg2g_audio_remux_process` again with `input_len` 0, never with the same input, and a buffer of
// that size.
#define XG2G_BUFFER_TOO_SMALL -2

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

// Opens a remuxer for one stream.
//
// The process's plugin is loaded if it was not: see `xg2g_plugin_load`.
//
// - `sample_rate`: in Hz, one that AAC has, or 0. Sound keeps the rate that it was broadcast with, so it changes nothing.
// - `channels`: of the AAC, 1 or 2; 0 means 2. More channels of the source are mixed down.
// - `bitrate`: of the AAC, in bits per second, 16000 to 576000; 0 means 192000, or 96000 for one channel.
//
// Returns the handle, or NULL when it failed. The handle is a number and no address: it must not be followed. It is never
// given again after it was freed.
void *xg2g_audio_remux_init(int sample_rate,
                            int channels,
                            int bitrate);

// Takes the next bytes of the stream, as one read gave them, and writes the packets that are ready.
//
// All of the input is taken in. Then up to `output_capacity` bytes of what is ready are written to `output`, and the rest
// waits for the next call. What is ready after a call can be more than its input: the start of a stream is held back for up to
// half a second and then comes at once. So:
//
// - A buffer of 4 times `input_len` is always enough: the call never returns `XG2G_BUFFER_TOO_SMALL`. What does not fit is
//   handed out by the following calls.
// - With a smaller one the call returns `XG2G_BUFFER_TOO_SMALL`, and writes nothing, when not everything that is ready fits.
// - With `input_len` 0 nothing is taken in, and what waits is written as far as it fits. `XG2G_BUFFER_TOO_SMALL` then means that
//   `output_capacity` is 0 and something waits.
//
// Where not everything fits, whole packets of 188 bytes are written, or single bytes where the buffer takes no packet. More
// than INT_MAX bytes are never written at once.
//
// `input` may be NULL when `input_len` is 0, and `output` when `output_capacity` is 0. They may overlap.
//
// Returns the number of bytes written, which may be 0; `XG2G_BUFFER_TOO_SMALL`; or `XG2G_FAILED`, with `output` untouched. Damage in
// the stream is no failure. What was ready before a failure still waits, and calls with `input_len` 0 write it. While 64 MiB wait
// no input is taken and the call fails.
//
// Several threads may call with one handle: the calls run one after the other. The thread needs 1 MiB of stack.
//
// # Safety
// `input` is readable for `input_len` bytes and `output` writable for `output_capacity`.
int xg2g_audio_remux_process(void *handle,
                             const uint8_t *input,
                             size_t input_len,
                             uint8_t *output,
                             size_t output_capacity);

// Says that the stream ends and writes the packets that were waiting, as `xg2g_audio_remux_process` with `input_len` 0 does: as many
// as fit. Call it again until it returns 0. Input is refused from then on.
//
// Returns the number of bytes written; `XG2G_BUFFER_TOO_SMALL` when `output_capacity` is 0 and something waits; or `XG2G_FAILED`,
// for instance when there was input and not one packet in it.
//
// # Safety
// `output` is writable for `output_capacity` bytes.
int xg2g_audio_remux_flush(void *handle,
                           uint8_t *output,
                           size_t output_capacity);

// Returns how many bytes wait for a call with room for them, or `XG2G_FAILED`.
int64_t xg2g_audio_remux_pending(void *handle);

// Returns what happened in the stream so far as a JSON object, the contract's `report`, or NULL when it failed. The string belongs
// to the caller, who gives it back with `xg2g_free_string`.
char *xg2g_audio_remux_report_json(void *handle);

// Frees a remuxer and all of its memory. What waited is dropped.
//
// A call that runs on the handle in another thread goes on to its end first; this one does not wait for it. NULL is nothing to
// free. A handle that is none is left alone and is the thread's last error; success does not clear that.
void xg2g_audio_remux_free(void *handle);

// Loads the plugin for the handles to come; those that exist keep theirs.
//
// `path` is a file name that ends with NUL. With NULL it is looked for as `xg2g_audio_remux_init` does when none was loaded:
// `$XG2G_PLUGIN`, else `transcoder.wasm` beside the executable, in `../lib/xg2g-transcoder/` from there, and in `./dist/`. It is
// compiled once; compiled code is kept in `$XDG_CACHE_HOME/xg2g-transcoder` or `~/.cache/xg2g-transcoder`.
//
// Returns 0, or `XG2G_FAILED` and keeps the plugin before.
//
// # Safety
// `path` is NULL or a string that ends with NUL.
int xg2g_plugin_load(const char *path);

// Sets the limits of the handles to come. One that exceeds a limit fails, and so does every further call on it; the others go on.
//
// - `memory`: bytes of memory a handle's sandbox may use. Default 16 MiB.
// - `call_time_ms`: milliseconds that 64 KiB of input may take. Default 2000; resolution 10, rounded up.
//
// 0 means the default. Returns 0, or `XG2G_FAILED`.
int xg2g_limits_set(uint64_t memory,
                    uint32_t call_time_ms);

// Returns the version of this library, `MAJOR.MINOR.PATCH`. It is static: never free it.
const char *xg2g_transcoder_version(void);

// Returns why the last call of this thread failed, the whole message; NULL when it succeeded. The string belongs to the caller,
// who gives it back with `xg2g_free_string`, on any thread. Asking does not clear it.
//
// It begins with a kind and a colon: `invalid-argument`, `invalid-handle`, `buffer-too-small`, `internal`, or one of the
// plugin's: `malformed`, `unsupported`, `limit`, `closed`, `invalid-option`, `trap`; a plugin that could not be loaded is said
// in a sentence.
//
// Each thread has its own. Every function sets it when it fails and clears it when it succeeds, except `xg2g_audio_remux_free`,
// `xg2g_free_string`, `xg2g_transcoder_version` and this one, which do not clear it.
char *xg2g_last_error(void);

// Frees a string of `xg2g_last_error` or `xg2g_audio_remux_report_json`. NULL is nothing to free; any other pointer is left alone
// and is the thread's last error.
void xg2g_free_string(char *string);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* XG2G_TRANSCODER_H */
