/* A fax machine for the tests: spandsp's, over UDPTL (T.38) or over G.711 in RTP, on a port that is given. Signalling is
   the test's.

     machine page FILE                     writes a page
     machine compare FILE FILE             0 where both hold the same picture
     machine MEDIUM send|receive FILE PORT REMOTE   MEDIUM: t38, PCMA or PCMU; REMOTE: a port on this machine
*/
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <tiffio.h>
#include <time.h>

#include <spandsp.h>

enum { WIDTH = 1728, HEIGHT = 250, TICK = 160, REDUNDANT = 3, LONGEST_IFP = 400, LIMIT_SECS = 150 };

enum { T38 = -1, PCMU = 0, PCMA = 8 };

static int medium; /* T.38, or the RTP payload type */
static int media_socket;
static struct sockaddr_in remote;
static volatile int outcome = -1;

static void finished(t30_state_t *t30, void *user, int code)
{
    t30_stats_t stats;
    t30_get_transfer_statistics(t30, &stats);
    int pages = stats.pages_tx + stats.pages_rx;
    fprintf(stderr, "phase E: %s, %d pages at %d bit/s, %d bad rows\n", t30_completion_code_to_str(code), pages, stats.bit_rate,
            stats.bad_rows);
    outcome = code == T30_ERR_OK && pages == 1 ? 0 : 1;
}

/* --- UDPTL (T.38 section 9): the primary packet, and copies of those before */

static struct { uint8_t bytes[LONGEST_IFP]; int length; } sent[REDUNDANT + 1];
static uint16_t sent_number;

static int put(uint8_t *out, const uint8_t *bytes, int length)
{
    int at = 0;
    if (length > 127)
        out[at++] = (uint8_t) (0x80 | length >> 8);
    out[at++] = (uint8_t) length;
    memcpy(out + at, bytes, (size_t) length);
    return at + length;
}

static int send_ifp(t38_core_state_t *core, void *user, const uint8_t *bytes, int length, int count)
{
    uint8_t out[4 + (REDUNDANT + 1) * (LONGEST_IFP + 2)];
    if (length > LONGEST_IFP)
        return -1;
    memmove(&sent[1], &sent[0], sizeof(sent[0]) * REDUNDANT);
    memcpy(sent[0].bytes, bytes, (size_t) length);
    sent[0].length = length;
    out[0] = (uint8_t) (sent_number >> 8);
    out[1] = (uint8_t) sent_number;
    int at = 2 + put(out + 2, bytes, length);
    int copies = sent_number < REDUNDANT ? sent_number : REDUNDANT;
    out[at++] = 0; /* redundancy, not parity */
    out[at++] = (uint8_t) copies;
    for (int i = 1; i <= copies; i++)
        at += put(out + at, sent[i].bytes, sent[i].length);
    for (int i = 0; i < count; i++)
        sendto(media_socket, out, (size_t) at, 0, (struct sockaddr *) &remote, sizeof remote);
    sent_number++;
    return 0;
}

static int get(const uint8_t *in, int length, int *at)
{
    if (*at >= length)
        return -1;
    int size = in[(*at)++];
    if (size & 0x80) {
        if (*at >= length)
            return -1;
        size = (size & 0x3f) << 8 | in[(*at)++];
    }
    return *at + size <= length ? size : -1;
}

static void receive_ifp(t38_core_state_t *core, const uint8_t *in, int length)
{
    static int expected = 0;
    const uint8_t *copies[16];
    int sizes[16], count = 0, at = 2;
    if (length < 4)
        exit(3);
    int number = in[0] << 8 | in[1];
    int size = get(in, length, &at);
    if (size < 0)
        exit(3);
    const uint8_t *primary = in + at;
    at += size;
    if (at + 2 <= length && in[at] == 0) {
        int declared = in[at + 1];
        at += 2;
        for (; count < declared && count < 16; count++) {
            sizes[count] = get(in, length, &at);
            if (sizes[count] < 0)
                exit(3);
            copies[count] = in + at;
            at += sizes[count];
        }
    }
    for (int i = count; i > 0; i--)
        if (number - i >= expected)
            t38_core_rx_ifp_packet(core, copies[i - 1], sizes[i - 1], (uint16_t) (number - i));
    if (number >= expected) {
        t38_core_rx_ifp_packet(core, primary, size, (uint16_t) number);
        expected = number + 1;
    }
}

/* --- G.711 in RTP, with a jitter buffer of a few packets: the sound is played as it comes */

static void send_sound(const int16_t *samples)
{
    static uint16_t number;
    static uint32_t timestamp;
    uint8_t out[12 + TICK] = {0x80, (uint8_t) medium, (uint8_t) (number >> 8), (uint8_t) number,
        (uint8_t) (timestamp >> 24), (uint8_t) (timestamp >> 16), (uint8_t) (timestamp >> 8), (uint8_t) timestamp,
        0x11, 0x22, 0x33, (uint8_t) medium};
    for (int i = 0; i < TICK; i++)
        out[12 + i] = medium == PCMA ? linear_to_alaw(samples[i]) : linear_to_ulaw(samples[i]);
    number++;
    timestamp += TICK;
    sendto(media_socket, out, sizeof out, 0, (struct sockaddr *) &remote, sizeof remote);
}

static int receive_sound(const uint8_t *in, int length, int16_t *samples)
{
    int count = length - 12;
    if (count <= 0 || count > 8 * TICK || (in[1] & 0x7f) != medium)
        return 0;
    for (int i = 0; i < count; i++)
        samples[i] = medium == PCMA ? alaw_to_linear(in[12 + i]) : ulaw_to_linear(in[12 + i]);
    return count;
}

static void prepare(t30_state_t *t30, int sends, const char *file)
{
    t30_set_tx_ident(t30, sends ? "0201" : "0202");
    if (sends)
        t30_set_tx_file(t30, file, -1, -1);
    else
        t30_set_rx_file(t30, file, -1);
    t30_set_ecm_capability(t30, 0); /* what is damaged on the way shows */
    t30_set_supported_modems(t30, T30_SUPPORT_V27TER | T30_SUPPORT_V29);
    t30_set_phase_e_handler(t30, finished, NULL);
}

static int fax(int sends, const char *file)
{
    t38_terminal_state_t *terminal = NULL;
    fax_state_t *machine = NULL;
    t38_core_state_t *core = NULL;
    if (medium == T38) {
        terminal = t38_terminal_init(NULL, sends, send_ifp, NULL);
        core = t38_terminal_get_t38_core_state(terminal);
        t38_set_data_rate_management_method(core, 2);
        t38_set_t38_version(core, 0);
        prepare(t38_terminal_get_t30_state(terminal), sends, file);
    } else {
        machine = fax_init(NULL, sends);
        fax_set_transmit_on_idle(machine, 1);
        prepare(fax_get_t30_state(machine), sends, file);
    }
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    int after = 0;
    /* After the end the last words are still said. */
    for (int tick = 0; tick < LIMIT_SECS * 50 && after < 50; tick++) {
        uint8_t in[2048];
        int16_t samples[8 * TICK];
        ssize_t length;
        while ((length = recv(media_socket, in, sizeof in, MSG_DONTWAIT)) > 0) {
            if (medium == T38) {
                receive_ifp(core, in, (int) length);
            } else {
                int count = receive_sound(in, (int) length, samples);
                if (count > 0)
                    fax_rx(machine, samples, count);
            }
        }
        if (medium == T38) {
            t38_terminal_send_timeout(terminal, TICK);
        } else {
            int made = fax_tx(machine, samples, TICK);
            memset(samples + made, 0, sizeof(int16_t) * (size_t) (TICK - made));
            send_sound(samples);
        }
        after += outcome >= 0;
        next.tv_nsec += 20000000;
        if (next.tv_nsec >= 1000000000) {
            next.tv_sec++;
            next.tv_nsec -= 1000000000;
        }
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
    }
    return outcome < 0 ? 2 : outcome;
}

/* --- Pictures */

static int page(const char *file)
{
    TIFF *tiff = TIFFOpen(file, "w");
    uint8_t row[WIDTH / 8];
    if (tiff == NULL)
        return 1;
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, (uint32_t) WIDTH);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, (uint32_t) HEIGHT);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 1);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_CCITT_T4);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, (uint32_t) HEIGHT);
    TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
    TIFFSetField(tiff, TIFFTAG_XRESOLUTION, 204.0);
    TIFFSetField(tiff, TIFFTAG_YRESOLUTION, 98.0);
    for (int y = 0; y < HEIGHT; y++) {
        memset(row, 0, sizeof row);
        for (int x = 0; x < WIDTH; x++)
            if ((x / 16 + y / 8) % 7 == 0 || (x - y) * (x - y) < 900)
                row[x / 8] |= (uint8_t) (0x80 >> x % 8);
        TIFFWriteScanline(tiff, row, (uint32_t) y, 0);
    }
    TIFFClose(tiff);
    return 0;
}

static int compare(const char *a, const char *b)
{
    TIFF *one = TIFFOpen(a, "r"), *other = TIFFOpen(b, "r");
    uint8_t row[WIDTH / 8], same[WIDTH / 8];
    uint32_t width = 0, height = 0;
    int differing = 0;
    if (one == NULL || other == NULL)
        return 1;
    TIFFGetField(other, TIFFTAG_IMAGEWIDTH, &width);
    TIFFGetField(other, TIFFTAG_IMAGELENGTH, &height);
    if (width != WIDTH || height != HEIGHT) {
        fprintf(stderr, "a page of %u by %u\n", width, height);
        return 1;
    }
    for (uint32_t y = 0; y < HEIGHT; y++)
        if (TIFFReadScanline(one, row, y, 0) < 0 || TIFFReadScanline(other, same, y, 0) < 0
            || memcmp(row, same, sizeof row) != 0)
            differing++;
    fprintf(stderr, "%d of %d rows differ\n", differing, HEIGHT);
    return differing > 0;
}

int main(int count, char **words)
{
    if (count == 3 && strcmp(words[1], "page") == 0)
        return page(words[2]);
    if (count == 4 && strcmp(words[1], "compare") == 0)
        return compare(words[2], words[3]);
    if (count != 6)
        return 64;
    medium = strcmp(words[1], "PCMA") == 0 ? PCMA : strcmp(words[1], "PCMU") == 0 ? PCMU : T38;
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_port = htons((uint16_t) atoi(words[4]))};
    local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    remote = local;
    remote.sin_port = htons((uint16_t) atoi(words[5]));
    media_socket = socket(AF_INET, SOCK_DGRAM, 0);
    /* The test has let go of the port, but a process that it forks at this moment may hold it until its exec. */
    for (int tries = 0; bind(media_socket, (struct sockaddr *) &local, sizeof local) != 0; tries++) {
        if (tries == 500)
            return 65;
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    }
    return fax(strcmp(words[2], "send") == 0, words[3]);
}
