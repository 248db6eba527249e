/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wire: what the kernel makes of our datagrams, and what somebody on the way
 * may say about them.  For tests in a network namespace of their own.
 *
 *	wire watch INTERFACE PORT
 *		a line for each IP packet of UDP that comes from or goes to the
 *		port, until a signal; fragments count whatever they carry:
 *			in|out 4|6 CLIENT-PORT SIZE df|- fragment|- LABEL
 *	wire forge SERVER PORT CLIENT PORT TYPE CODE NUMBER TIMES
 *		sends ICMP or ICMPv6 errors to the server about a datagram of
 *		its own to the client; NUMBER is the MTU in them.
 *
 * A test's own judge: it links nothing of ours.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	PACKET_MAX = 65536,
	QUOTED = 1200, /* length that the quoted datagram claims to have */
	PORT_AT = 2,   /* destination port, in a UDP header */
	BUFFER = 16 << 20
};

struct seen {
	bool is_ours;
	bool df;
	bool fragment;
	unsigned version;
	unsigned client_port;
	unsigned label;
	size_t size;
};

static _Noreturn void
die(const char *what)
{
	fprintf(stderr, "wire: %s: %s\n", what, strerror(errno));
	exit(2);
}

static unsigned
get16(const uint8_t *p)
{
	return (unsigned)(p[0] << 8 | p[1]);
}

/* The ports of a UDP header; is one of them ours? */
static void
read_udp(const uint8_t *p, unsigned port, struct seen *ret)
{
	unsigned from = get16(p), to = get16(p + PORT_AT);

	ret->is_ours = from == port || to == port;
	ret->client_port = from == port ? to : from;
}

static void
read_v4(const uint8_t *p, size_t len, unsigned port, struct seen *ret)
{
	struct ip h;

	memcpy(&h, p, sizeof(h));
	ret->version = 4;
	ret->size = ntohs(h.ip_len);
	ret->df = (ntohs(h.ip_off) & IP_DF) != 0;
	ret->fragment = (ntohs(h.ip_off) & (IP_MF | IP_OFFMASK)) != 0;
	if (h.ip_p != IPPROTO_UDP)
		return;
	if (ret->fragment)
		ret->is_ours = true;
	else if (len >= h.ip_hl * 4u + sizeof(struct udphdr))
		read_udp(p + h.ip_hl * 4u, port, ret);
}

static void
read_v6(const uint8_t *p, size_t len, unsigned port, struct seen *ret)
{
	struct ip6_hdr h;

	memcpy(&h, p, sizeof(h));
	ret->version = 6;
	ret->size = sizeof(h) + ntohs(h.ip6_plen);
	ret->label = ntohl(h.ip6_flow) & 0xfffff;
	ret->df = true; /* no router ever cuts one */
	if (h.ip6_nxt == IPPROTO_FRAGMENT) {
		ret->fragment = true;
		ret->is_ours = true;
	} else if (h.ip6_nxt == IPPROTO_UDP &&
		   len >= sizeof(h) + sizeof(struct udphdr)) {
		read_udp(p + sizeof(h), port, ret);
	}
}

static _Noreturn void
watch(const char *interface, unsigned port)
{
	static uint8_t data[PACKET_MAX];
	struct sockaddr_ll link = {.sll_family = AF_PACKET,
	    .sll_protocol = htons(ETH_P_ALL),
	    .sll_ifindex = (int)if_nametoindex(interface)};
	int size = BUFFER;
	int fd = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL));

	if (fd < 0 || link.sll_ifindex == 0 ||
	    bind(fd, (struct sockaddr *)&link, sizeof(link)) != 0)
		die(interface);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("watching\n");
	for (;;) {
		struct sockaddr_ll from;
		socklen_t fromlen = sizeof(from);
		ssize_t n = recvfrom(fd, data, sizeof(data), 0,
		    (struct sockaddr *)&from, &fromlen);
		struct seen s = {.is_ours = false};

		if (n >= (ssize_t)sizeof(struct ip) && data[0] >> 4 == 4)
			read_v4(data, (size_t)n, port, &s);
		else if (n >= (ssize_t)sizeof(struct ip6_hdr) &&
			 data[0] >> 4 == 6)
			read_v6(data, (size_t)n, port, &s);
		if (s.is_ours)
			printf("%s %u %u %zu %s %s %05x\n",
			    from.sll_pkttype == PACKET_OUTGOING ? "out" : "in",
			    s.version, s.client_port, s.size, s.df ? "df" : "-",
			    s.fragment ? "fragment" : "-", s.label);
	}
}

/* ---- forged errors ------------------------------------------------------ */

struct forged {
	const char *server, *client;
	unsigned server_port, client_port;
	unsigned type, code, number;
};

static uint16_t
checksum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += get16(p + i);
	sum = (sum >> 16) + (sum & 0xffff);
	sum += sum >> 16;
	return htons((uint16_t)~sum);
}

static size_t
quote_udp(const struct forged *f, uint8_t *p)
{
	struct udphdr u = {.source = htons((uint16_t)f->server_port),
	    .dest = htons((uint16_t)f->client_port),
	    .len = htons(QUOTED)};

	memcpy(p, &u, sizeof(u));
	p[sizeof(u)] = 0x40; /* a short header packet, as far as it goes */
	return sizeof(u) + 8;
}

static size_t
make_v4(const struct forged *f, uint8_t *p, struct sockaddr_storage *ret_to)
{
	struct sockaddr_in *to = (struct sockaddr_in *)ret_to;
	struct icmphdr h = {.type = (uint8_t)f->type, .code = (uint8_t)f->code};
	struct ip quoted = {.ip_v = 4,
	    .ip_hl = 5,
	    .ip_ttl = 64,
	    .ip_p = IPPROTO_UDP,
	    .ip_off = htons(IP_DF),
	    .ip_len = htons(QUOTED + sizeof(struct ip))};
	size_t len = sizeof(h) + sizeof(quoted);

	to->sin_family = AF_INET;
	inet_pton(AF_INET, f->server, &to->sin_addr);
	quoted.ip_src = to->sin_addr;
	inet_pton(AF_INET, f->client, &quoted.ip_dst);
	h.un.frag.mtu = htons((uint16_t)f->number);
	memcpy(p, &h, sizeof(h));
	memcpy(p + sizeof(h), &quoted, sizeof(quoted));
	len += quote_udp(f, p + len);
	h.checksum = checksum(p, len);
	memcpy(p, &h, sizeof(h));
	return len;
}

/* The kernel does the checksum of ICMPv6. */
static size_t
make_v6(const struct forged *f, uint8_t *p, struct sockaddr_storage *ret_to)
{
	struct sockaddr_in6 *to = (struct sockaddr_in6 *)ret_to;
	struct icmp6_hdr h = {
	    .icmp6_type = (uint8_t)f->type, .icmp6_code = (uint8_t)f->code};
	struct ip6_hdr quoted = {
	    .ip6_nxt = IPPROTO_UDP, .ip6_hlim = 64, .ip6_plen = htons(QUOTED)};
	size_t len = sizeof(h) + sizeof(quoted);

	to->sin6_family = AF_INET6;
	inet_pton(AF_INET6, f->server, &to->sin6_addr);
	quoted.ip6_flow = htonl(6u << 28);
	quoted.ip6_src = to->sin6_addr;
	inet_pton(AF_INET6, f->client, &quoted.ip6_dst);
	h.icmp6_mtu = htonl(f->number);
	memcpy(p, &h, sizeof(h));
	memcpy(p + sizeof(h), &quoted, sizeof(quoted));
	return len + quote_udp(f, p + len);
}

static int
forge(const struct forged *f, unsigned times)
{
	bool v6 = strchr(f->server, ':') != NULL;
	struct sockaddr_storage to = {.ss_family = AF_UNSPEC};
	uint8_t packet[256] = {0};
	size_t len = v6 ? make_v6(f, packet, &to) : make_v4(f, packet, &to);
	int fd = socket(v6 ? AF_INET6 : AF_INET, SOCK_RAW,
	    v6 ? (int)IPPROTO_ICMPV6 : (int)IPPROTO_ICMP);

	if (fd < 0)
		die("raw socket");
	for (unsigned i = 0; i < times; i++)
		if (sendto(fd, packet, len, 0, (struct sockaddr *)&to,
			v6 ? sizeof(struct sockaddr_in6)
			   : sizeof(struct sockaddr_in)) < 0)
			die("send");
	close(fd);
	return 0;
}

static unsigned
number(const char *text)
{
	return (unsigned)strtoul(text, NULL, 10);
}

int
main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "watch") == 0)
		watch(argv[2], number(argv[3]));
	if (argc == 10 && strcmp(argv[1], "forge") == 0) {
		struct forged f = {argv[2], argv[4], number(argv[3]),
		    number(argv[5]), number(argv[6]), number(argv[7]),
		    number(argv[8])};

		return forge(&f, number(argv[9]));
	}
	fputs("usage: wire watch INTERFACE PORT\n"
	      "       wire forge SERVER PORT CLIENT PORT TYPE CODE NUMBER "
	      "TIMES\n",
	    stderr);
	return 2;
}
