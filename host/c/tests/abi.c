/* The C ABI as a C program uses it: abi PLUGIN INPUT EXPECTED. Run under AddressSanitizer and under valgrind.
 *
 * EXPECTED is what another host made of INPUT with the same plugin and default options. */

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xg2g_transcoder.h"

/* The second thread's handle shares the first's plugin; their errors are apart. */
enum { THREADS = 2, ROUNDS = 50 };

static int checks;

#define CHECK(condition)                                                                                                \
    do {                                                                                                                \
        __atomic_add_fetch(&checks, 1, __ATOMIC_RELAXED);                                                               \
        if (!(condition)) {                                                                                             \
            char *why = xg2g_last_error();                                                                              \
            fprintf(stderr, "%s:%d: %s does not hold; last error: %s\n", __FILE__, __LINE__, #condition, why ? why : "none"); \
            exit(1);                                                                                                    \
        }                                                                                                               \
    } while (0)

struct bytes {
    uint8_t *data;
    size_t len;
};

static struct bytes read_file(const char *name) {
    FILE *file = fopen(name, "rb");
    struct bytes bytes = {0};
    if (!file || fseek(file, 0, SEEK_END) != 0) {
        perror(name);
        exit(2);
    }
    bytes.len = (size_t)ftell(file);
    bytes.data = malloc(bytes.len + 1);
    rewind(file);
    if (!bytes.data || fread(bytes.data, 1, bytes.len, file) != bytes.len) {
        perror(name);
        exit(2);
    }
    fclose(file);
    return bytes;
}

/* The last error begins with `kind` and holds `text`, and goes back to the library. */
static void check_error(const char *kind, const char *text) {
    char *why = xg2g_last_error();
    CHECK(why && strncmp(why, kind, strlen(kind)) == 0 && strstr(why, text));
    xg2g_free_string(why);
}

/* The whole stream in pieces through a buffer of its own heap block, so that one byte too many is seen. */
static void stream(const struct bytes *input, const struct bytes *expected, size_t piece, size_t capacity) {
    void *handle = xg2g_audio_remux_init(48000, 2, 192000);
    CHECK(handle);
    uint8_t *output = malloc(capacity);
    uint8_t *out = malloc(expected->len + capacity);
    size_t out_len = 0;
    int written;
    for (size_t at = 0; at < input->len; at += piece) {
        size_t len = input->len - at < piece ? input->len - at : piece;
        uint8_t *in = malloc(len);
        memcpy(in, input->data + at, len);
        written = xg2g_audio_remux_process(handle, in, len, output, capacity);
        free(in);
        if (written == XG2G_BUFFER_TOO_SMALL) {
            CHECK(capacity < 4 * len);
            size_t waiting = (size_t)xg2g_audio_remux_pending(handle);
            CHECK(waiting > capacity);
            capacity = waiting;
            output = realloc(output, capacity);
            out = realloc(out, expected->len + capacity);
            written = xg2g_audio_remux_process(handle, NULL, 0, output, capacity);
            CHECK((size_t)written == waiting);
        }
        CHECK(written >= 0 && out_len + (size_t)written <= expected->len);
        memcpy(out + out_len, output, (size_t)written);
        out_len += (size_t)written;
    }
    while ((written = xg2g_audio_remux_flush(handle, output, capacity)) > 0) {
        CHECK(out_len + (size_t)written <= expected->len);
        memcpy(out + out_len, output, (size_t)written);
        out_len += (size_t)written;
    }
    CHECK(written == 0 && xg2g_audio_remux_pending(handle) == 0);
    CHECK(out_len == expected->len && memcmp(out, expected->data, out_len) == 0);
    char *report = xg2g_audio_remux_report_json(handle);
    CHECK(report && strstr(report, "\"bytes_in\":"));
    xg2g_free_string(report);
    xg2g_audio_remux_free(handle);
    free(output);
    free(out);
}

static void misuse(void) {
    uint8_t byte = 0x47, output[1000];
    CHECK(!xg2g_audio_remux_init(48001, 2, 192000));
    check_error("invalid-argument: ", "sample_rate 48001");
    CHECK(!xg2g_audio_remux_init(48000, 6, 192000));
    check_error("invalid-argument: ", "channels is 6");
    CHECK(!xg2g_audio_remux_init(48000, 2, 1));
    check_error("invalid-option: ", "");

    CHECK(xg2g_audio_remux_process(NULL, &byte, 1, output, sizeof output) == XG2G_FAILED);
    check_error("invalid-argument: ", "handle is NULL");
    CHECK(xg2g_audio_remux_process(output, &byte, 1, output, sizeof output) == XG2G_FAILED);
    check_error("invalid-handle: ", "");
    void *handle = xg2g_audio_remux_init(0, 0, 0);
    CHECK(handle && !xg2g_last_error());
    CHECK(xg2g_audio_remux_process(handle, NULL, 1, output, sizeof output) == XG2G_FAILED);
    check_error("invalid-argument: ", "input is NULL");
    CHECK(xg2g_audio_remux_process(handle, &byte, 1, NULL, 1) == XG2G_FAILED);
    check_error("invalid-argument: ", "output is NULL");
    CHECK(xg2g_audio_remux_process(handle, &byte, (size_t)-1, output, sizeof output) == XG2G_FAILED);
    check_error("invalid-argument: ", "larger than anything");
    CHECK(xg2g_audio_remux_process(handle, NULL, 0, NULL, 0) == 0);
    CHECK(xg2g_audio_remux_flush(handle, output, sizeof output) == 0);
    CHECK(xg2g_audio_remux_process(handle, &byte, 1, output, sizeof output) == XG2G_FAILED);
    check_error("closed: ", "");
    xg2g_audio_remux_free(handle);
    CHECK(xg2g_audio_remux_process(handle, &byte, 1, output, sizeof output) == XG2G_FAILED);
    check_error("invalid-handle: ", "");
    xg2g_audio_remux_free(handle);
    check_error("invalid-handle: ", "");
    xg2g_audio_remux_free(NULL);

    char *why = xg2g_last_error();
    xg2g_free_string(why);
    xg2g_free_string(why);
    check_error("invalid-argument: ", "no string of this library");
    xg2g_free_string((char *)output);
    xg2g_free_string(NULL);

    CHECK(xg2g_plugin_load("/no/such/plugin.wasm") == XG2G_FAILED);
    check_error("found no plugin", "/no/such/plugin.wasm");
    CHECK(xg2g_limits_set(1, 0) == 0 && !xg2g_audio_remux_init(0, 0, 0));
    check_error("limit: ", "1 are allowed");
    CHECK(xg2g_limits_set(0, 0) == 0 && !xg2g_last_error());
    printf("  version %s\n", xg2g_transcoder_version());
}

struct errands {
    const struct bytes *input;
    void *handle;
    int number;
};

/* Fails in a way of its own, again and again, while the others do: what it reads is what it did. */
static void *fail_and_stream(void *argument) {
    const struct errands *errands = argument;
    uint8_t *output = malloc(4 * 188);
    char mine[40];
    snprintf(mine, sizeof mine, "sample_rate %d Hz", errands->number);
    for (int round = 0; round < ROUNDS; round++) {
        CHECK(!xg2g_audio_remux_init(errands->number, 2, 0));
        check_error("invalid-argument: ", mine);
        size_t at = (size_t)round * 188;
        CHECK(xg2g_audio_remux_process(errands->handle, errands->input->data + at, 188, output, 4 * 188) >= 0);
        CHECK(!xg2g_last_error());
    }
    free(output);
    return NULL;
}

static void threads(const struct bytes *input) {
    void *handle = xg2g_audio_remux_init(0, 0, 0);
    pthread_t thread[THREADS];
    struct errands errands[THREADS];
    for (int i = 0; i < THREADS; i++) {
        errands[i] = (struct errands){input, handle, i + 1};
        CHECK(pthread_create(&thread[i], NULL, fail_and_stream, &errands[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) pthread_join(thread[i], NULL);
    xg2g_audio_remux_free(handle);
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: %s PLUGIN INPUT EXPECTED\n", argv[0]);
        return 2;
    }
    struct bytes input = read_file(argv[2]), expected = read_file(argv[3]);
    CHECK(xg2g_plugin_load(argv[1]) == 0);
    misuse();
    threads(&input);
    stream(&input, &expected, 196608, 4 * 196608);
    stream(&input, &expected, 1000, 4000);
    stream(&input, &expected, 65536, 1);
    free(input.data);
    free(expected.data);
    printf("  %d checks hold\n", checks);
    return 0;
}
