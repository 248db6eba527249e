/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef RAW_SCRIPT_H
#define RAW_SCRIPT_H

#include "tools/doqspec/raw/dnsmsg.h"
#include "tools/doqspec/raw/loop.h"
#include "tools/doqspec/raw/outsider.h"
#include "tools/doqspec/raw/record.h"

/*
 * The script language.
 *
 * One command a line; words are split at blanks, '...' and "..." hold words
 * together, # starts a comment, $NAME and ${NAME} stand for variables, ${xHH}
 * for the octet of that value (not inside '...').  A word @NAME in front says
 * for which connection; else the one last connected or chosen by `use`.
 * Durations: 300ms, 2s.  Numbers may be 0x hexadecimal, and sums are reckoned
 * from the left: 4*$I+1.  A stream is a number, or `new` (the next
 * bidirectional one), `new-uni`, `last`.
 *
 * Cases and control
 *   case [ID...] TITLE     a fresh state; at its end each ID is printed as
 *                          "ok ID" if all held and a control client on a
 *                          connection of its own got an answer
 *   set NAME VALUE         a variable (HOST PORT NAME TYPE: the server and the
 *                          question that `expect open` and `control` ask;
 *                          VERSION of QUIC, SNI, CA: for all connections).
 *                          After a handshake STREAMS_BIDI STREAMS_UNI
 *                          STREAM_DATA MAX_DATA IDLE (ms) hold what the
 *                          server permits
 *   default NAME VALUE     the same, unless the user has given another
 *   repeat N [while alive|credit] ... end     the lines between, N times, $I
 *                          counts from 0; or until the connection has ended,
 *                          or another stream is not permitted in time
 *   deadline D             for expectations that follow (5s)
 *   wait D                 time passes
 *   control [HOST PORT NAME]     a fresh connection asks NAME, answer NOERROR
 *   nocontrol              no automatic control at the end of this case
 *   persist                a failure does not end this case: it has failed, but
 *                          its other lines are run
 *   name WORD   rfc TEXT   notes: a case's name in its group and where its rule
 *                          stands, e.g. rfc 9250 4.3.3
 *   needs VARIABLE...      in small letters: big stands for BIG; without them
 *                          the case is not applicable
 *   applies EXPECTATION... an expectation that says whether the case applies at
 *                          all; if it does not hold, the case ends there
 *   alone                  a note: not beside other cases
 *   allow stop_sending | foreign | failed | codes
 *                          do not fail the case for STOP_SENDING, for streams
 *                          opened by the server, for a connection that failed
 *                          on our side, or for RESET_STREAM codes that are
 *                          not registered (copies of ours)
 *   print params | seen | state | answer ID | data ID
 *
 * Connections
 *   connect [HOST PORT] [name=c1] [alpn=doq|none|a,b] [version=N|both]
 * [sni=NAME] [idle=D] [keepalive=D] [handshake=D] [max_data=N] [stream_data=N]
 *       [streams_bidi=N] [streams_uni=N] [priority=STRING] [tls12]
 *       [bind=ADDRESS] [ca=FILE] [verify=NAME] [pin=BASE64] [nowait]
 *       [cid_limit=N] [token=HEX] [hello=RULES]   RULES: see hello.h
 *       version=both       begins with 1 and lists 1 and 2
 *       [reversed]         the datagrams of the hello, the last first
 *       [grease]           we take packets without the QUIC bit
 *       [pad_hello=N]      an unknown extension of N octets in it
 *       [params=RULES]     of ours: -ID takes one out, +HEX appends; by ';'
 *       [token_of=NAME]    the last NEW_TOKEN of that connection
 *       [hold_retry=FILE]  says "# NAME: Retry" when one came, and goes on
 *                          when FILE is there
 *       [ticket_of=NAME] [ticket=N]   resume with its last ticket, or the Nth
 *       [ticket_file=PATH]  or with one saved there, or with this one:
 *       [ticket_data=TEXT]  as it is saved; spoilt on purpose:
 *       [ticket_flip=N]    octet N of it is inverted
 *       [ticket_size=N]    it is filled up to N octets
 *       [early]            what is sent at once leaves as early data; it is
 *                          sent again when the server does not take it
 *       [stubborn]         the second ClientHello offers it, too
 *       [one_share]        a key share for the first group only
 *       [withhold]         nothing leaves once something but Retry came: no
 *                          Finished
 *                          without nowait and early it waits for the
 *                          handshake, which must succeed
 *   use NAME      drop [NAME]      abandon      takeover
 *   rebind [to ADDRESS]    goes on from another port, and another address
 *   save_ticket PATH [N]   the last ticket, or the Nth
 *   replay NAME [times=N] [no_initial]   the first flight of that connection
 *                          once more, octet for octet, from another socket;
 *                          no_initial: without datagrams that begin with one
 *   recount                frames, packets and datagrams count from 0 again
 *
 * Sending.  PART: hex:HEX text:TEXT zeros:N random:N file:PATH query:QUERY
 *   asks:HEX (octets of a query, whose question an answer has to echo)
 *   send STREAM PART... [fin] [split=N]
 *   reset STREAM CODE      stop STREAM CODE
 *   close app|transport CODE [REASON]
 *   many N query:PATTERN [window=N] [conns=N] [FIELD...] [within D]
 *                          %u in the name counts; every one answered once
 *   dribble N query:QUERY [streams=N] [every=D] [within D]
 *                          N connections; on each of their streams (1, or
 *                          none: they idle) an octet of the query every D
 *                          (1s), but the last
 *   cancel N query:QUERY [conns=N] [share=N] [code=N] [within D]
 *                          N streams, each with the query, and STOP_SENDING
 *                          behind it on so many of a hundred (100);
 *                          connections that the server closes begin again.
 *                          Both tell how their connections ended, and expect
 *                          nothing.
 *   udp HOST PORT PART...  one bare datagram, the parts behind each other;
 *                          also these, with words separated by commas:
 *     initial:...          an Initial sealed with its own keys: dcid=, scid=,
 *                          token=HEX or *N (random), version=N number=N size=N
 *                          (padded to that) length=N (what its field says)
 *                          reserved=N fixed=0 corrupt (its tag) cut=N (only
 *                          so much) retry (as Retry wants it, if one came)
 *                          server (to the ID of the server) token_of=NAME (the
 *                          NEW_TOKEN of that connection) flip=N (that octet of
 *                          the token is inverted); frames in their order: hello
 *                          hello=FROM-TO crypto=OFF:HEX crypto=OFF*N ping
 *                          padding=N frames=HEX; edit=RULES before hello
 *     long:...             a long header and random octets: type=initial|0rtt|
 *                          handshake|retry dcid= scid= token= version= size=
 *                          length= fixed=0 cut=
 *   outsider [move] [bind=ADDRESS]
 *                          `udp` goes on from another socket, all counts 0,
 *                          as a new client; move: as the same
 *   flood KIND COUNT [sources=N] [rate=N] [listen=D]
 *                          COUNT datagrams, RATE a second (1000), from N
 *                          addresses of 127.0.0.0/8, or N ports where the
 *                          server is elsewhere; then it listens for D.  Fails
 *                          if a source was sent more than 3 times what it
 *                          sent.  Nothing is answered.  KIND: hello (a good
 *                          ClientHello each), half (the first datagram of one
 *                          that takes two), refused (one whose protocol nobody
 *                          serves), initial (one that no key opens), token
 *                          (the same with a random token), short (of no
 *                          connection), version (one that nobody has)
 *
 * QUERY: NAME[/TYPE][,WORD...] with the words
 *   qr aa tc rd ra z ad cd (each =0 clears; rd is set) do opt opcode=N rcode=X
 *   id=N qclass=N optsize=N ednsver=N extrcode=N ednsflags=N padto=BLOCK
 *   size=N option=CODE[:HEX|*ZEROS] options=N*CODE keepalive[=HEX]
 *   cookie[=HEX] optowner=HEX optdata=HEX rdlen=N two-questions two-opts
 *   no-question qd=N an=N ns=N ar=N question=HEX header=HEX answer=HEX
 *   authority=HEX extra=HEX trailing=HEX len=N unframed
 *   fill=N fill1=N         labels in front, of 63 octets or of one, until the
 *                        name has N octets
 *   chain=HOPS*RECORDS   a record with pointers in a row, and records with the
 *                        last of them as owner
 *
 * After takeover
 *   frame stream id=N off=N PART... [fin]       frame reset ID CODE FINAL
 *   frame stop ID CODE     frame raw HEX|PART...  frame crypto OFF PART...
 *   frame NAME NUMBER...   any of ping padding max_data max_stream_data
 *                          max_streams max_streams_uni data_blocked
 *                          stream_data_blocked streams_blocked
 *                          streams_blocked_uni retire_cid handshake_done;
 *                          new_cid SEQUENCE RETIRE_PRIOR_TO (random ID)
 *   packet ... flush       the frames between share one packet
 *   packet raw [HEX|PART...]  a packet with exactly this payload
 *   packet again           the last datagram once more
 *   long initial|0rtt|handshake own|@NAME|HEX N|PART [alone]
 *                          a packet of N random octets, or these, for that
 *                          connection ID, in a datagram with the next packet,
 *                          or alone
 *   scatter STREAM PART... [fin] [order=reverse|forward] [size=N] [times=N]
 *                          each piece in a packet of its own
 *   quiet                  acknowledge nothing more; what is sent still goes
 *   bits [reserved=N] [fixed=0|1] [corrupt=0|1]     of packets that follow
 *   keyupdate              our next key phase
 *   cid N                  packets go to the server's connection ID N
 *
 * Expectations; `||` between them means one of them; `within D` at the end
 *   expect handshake [alpn=X]
 *   expect handshake_fail [app|transport CODE | vn | local | timeout]
 *   expect answer STREAM [FIELD...]      complete, one message, FIN, ID 0,
 *                          QR, the question echoed; more by FIELD
 *   expect no_answer STREAM              not one octet and no FIN
 *   expect reset STREAM [code=N]         expect no_reset STREAM
 *   expect close app|transport CODE [in=initial|handshake|1rtt]
 *   expect no_close
 *   expect credit [N]      N more streams (1) may be opened
 *   expect data STREAM [>=N]     so many octets (1) came, without a hole
 *   expect fin STREAM      all of it came, up to its end
 *   expect open            a new query on this connection is answered
 *   expect abandoned       dead without a word, as RFC 9250 4.3.3 allows: in
 *                          the second half of the time not one datagram comes
 *                          for PINGs and a query; or a stateless reset does.
 *                          The control client is asked in any case.
 *   expect alive | idle | stateless_reset | retry | no_retry | verified
 *   expect token [other_than=NAME]       NEW_TOKEN came; not that of NAME
 *   expect cids distinct   no connection ID or reset token was given twice
 *   expect amplification <=N             octets in for one out, from `recount`
 *   expect unlinkable      of all connections of the case: no octet stands in
 *                          all connection IDs of one, and another in those of
 *                          another; tokens and tickets differ, and no token
 *                          shows a connection ID or the client's address
 *   expect version N       of QUIC
 *   expect acked           all that we sent is acknowledged
 *   expect resumed | not_resumed
 *   expect hello_retry                   a HelloRetryRequest came
 *   expect early accepted | rejected     once the handshake is over
 *   expect ticket [count>=N] [lifetime>=N] [lifetime<=N] [early=N|none]
 *   expect no_ticket
 *   expect streams_closed  every stream we used ended with FIN or reset
 *   expect param NAME=N    the server's transport parameter
 *   expect seen NAME>=N    frames of a type, e.g. MAX_STREAMS_BIDI; of 1-RTT
 *   expect seen PACKETS<=N       packets, or with initial: or handshake: in
 *                          front of packets of that type
 *   expect seen CLEARED_BITS=0   datagrams that begin without the QUIC bit
 *   expect datagram <=N    the largest that came
 *   expect sizes <=N       different sizes of datagrams that came
 *   expect lengths <=N     different lengths of answers
 *   expect initials >=N    the smallest datagram with an Initial
 *   expect path_response HEX
 *   expect log FILE has|lacks TEXT [count=N]
 *   expect local ADDRESS   we have it, and a way from it to the server
 *   expect udp none | any | dns | hex:HEX
 *   expect udp vn [lists=VERSION]        Version Negotiation, its IDs those of
 *                          the last datagram, exchanged
 *   expect udp retry       its tag right, a token, and an ID of its own
 *   expect udp initial [NAME>=N]         an Initial, with such frames
 *   expect udp close CODE  CONNECTION_CLOSE in an Initial, transport
 *   expect udp reset       may be a stateless reset of the last datagram
 *   expect udp COUNT<=N    COUNT: datagrams octets max (the largest) vns
 * retries initials handshakes (packets) amplification (octets that came for one
 * that was sent); also >= and =
 *
 * FIELD: KEY=V KEY=V|W KEY!=V KEY>=N KEY<=N KEY%N=M for id opcode rcode
 *   extrcode qd an ns ar aa tc rd ra z ad cd do opt ednsver udpsize ednsflags
 *   len options messages (or any) qtype qclass; qname=NAME (as printed),
 *   rr=TEXT norr=TEXT option=CODE nooption=CODE optdata=CODE:HEX ede=CODE
 *   noede noede=CODE once=CODE (an option, not twice) opt noopt nofin noecho
 *   head (of the answer nothing but its header is looked at)
 */

enum {
	RAW_WORDS_MAX = 64,
	RAW_IDS_MAX = 32,
	RAW_VARS_MAX = 256,
	RAW_SEEN_TEXT = 1024,
	RAW_DEADLINE_MS = 5000,
	RAW_QUIET_MS = 300
};

struct raw_var {
	char *name, *value;
	bool is_given; /* by the user, not by a script */
};

/*
 * Who wants to know what a script does.  With an observer the script prints
 * neither failures nor ids.  No member is NULL; the texts live as long as the
 * call, and what is in `seen` may have been chosen by the server.
 */
struct raw_observer {
	void *arg;
	/* A line that acts, with its variables replaced, before it runs. */
	void (*command)(void *arg, const char *line);
	/* `expect` and what else waits: `expected` in the script's words. */
	void (*expectation)(
	    void *arg, const char *expected, const char *seen, bool held);
	/* What failed without having been waited for. */
	void (*failed)(void *arg, const char *text);
	void (*inapplicable)(void *arg, const char *reason);
};

struct raw_script {
	const char *file;
	unsigned line;
	const struct raw_observer *observer; /* or NULL */
	struct raw_record *record;	     /* or NULL */
	const struct raw_watch *watch;	     /* of all connections; or NULL */
	struct raw_loop loop;
	struct raw_conn *current;
	struct raw_conn *former; /* current again behind a line with @NAME */
	uint64_t last_stream;
	struct raw_var vars[RAW_VARS_MAX];
	size_t nvars;
	char *ids[RAW_IDS_MAX];
	size_t nids;
	char title[256];
	bool in_case, has_failed, is_inapplicable;
	bool any_rcode; /* of `control`; else NOERROR */
	bool is_chosen; /* `current`, by @NAME on this line */
	bool skips_control, persists;
	bool has_held; /* what was waited for last */
	bool allows_stop, allows_foreign, allows_failed, allows_codes;
	uint64_t deadline_ms;
	uint64_t first_deadline_ms;   /* at the start of each case */
	struct raw_outsider outsider; /* `udp` and what came back */
	unsigned cases, cases_failed;
	bool is_verbose;
	bool is_typed;	  /* line by line, by somebody who looks on */
	bool takes_leave; /* abandoned connections are closed at the case's end
			   */
	char seen[RAW_SEEN_TEXT]; /* what an expectation found instead */
};

/* One line's words; [0] is the command. */
struct raw_words {
	char *at[RAW_WORDS_MAX];
	int count;
};

/*
 * Runs a script text.  Returns 0 when every case held, RAW_EXIT_FAILED when
 * one did not, RAW_EXIT_TROUBLE when a line could not be understood.
 */
int raw_script_run(struct raw_script *script, const char *file, char *text);

/*
 * The same in pieces, for who reads line by line: a begin, whole lines (with
 * `repeat` up to its `end`), and an end.  0 or -EINVAL.
 */
void raw_script_begin(struct raw_script *script, const char *file);
int raw_script_lines(struct raw_script *script, char *text);
int raw_script_end(struct raw_script *script);

void raw_script_init(struct raw_script *script);
void raw_script_done(struct raw_script *script);

/* Variables; raw_script_get gives NULL for none. */
void raw_script_set(
    struct raw_script *script, const char *name, const char *value);
/* By the user: what a script sets as `default` does not count. */
void raw_script_give(
    struct raw_script *script, const char *name, const char *value);
const char *raw_script_get(const struct raw_script *script, const char *name);

/* Prints "FILE:LINE: ..." or tells the observer; the case has failed. */
void raw_script_failed(struct raw_script *script, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What was waited for, and whether it came (script->seen); if not, the case
 * has failed. */
void raw_script_judge(
    struct raw_script *script, const char *expected, bool held);

/* The case ends here without a verdict. */
void raw_script_inapplicable(struct raw_script *script, const char *reason);

/* The words from `first` on as a line, the connection's name in front if the
 * script's line has it. */
void raw_script_join(const struct raw_script *script,
    const struct raw_words *words, int first, char *text, size_t size);

/*
 * Command functions: 0 when done (also when an expectation failed, which they
 * report themselves), -EINVAL when the words make no sense.
 */
typedef int (*raw_command_fn)(struct raw_script *, const struct raw_words *);

struct raw_command {
	const char *name;
	raw_command_fn fn;
};
/* The i-th of all commands (but `repeat`, which is no line); NULL: no more. */
const struct raw_command *raw_script_command(size_t i);

extern const struct raw_command raw_case_commands[];	/* case.c */
extern const struct raw_command raw_connect_commands[]; /* cmd_conn.c */
extern const struct raw_command raw_send_commands[];	/* cmd_send.c */
extern const struct raw_command raw_frame_commands[];	/* cmd_frame.c */
extern const struct raw_command raw_udp_commands[];	/* cmd_udp.c */
extern const struct raw_command raw_expect_commands[];	/* expect.c */
extern const struct raw_command raw_load_commands[];	/* load.c */
extern const struct raw_command raw_early_commands[];	/* early.c */
extern const struct raw_command raw_flood_commands[];	/* cmd_flood.c */
extern const struct raw_command raw_crowd_commands[];	/* crowd.c */

/* case.c: ends the case that runs, if one does: a verdict, then a fresh state.
 */
void raw_case_end(struct raw_script *script);
/* Connections, ids and what the case allowed; not the variables. */
void raw_case_clear(struct raw_script *script);

/* line.c: a line's words with variables replaced, to be freed by
 * raw_words_done; none for blanks and comments.  -EINVAL, then no words. */
int raw_words_split(
    struct raw_script *script, const char *line, struct raw_words *ret_words);
void raw_words_done(struct raw_words *words);

/* words.c: pieces of lines.  0 or -EINVAL. */
int raw_word_number(const char *text, uint64_t *ret_number);
int raw_word_duration(const char *text, uint64_t *ret_ms);
/* The value when word is "KEY=VALUE", else NULL. */
const char *raw_word_value(const char *word, const char *key);
/* The number of a word KEY=NUMBER to its place; -ENOENT for another key. */
struct raw_word_place {
	const char *key;
	uint64_t *to;
};
int raw_word_keyed(
    const char *word, const struct raw_word_place *places, size_t nplaces);
int raw_word_stream(
    struct raw_script *script, const char *text, uint64_t *ret_stream);
/* Appends a PART; -ENOENT when the word is none. */
int raw_word_part(
    struct raw_script *script, const char *word, struct raw_buf *buf);
/* Is it a PART whose question an answer must echo? */
bool raw_word_is_query(const char *word);

/* The default settings with HOST, PORT, VERSION, SNI and CA; -EINVAL if
 * VERSION is none. */
int raw_script_settings(
    const struct raw_script *script, struct raw_settings *ret_settings);
/* A connection with these settings, in the loop. */
struct raw_conn *raw_script_connect(struct raw_script *script, const char *name,
    const struct raw_settings *settings);
/* Turns the loop until the handshake is over; true when it succeeded. */
bool raw_script_handshake(struct raw_script *script, struct raw_conn *conn);
/* The question of `expect open` and `control` on the next stream. */
uint64_t raw_script_ask(struct raw_script *script, struct raw_conn *conn);
/* Asks on a fresh connection; false (and `seen`) when not answered. */
bool raw_script_control(struct raw_script *script);

/* expect.c, for load.c: 1 holds, 0 not yet, -1 never; `seen` says why. */
int raw_check_answer(struct raw_script *script, struct raw_conn *conn,
    uint64_t stream, const struct raw_words *words, int first);

/*
 * early.c: words of `connect` about tickets and early data, and what they mean
 * for the settings, which then point into `text`.  -EINVAL.
 */
struct raw_early_plan {
	const char *from; /* a connection's name, or NULL */
	const char *file; /* or NULL */
	const char *data; /* or NULL */
	const char *word; /* the one that said which; that of its index */
	const char *index_word;
	uint64_t index; /* of the ticket */
	bool has_index; /* else the last */
	struct raw_buf text;
};
int raw_early_option(struct raw_early_plan *plan, struct raw_settings *settings,
    const char *word);
int raw_early_settings(struct raw_script *script, struct raw_early_plan *plan,
    struct raw_settings *settings);

/* answer.c: does one FIELD hold?  Same results; -EINVAL: not a field. */
int raw_check_field(
    const struct raw_dns *dns, const char *field, char *seen, size_t size);
/* The message in one line. */
void raw_check_describe(const struct raw_dns *dns, char *seen, size_t size);

#endif
