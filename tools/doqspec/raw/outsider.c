/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What comes back to a socket that has no connection, packet by packet, and
 * the client that lends its ClientHello.  Notes facts; cmd_udp.c judges.
 */
#include "tools/doqspec/raw/outsider.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
raw_outsider_init(struct raw_outsider *out)
{
	*out = (struct raw_outsider){.fd = -1};
}

void
raw_outsider_done(struct raw_outsider *out)
{
	if (out->fd >= 0)
		close(out->fd);
	raw_conn_free(out->client);
	raw_buf_done(&out->dcid);
	raw_buf_done(&out->retry_cid);
	raw_buf_done(&out->retry_token);
	raw_buf_done(&out->server_cid);
	raw_buf_done(&out->sent);
	raw_buf_done(&out->got);
	raw_buf_done(&out->versions);
	raw_buf_done(&out->resets);
	for (size_t i = 0; i < out->nsets; i++) {
		raw_buf_done(&out->sets[i].dcid);
		raw_keys_done(&out->sets[i].rx);
	}
	raw_seen_done(&out->seen);
	raw_outsider_init(out);
}

void
raw_outsider_client(
    struct raw_outsider *out, const struct raw_settings *settings)
{
	struct raw_settings dry = *settings;
	const ngtcp2_cid *dcid;

	raw_conn_free(out->client);
	dry.is_dry = true;
	out->client = raw_conn_new("outsider", &dry);
	if (out->client->hello.len == 0)
		raw_fatal(
		    "a ClientHello could not be made: %s", out->client->error);
	dcid = ngtcp2_conn_get_dcid(out->client->quic);
	out->dcid.len = 0;
	raw_buf_add(&out->dcid, dcid->data, dcid->datalen);
	out->number = 0;
}

static bool
is_same(const struct raw_buf *one, const struct raw_buf *other)
{
	return one->len == other->len &&
	       (one->len == 0 || memcmp(one->data, other->data, one->len) == 0);
}

void
raw_outsider_note_keys(
    struct raw_outsider *out, uint32_t version, const struct raw_buf *dcid)
{
	struct raw_key_set *set = &out->sets[0];

	for (size_t i = 0; i < out->nsets; i++)
		if (out->sets[i].version == version &&
		    is_same(&out->sets[i].dcid, dcid))
			return;
	if (out->nsets == RAW_KEY_SETS) {
		/* The oldest is forgotten. */
		raw_buf_done(&set->dcid);
		raw_keys_done(&set->rx);
		memmove(set, set + 1, (RAW_KEY_SETS - 1) * sizeof(*set));
		out->nsets--;
	}
	set = &out->sets[out->nsets];
	*set = (struct raw_key_set){.version = version};
	if (raw_initial_keys(&set->rx, version, dcid, false) != 0)
		return;
	raw_buf_add(&set->dcid, dcid->data, dcid->len);
	out->nsets++;
}

static void
set_bytes(struct raw_buf *buf, const uint8_t *data, size_t len)
{
	buf->len = 0;
	raw_buf_add(buf, data, len);
}

static void
note_frames(struct raw_outsider *out, const struct raw_packet *packet)
{
	const uint8_t *p = packet->payload;
	size_t len = packet->len;

	while (len > 0) {
		struct raw_frame f;
		int used = raw_frame_read(p, len, &f);

		if (used <= 0) {
			out->seen.bad_packets++;
			return;
		}
		raw_seen_frame(&out->seen, &f);
		p += used;
		len -= (size_t)used;
	}
}

static void
note_initial(
    struct raw_outsider *out, const uint8_t *p, const struct raw_long *h)
{
	uint8_t *room = raw_alloc(1, h->size);
	struct raw_packet packet;
	bool is_open = false;

	for (size_t i = 0; i < out->nsets && !is_open; i++)
		is_open = out->sets[i].version == h->version &&
			  raw_initial_open(
			      &out->sets[i].rx, p, h, room, &packet) == 0;
	if (is_open) {
		out->packets[RAW_LONG_INITIAL]++;
		set_bytes(&out->server_cid, h->scid, h->scid_len);
		note_frames(out, &packet);
	} else {
		out->unopened++;
	}
	free(room);
}

/* RFC 9001 5.8: its tag covers the ID that the client chose. */
static void
note_retry(struct raw_outsider *out, const uint8_t *p, const struct raw_long *h)
{
	bool is_right = false;

	out->packets[RAW_LONG_RETRY]++;
	for (size_t i = 0; i < out->nsets && !is_right; i++)
		is_right = raw_retry_is_right(p, h, &out->sets[i].dcid);
	out->bad_retries += !is_right;
	set_bytes(&out->retry_cid, h->scid, h->scid_len);
	set_bytes(&out->retry_token, h->token, h->token_len);
}

static void
note_long(struct raw_outsider *out, const uint8_t *p, const struct raw_long *h)
{
	if (h->type == RAW_LONG_INITIAL) {
		note_initial(out, p, h);
		return;
	}
	if (h->type == RAW_LONG_RETRY) {
		note_retry(out, p, h);
		return;
	}
	out->packets[h->type]++;
	if (h->type == RAW_LONG_VERSIONS)
		set_bytes(&out->versions, p, h->size);
}

void
raw_outsider_on_datagram(
    struct raw_outsider *out, const uint8_t *data, size_t len)
{
	struct raw_long h;

	set_bytes(&out->got, data, len);
	out->datagrams++;
	out->octets_in += len;
	if (len > out->largest)
		out->largest = len;
	while (len > 0 && raw_long_read(data, len, &h) == 0) {
		note_long(out, data, &h);
		data += h.size;
		len -= h.size;
	}
	/* What is left has a short header, or is nothing that has a name; the
	 * padding of a datagram is neither. */
	if (len > 0 && data[0] != 0) {
		out->packets[RAW_LONG_NONE]++;
		set_bytes(&out->resets, data, len);
	}
}
