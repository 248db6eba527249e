/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The numbers of the DNS wire format that Quoll needs, and the two accessors
 * for its big-endian words.  Nothing here knows what a message means.
 */
#ifndef DNS_WIRE_H
#define DNS_WIRE_H

#include <stddef.h>
#include <stdint.h>

/* RFC 1035 4.1.1: the header, and where its words stand. */
#define DNS_HEADER_SIZE 12
#define DNS_OFF_ID 0
#define DNS_OFF_FLAGS 2
#define DNS_OFF_QDCOUNT 4
#define DNS_OFF_ANCOUNT 6
#define DNS_OFF_NSCOUNT 8
#define DNS_OFF_ARCOUNT 10

/* Longest message: its length is 16 bits on every stream transport. */
#define DNS_MESSAGE_MAX 65535

/* QTYPE and QCLASS behind a QNAME; the shortest question has a root name. */
#define DNS_QUESTION_FIXED 4

/* TYPE, CLASS, TTL and RDLENGTH behind an owner name (RFC 1035 4.1.3). */
#define DNS_RECORD_FIXED 10

/* The second word of the header. */
enum dns_flag {
	DNS_FLAG_QR = 0x8000,
	DNS_FLAG_AA = 0x0400,
	DNS_FLAG_TC = 0x0200,
	DNS_FLAG_RD = 0x0100,
	DNS_FLAG_RA = 0x0080,
	DNS_FLAG_Z = 0x0040,
	DNS_FLAG_AD = 0x0020,
	DNS_FLAG_CD = 0x0010,
};

#define DNS_OPCODE_MASK 0x7800
#define DNS_OPCODE_SHIFT 11
#define DNS_RCODE_MASK 0x000f

enum dns_opcode {
	DNS_OPCODE_QUERY = 0,
	DNS_OPCODE_NOTIFY = 4,
	DNS_OPCODE_UPDATE = 5,
};

/* The whole 12 bits; what exceeds 15 needs an OPT record. */
enum dns_rcode {
	DNS_RCODE_NOERROR = 0,
	DNS_RCODE_FORMERR = 1,
	DNS_RCODE_SERVFAIL = 2,
	DNS_RCODE_NXDOMAIN = 3,
	DNS_RCODE_NOTIMP = 4,
	DNS_RCODE_REFUSED = 5,
	DNS_RCODE_NOTAUTH = 9,
	DNS_RCODE_BADVERS = 16,
	DNS_RCODE_BADCOOKIE = 23,
};

/* Octets of the RDATA of A and AAAA (RFC 1035 3.4.1, RFC 3596 2.2). */
#define DNS_A_SIZE 4
#define DNS_AAAA_SIZE 16

enum dns_type {
	DNS_TYPE_A = 1,
	DNS_TYPE_NS = 2,
	DNS_TYPE_CNAME = 5,
	DNS_TYPE_SOA = 6,
	DNS_TYPE_PTR = 12,
	DNS_TYPE_HINFO = 13,
	DNS_TYPE_TXT = 16,
	DNS_TYPE_SIG = 24,
	DNS_TYPE_AAAA = 28,
	DNS_TYPE_DNAME = 39,
	DNS_TYPE_OPT = 41,
	DNS_TYPE_DS = 43,
	DNS_TYPE_RRSIG = 46,
	DNS_TYPE_NSEC = 47,
	DNS_TYPE_DNSKEY = 48,
	DNS_TYPE_NSEC3 = 50,
	DNS_TYPE_NSEC3PARAM = 51,
	DNS_TYPE_SVCB = 64,
	DNS_TYPE_TKEY = 249,
	DNS_TYPE_TSIG = 250,
	DNS_TYPE_IXFR = 251,
	DNS_TYPE_AXFR = 252,
	DNS_TYPE_ANY = 255,
};

enum dns_class {
	DNS_CLASS_IN = 1,
	DNS_CLASS_CH = 3,
	DNS_CLASS_ANY = 255,
};

/* EDNS(0) options (IANA registry). */
enum dns_option_code {
	DNS_OPTION_NSID = 3,
	DNS_OPTION_ECS = 8,
	DNS_OPTION_COOKIE = 10,
	DNS_OPTION_KEEPALIVE = 11,
	DNS_OPTION_PADDING = 12,
	DNS_OPTION_EDE = 15,
};

/* Extended DNS Errors (RFC 8914 4) that Quoll makes. */
enum dns_ede {
	DNS_EDE_NONE = -1, /* no such option */
	DNS_EDE_OTHER = 0,
	DNS_EDE_STALE = 3,
	DNS_EDE_DNSSEC_BOGUS = 6,
	DNS_EDE_CACHED_ERROR = 13,
	DNS_EDE_NOT_READY = 14,
	DNS_EDE_BLOCKED = 15,
	DNS_EDE_CENSORED = 16,
	DNS_EDE_FILTERED = 17,
	DNS_EDE_PROHIBITED = 18,
	DNS_EDE_STALE_NXDOMAIN = 19,
	DNS_EDE_NOT_AUTHORITATIVE = 20,
	DNS_EDE_NOT_SUPPORTED = 21,
	DNS_EDE_NO_REACHABLE_AUTHORITY = 22,
	DNS_EDE_NETWORK_ERROR = 23,
	DNS_EDE_INVALID_DATA = 24,
	DNS_EDE_TOO_EARLY = 26,
};

/*
 * Where a message is made: `size` octets at `data` belong to the caller, the
 * first `len` of them are written.  Nobody in dns/ enlarges or frees it.
 */
struct dns_buf {
	uint8_t *data;
	size_t size;
	size_t len;
};

/* Reads a 16-bit word in network order. */
static inline uint16_t
dns_get16(const uint8_t *p)
{
	return (uint16_t)((unsigned)p[0] << 8 | p[1]);
}

/* Reads a 32-bit word in network order. */
static inline uint32_t
dns_get32(const uint8_t *p)
{
	return (uint32_t)dns_get16(p) << 16 | dns_get16(p + 2);
}

/* Writes a 16-bit word in network order. */
static inline void
dns_put16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* Writes a 32-bit word in network order. */
static inline void
dns_put32(uint8_t *p, uint32_t v)
{
	dns_put16(p, (uint16_t)(v >> 16));
	dns_put16(p + 2, (uint16_t)v);
}

#endif
