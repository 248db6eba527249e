/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FAKEBE_H
#define FAKEBE_H

#include "tools/doqspec/raw/bytes.h"

/*
 * The scripted backend: a DNS server whose behaviour is chosen by the first
 * label of the name that is asked ("slow2000.x.example.org" answers after 2 s).
 * The labels are listed with their meaning in behave.c.
 */

enum {
	BE_LABEL_MAX = 64,
	BE_NAME_MAX = 1032,
	BE_OPTIONS_MAX = 32,
	BE_PROXY_MAX = 160
};

/* A query as it came. */
struct be_query {
	const uint8_t *msg;
	size_t len;
	unsigned id, flags;
	char name[BE_NAME_MAX];	  /* as asked, escaped */
	char label[BE_LABEL_MAX]; /* first label, lower case, digits cut off */
	bool has_number;
	unsigned number; /* the digits behind the label */
	unsigned qtype, qclass;
	size_t question_len; /* behind the header; 0: no question */
	bool has_opt, wants_dnssec;
	unsigned udp_size;
	unsigned options[BE_OPTIONS_MAX];
	size_t noptions;
	const uint8_t *opt_data; /* all of them, as they came */
	size_t opt_len;
	bool is_tcp;
};

enum be_way {
	BE_SEND,	  /* as an answer should come */
	BE_OTHER_PORT,	  /* UDP: from another port */
	BE_OTHER_ADDRESS, /* UDP: from another address */
	BE_RAW,		  /* TCP: the octets as they are, no length in front */
	BE_CLOSE,	  /* TCP: close the connection */
	BE_ABORT	  /* TCP: close it with a reset */
};

/* What one query sets off. */
struct be_job;

/* Sends octets (copied) after delay_ms; `data` is NULL for the closes. */
void be_send(struct be_job *job, const struct raw_buf *data, unsigned delay_ms,
    enum be_way way);

/* What the whole program counts: a list, at first empty. */
struct be_count;
struct be_count **be_counts(struct be_job *job);

/* How many queries came on this TCP connection, this one included. */
unsigned be_turn(const struct be_job *job);

/*
 * Holds an answer back until `count` are held on this connection or
 * hold_ms have passed; then they go out, the last first.
 */
void be_hold(struct be_job *job, const struct raw_buf *data, unsigned count,
    unsigned hold_ms);

/* msg.c: reads a query; -EBADMSG when it has no whole header. */
int be_query_read(const uint8_t *msg, size_t len, struct be_query *ret_query);

/* What the first label of `name` says counts from now on: "Slow2000" is "slow"
 * and 2000. */
void be_query_call(struct be_query *query, const char *name);

/* Appends a header that answers the query, with its question. */
void be_put_head(
    struct raw_buf *buf, const struct be_query *query, unsigned rcode);
/* Appends an answer record owned by the question's name; counts it. */
void be_put_record(struct raw_buf *buf, unsigned type, uint32_t ttl,
    const void *rdata, size_t len);
/* Appends a record in another section (1 answer, 2 authority, 3 additional). */
void be_put_other(struct raw_buf *buf, unsigned section, const char *owner,
    unsigned type, const struct raw_buf *rdata);
/* Appends an OPT record with these option octets; counts it. */
void be_put_opt(struct raw_buf *buf, unsigned size, uint32_t ttl,
    const void *options, size_t len);
/* Appends a name in wire form, uncompressed. */
void be_put_name(struct raw_buf *buf, const char *name);
/* The good answer to the query: data by its type, OPT if it had one. */
void be_put_answer(struct raw_buf *buf, const struct be_query *query);

enum be_fault {
	BE_FAULT_ID,
	BE_FAULT_NAME,
	BE_FAULT_TYPE,
	BE_FAULT_CLASS,
	BE_FAULT_QR,
	BE_FAULT_OPCODE,
	BE_FAULT_NO_QUESTION,
	BE_FAULT_PORT,
	BE_FAULT_ADDRESS
};

/* behave.c: does what the label says. */
void be_behave(struct be_job *job, const struct be_query *query);

/* The good answer after delay_ms. */
void be_send_right(
    struct be_job *job, const struct be_query *query, unsigned delay_ms);
/* TC, without data or with a wrong address in it. */
void be_send_truncated(
    struct be_job *job, const struct be_query *query, bool has_data);
/* Appends an answer that must never be believed; puts a fault in one. */
void be_put_forged(struct raw_buf *buf, const struct be_query *query);
void be_spoil(
    struct raw_buf *buf, const struct be_query *query, enum be_fault fault);

/*
 * proxy.c: reads the header of the PROXY protocol in front of `data`, and
 * writes down whom it names.  Its length; 0 if more octets must come first; -1
 * if it is none.
 */
int be_proxy_read(
    const uint8_t *data, size_t len, bool is_tcp, char text[BE_PROXY_MAX]);

/* edns.c: the labels of cookies and Client Subnet; false when it is none of
 * them. */
bool be_behave_edns(struct be_job *job, const struct be_query *query);

/* remember.c: lives of records, and answers that change; false when it is none
 * of its labels. */
bool be_behave_remember(struct be_job *job, const struct be_query *query);

/* tcp.c: the labels tcp...; false when it is none of them. */
bool be_behave_tcp(struct be_job *job, const struct be_query *query);

/* xfr.c: zone transfers over TCP; false when it is none. */
bool be_behave_xfr(struct be_job *job, const struct be_query *query);

#endif
