/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef WRONG_MUTANTS_H
#define WRONG_MUTANTS_H

/*
 * What wrongdoq can do wrong: a name, the requirement that says better, and a
 * sentence.  Each is one switch; `wrongdoq -m NAME` sets it.
 */
/* clang-format off */
#define WRONG_MUTANT_TABLE(X) \
	/* establish, TLS */ \
	X(WRONG_ALPN_ANY, "alpn-any", "DOQ-002", \
	  "agrees on h3, too") \
	X(WRONG_ALPN_CASE, "alpn-case", "DOQ-002", \
	  "agrees on DOQ, written large") \
	X(WRONG_ALPN_DRAFT, "alpn-draft", "DOQ-001", \
	  "agrees on the draft's doq-i11") \
	X(WRONG_ALPN_NONE, "alpn-none", "DOQ-002", \
	  "does without a common protocol") \
	X(WRONG_ALPN_CODE, "alpn-code", "DOQ-002", \
	  "says bad_certificate when no protocol was agreed on") \
	X(WRONG_SESSION_ID, "session-id", "QSV-042", \
	  "takes a legacy session ID") \
	X(WRONG_CERT_REQUEST, "cert-request", "QSV-043", \
	  "asks for a client certificate a while after the handshake") \
	X(WRONG_TICKET_SHORT, "ticket-short", "DOQ-103", \
	  "gives tickets that live ten minutes") \
	X(WRONG_TICKET_EARLY_SIZE, "ticket-early-size", "QSV-044", \
	  "bounds early data in its tickets by 16384 octets") \
	X(WRONG_TICKET_ANY_VERSION, "ticket-any-version", "QSV-090", \
	  "takes tickets of another QUIC version") \
	X(WRONG_EARLY_REPLAYED, "early-replayed", "DOQ-102", \
	  "takes early data as often as it comes") \
	X(WRONG_EARLY_UPDATE, "early-update", "DOQ-097", \
	  "carries out UPDATE that came as early data") \
	X(WRONG_COALESCED_LOST, "coalesced-lost", "QSV-015", \
	  "reads only the first packet of a datagram") \
	X(WRONG_NO_HANDSHAKE_DONE, "no-handshake-done", "QSV-015", \
	  "never says HANDSHAKE_DONE") \
	X(WRONG_CODE_ALERT, "code-alert", "DOQ-002", \
	  "closes with CONNECTION_REFUSED where TLS has an alert") \
	X(WRONG_EARLY_REFUSED_FATAL, "early-refused-fatal", "DOQ-101", \
	  "closes when early data comes") \
	X(WRONG_ALPN_ALONE, "alpn-alone", "DOQ-001", \
	  "wants doq to be the only protocol of the client") \
	X(WRONG_PORT_53, "port-53", "DOQ-005", \
	  "speaks DNS over QUIC on port 53") \
	X(WRONG_SNI_UNKNOWN, "sni-unknown", "QSV-041", \
	  "says bad_certificate to who names another server") \
	X(WRONG_SNI_ODD_HANGS, "sni-odd-hangs", "BAD-074", \
	  "hangs for seconds over a name that is none") \
	X(WRONG_TICKET_SPOILT_FATAL, "ticket-spoilt-fatal", "BAD-075", \
	  "closes when it cannot read a ticket") \
	X(WRONG_V2_FATAL, "v2-fatal", "QSV-091", \
	  "closes connections of version 2") \
	X(WRONG_HELLO_LARGE_FATAL, "hello-large-fatal", "QSV-013", \
	  "closes for a ClientHello of more than 5000 octets") \
	X(WRONG_HELLO_SPLIT_LOST, "hello-split-lost", "QSV-013", \
	  "wants a ClientHello in one datagram") \
	X(WRONG_VERSION_LIST_FATAL, "version-list-fatal", "QSV-092", \
	  "refuses who lists a reserved version") \
	X(WRONG_EARLY_LOST, "early-lost", "DOQ-096", \
	  "takes early data and loses it") \
	X(WRONG_RESUMED_FATAL, "resumed-fatal", "DOQ-096", \
	  "closes resumed connections") \
	/* transport parameters */ \
	X(WRONG_PARAMS_TWICE_TAKEN, "params-twice-taken", "QSV-085", \
	  "takes a transport parameter that comes twice") \
	X(WRONG_PARAM_BAD_ORIGINAL, "param-bad-original", "QSV-036", \
	  "sends another original_destination_connection_id to who comes in pieces") \
	X(WRONG_PARAM_NO_RETRY, "param-no-retry", "QSV-036", \
	  "sends no retry_source_connection_id to who comes in pieces") \
	X(WRONG_PARAM_NO_IDLE, "param-no-idle", "DOQ-072", \
	  "has no idle timeout") \
	X(WRONG_PARAM_TWICE, "param-twice", "QSV-085", \
	  "sends a transport parameter twice") \
	X(WRONG_WINDOW_NEVER_GROWS, "window-never-grows", "DOQ-089", \
	  "gives no more credit for data") \
	X(WRONG_STREAMS_FEW, "streams-few", "QSV-076", \
	  "lets one stream be open at a time") \
	X(WRONG_STREAMS_NEVER_MORE, "streams-never-more", "QSV-076", \
	  "gives no credit for more streams") \
	X(WRONG_STREAMS_WHEN_BLOCKED, "streams-when-blocked", "QSV-080", \
	  "gives credit for streams when it hears STREAMS_BLOCKED") \
	X(WRONG_STREAMS_LEAK_RESET, "streams-leak-reset", "QSV-079", \
	  "gives no stream back for one that was reset") \
	X(WRONG_PARAM_UNKNOWN_FATAL, "param-unknown-fatal", "QSV-085", \
	  "refuses transport parameters that it does not know") \
	/* without a connection */ \
	X(WRONG_VN_NONE, "vn-none", "QSV-001", \
	  "answers an unknown version with silence") \
	X(WRONG_VN_SMALL, "vn-small", "QSV-002", \
	  "answers an unknown version in a small datagram") \
	X(WRONG_VN_TO_VN, "vn-to-vn", "QSV-003", \
	  "answers Version Negotiation with Version Negotiation") \
	X(WRONG_VN_IDS, "vn-ids", "QSV-004", \
	  "does not swap the connection IDs of Version Negotiation") \
	X(WRONG_VN_VERSION, "vn-version", "QSV-004", \
	  "sends Version Negotiation with version 1 in its header") \
	X(WRONG_VN_LIST, "vn-list", "QSV-001", \
	  "lists a version that it does not speak") \
	X(WRONG_VN_TWICE, "vn-twice", "QSV-006", \
	  "sends Version Negotiation twice") \
	X(WRONG_VN_SHORT_IDS, "vn-short-ids", "QSV-005", \
	  "knows no connection IDs of more than 20 octets") \
	X(WRONG_LONG_ID_VN, "long-id-vn", "QSV-008", \
	  "sends Version Negotiation for long IDs in version 1") \
	X(WRONG_SHORT_ID_VN, "short-id-vn", "QSV-011", \
	  "answers a first connection ID of less than 8 octets") \
	X(WRONG_INITIAL_SMALL, "initial-small", "QSV-009", \
	  "answers an Initial in a small datagram") \
	X(WRONG_HANDSHAKE_ANSWERED, "handshake-answered", "QSV-012", \
	  "answers Handshake packets of no connection") \
	X(WRONG_FIXED_BIT, "fixed-bit", "QSV-017", \
	  "answers packets without the fixed bit") \
	X(WRONG_EMPTY_HANGS, "empty-hangs", "QSV-020", \
	  "hangs for seconds after a datagram of 0 or 1 octets") \
	X(WRONG_GARBAGE_ECHOED, "garbage-echoed", "BAD-054", \
	  "sends garbage back, eight times") \
	X(WRONG_UDP_DNS, "udp-dns", "BAD-027", \
	  "answers DNS over plain UDP") \
	X(WRONG_RESET_LARGE, "reset-large", "QSV-069", \
	  "sends stateless resets twice as large as what drew them") \
	X(WRONG_RESET_TINY, "reset-tiny", "QSV-069", \
	  "sends stateless resets of 20 octets") \
	X(WRONG_RESET_MANY, "reset-many", "QSV-069", \
	  "sends four stateless resets at a time") \
	X(WRONG_RESET_BITS, "reset-bits", "QSV-070", \
	  "sends stateless resets that look like long headers") \
	X(WRONG_RESET_CONSTANT, "reset-constant", "QSV-070", \
	  "fills stateless resets with zeros") \
	X(WRONG_RESET_TOKEN, "reset-token", "QSV-068", \
	  "ends stateless resets with a token that nobody was given") \
	X(WRONG_RESET_TOKEN_SAME, "reset-token-same", "QSV-071", \
	  "has one stateless reset token for all connection IDs") \
	X(WRONG_AMPLIFIES, "amplifies", "QSV-023", \
	  "sends each packet of the handshake seven times") \
	X(WRONG_INITIAL_UNPADDED, "initial-unpadded", "QSV-096", \
	  "sends Initial packets in small datagrams") \
	X(WRONG_RETRY_SAME_ID, "retry-same-id", "QSV-025", \
	  "sends Retry with the connection ID of the client's choice") \
	X(WRONG_RETRY_TWICE, "retry-twice", "QSV-025", \
	  "sends two Retry for one datagram") \
	X(WRONG_RETRY_ANY_PORT, "retry-any-port", "QSV-028", \
	  "takes a Retry token from another port") \
	X(WRONG_RETRY_TOKEN_TAKEN, "retry-token-taken", "QSV-027", \
	  "takes a Retry token that was changed") \
	X(WRONG_RETRY_BAD_SILENT, "retry-bad-silent", "QSV-029", \
	  "says nothing to a bad Retry token") \
	X(WRONG_RETRY_BAD_CODE, "retry-bad-code", "QSV-029", \
	  "refuses a bad Retry token with CONNECTION_REFUSED") \
	X(WRONG_TOKEN_NONE, "token-none", "DOQ-116", \
	  "gives no NEW_TOKEN") \
	X(WRONG_TOKEN_SAME, "token-same", "QSV-034", \
	  "gives everybody the same NEW_TOKEN") \
	X(WRONG_TOKEN_REUSED, "token-reused", "QSV-033", \
	  "takes a NEW_TOKEN token again and again") \
	X(WRONG_TOKEN_ANYTHING, "token-anything", "QSV-027", \
	  "takes any NEW_TOKEN token") \
	X(WRONG_TOKEN_ANY_ADDRESS, "token-any-address", "QSV-032", \
	  "takes a NEW_TOKEN token from another address") \
	X(WRONG_TOKEN_ANY_VERSION, "token-any-version", "QSV-090", \
	  "takes tokens of another QUIC version") \
	X(WRONG_TOKEN_BAD_FATAL, "token-bad-fatal", "QSV-031", \
	  "refuses who brings an unknown token") \
	X(WRONG_TOKEN_NOT_AFTER_MOVE, "token-not-after-move", "QSV-035", \
	  "gives no token for a new address") \
	X(WRONG_HELLO_AGAIN_FATAL, "hello-again-fatal", "BAD-084", \
	  "closes when a first flight comes again") \
	X(WRONG_INITIAL_VN, "initial-vn", "QSV-003", \
	  "sends Version Negotiation for an Initial without ClientHello") \
	X(WRONG_ID_SIZES, "id-sizes", "BAD-059", \
	  "knows no IDs of more than 18 octets, nor empty ones") \
	X(WRONG_VN_LARGE, "vn-large", "QSV-007", \
	  "sends Version Negotiation of 1300 octets") \
	X(WRONG_CLOSED_COUNT, "closed-count", "QSV-067", \
	  "lets closed connections count against a limit") \
	X(WRONG_VN_HANGS, "vn-hangs", "QSV-007", \
	  "hangs for seconds after a thousand unknown versions") \
	X(WRONG_CROWD_HANGS, "crowd-hangs", "BAD-067", \
	  "hangs for seconds when many handshakes have begun") \
	X(WRONG_INITIAL_REFUSED, "initial-refused", "BAD-065", \
	  "refuses Initial packets that it cannot read") \
	/* connection IDs, paths, end */ \
	X(WRONG_CID_NONE, "cid-none", "QSV-056", \
	  "gives no more connection IDs") \
	X(WRONG_CID_UNKNOWN, "cid-unknown", "QSV-057", \
	  "does not know the connection IDs that it gave") \
	X(WRONG_CID_COUNTED, "cid-counted", "QSV-055", \
	  "counts its connection IDs up") \
	X(WRONG_PATH_FIXED, "path-fixed", "QSV-059", \
	  "does not hear a client whose port has changed") \
	X(WRONG_PATH_FATAL, "path-fatal", "QSV-059", \
	  "closes when a client's port changes") \
	X(WRONG_PATH_OLD, "path-old", "QSV-059", \
	  "goes on sending to the old address") \
	X(WRONG_PATH_SILENT, "path-silent", "QSV-062", \
	  "answers no PATH_CHALLENGE") \
	X(WRONG_PATH_WRONG, "path-wrong", "QSV-062", \
	  "answers PATH_CHALLENGE with other octets") \
	X(WRONG_PATH_UNVALIDATED, "path-unvalidated", "QSV-059", \
	  "does not validate a new path") \
	X(WRONG_REPEAT_FATAL, "repeat-fatal", "BAD-084", \
	  "closes when a datagram comes twice") \
	X(WRONG_CLOSED_FLOODS, "closed-floods", "QSV-066", \
	  "says its CONNECTION_CLOSE five times for each packet") \
	X(WRONG_IDLE_EARLY, "idle-early", "DOQ-073", \
	  "forgets a connection long before its idle timeout") \
	X(WRONG_IDLE_SPEAKS, "idle-speaks", "QSV-065", \
	  "says something when the idle timeout is over") \
	X(WRONG_ACKS_NOTHING, "acks-nothing", "QSV-083", \
	  "acknowledges nothing") \
	X(WRONG_PATH_AMPLIFIES, "path-amplifies", "QSV-060", \
	  "sends each packet to a new address seven times") \
	X(WRONG_PATH_RESPONSE_FATAL, "path-response-fatal", "QSV-059", \
	  "closes with CONNECTION_REFUSED for PATH_RESPONSE") \
	X(WRONG_KEYS_FATAL, "keys-fatal", "QSV-048", \
	  "closes with CONNECTION_REFUSED at a key update") \
	X(WRONG_UNOPENED_FATAL, "unopened-fatal", "BAD-064", \
	  "closes when a packet does not open") \
	X(WRONG_BIT_CLEARED, "bit-cleared", "QSV-087", \
	  "clears the fixed bit on resumed connections") \
	X(WRONG_RETIRE_FATAL, "retire-fatal", "QSV-057", \
	  "closes when the seventh connection ID is retired") \
	/* frames that it does not notice */ \
	X(WRONG_BLIND_STOP, "blind-stop", "DOQ-050", \
	  "does not notice STOP_SENDING") \
	X(WRONG_BLIND_RESET, "blind-reset", "DOQ-056", \
	  "does not notice RESET_STREAM") \
	X(WRONG_BLIND_SERVER_STREAM, "blind-server-stream", "BAD-024", \
	  "does not notice STREAM frames of its own streams") \
	X(WRONG_BLIND_STREAM_STATE, "blind-stream-state", "QSV-084", \
	  "does not notice other frames of its own streams") \
	X(WRONG_BLIND_UNI, "blind-uni", "DOQ-027", \
	  "does not notice unidirectional streams") \
	X(WRONG_BLIND_STREAM_LIMIT, "blind-stream-limit", "QSV-078", \
	  "does not notice streams beyond the limit") \
	X(WRONG_BLIND_FLOW, "blind-flow", "QSV-078", \
	  "does not notice data beyond the limit") \
	X(WRONG_BLIND_FINAL_SIZE, "blind-final-size", "QSV-078", \
	  "does not notice another final size") \
	X(WRONG_BLIND_HANDSHAKE_DONE, "blind-handshake-done", "QSV-083", \
	  "does not notice HANDSHAKE_DONE from a client") \
	X(WRONG_BLIND_NEW_TOKEN, "blind-new-token", "QSV-083", \
	  "does not notice NEW_TOKEN from a client") \
	X(WRONG_BLIND_RETIRE, "blind-retire", "BAD-047", \
	  "does not notice the end of an ID that was never issued") \
	X(WRONG_BLIND_CRYPTO, "blind-crypto", "QSV-047", \
	  "does not notice CRYPTO after the handshake") \
	X(WRONG_BLIND_EARLY_ACK, "blind-early-ack", "BAD-041", \
	  "does not notice ACK of packets never sent") \
	X(WRONG_BLIND_CHALLENGE, "blind-challenge", "QSV-062", \
	  "does not notice PATH_CHALLENGE") \
	X(WRONG_BLIND_RESPONSE, "blind-response", "QSV-059", \
	  "does not notice PATH_RESPONSE") \
	X(WRONG_BLIND_NEW_ID, "blind-new-id", "QSV-058", \
	  "does not notice NEW_CONNECTION_ID") \
	X(WRONG_BLIND_RETIREMENT, "blind-retirement", "QSV-056", \
	  "does not notice RETIRE_CONNECTION_ID") \
	X(WRONG_BLIND_HUGE_STREAMS, "blind-huge-streams", "BAD-072", \
	  "does not notice MAX_STREAMS beyond 2^60") \
	X(WRONG_BLIND_CREDIT, "blind-credit", "QSV-080", \
	  "does not notice MAX_DATA and MAX_STREAM_DATA") \
	X(WRONG_BLIND_CLOSE, "blind-close", "QSV-066", \
	  "does not notice CONNECTION_CLOSE") \
	X(WRONG_BLIND_OFFSET, "blind-offset", "BAD-045", \
	  "does not notice offsets near 2^62") \
	X(WRONG_BLIND_UNKNOWN, "blind-unknown", "QSV-083", \
	  "does not notice frames of unknown types") \
	X(WRONG_BLIND_CUT_FRAME, "blind-cut-frame", "BAD-050", \
	  "does not notice frames that are cut short") \
	X(WRONG_BLIND_LONG_TYPE, "blind-long-type", "BAD-050", \
	  "does not notice frame types in too many octets") \
	X(WRONG_BLIND_DATAGRAM, "blind-datagram", "QSV-082", \
	  "does not notice DATAGRAM frames") \
	X(WRONG_BLIND_EMPTY, "blind-empty", "BAD-051", \
	  "does not notice packets without frames") \
	X(WRONG_BLIND_RESERVED, "blind-reserved", "BAD-086", \
	  "does not notice reserved bits") \
	X(WRONG_BLIND_KEY_UPDATE, "blind-key-update", "QSV-048", \
	  "does not follow a key update") \
	X(WRONG_BLIND_ORDER, "blind-order", "DOQ-020", \
	  "does not notice data that come ahead of others") \
	X(WRONG_BLIND_FIN_ALONE, "blind-fin-alone", "DOQ-018", \
	  "does not notice a FIN without data") \
	X(WRONG_FLOOD_HANGS, "flood-hangs", "QSV-101", \
	  "hangs for seconds after 400 small frames") \
	X(WRONG_CRYPTO_UNBUFFERED, "crypto-unbuffered", "QSV-050", \
	  "closes with FLOW_CONTROL_ERROR for CRYPTO out of order") \
	X(WRONG_BLIND_NEGATIVE_ACK, "blind-negative-ack", "BAD-042", \
	  "does not notice ACK of negative numbers") \
	/* codes */ \
	X(WRONG_CODE_FLOW, "code-flow", "QSV-078", \
	  "says CONNECTION_REFUSED in place of FLOW_CONTROL_ERROR") \
	X(WRONG_CODE_STREAM_LIMIT, "code-stream-limit", "QSV-078", \
	  "says CONNECTION_REFUSED in place of STREAM_LIMIT_ERROR") \
	X(WRONG_CODE_STREAM_STATE, "code-stream-state", "QSV-084", \
	  "says CONNECTION_REFUSED in place of STREAM_STATE_ERROR") \
	X(WRONG_CODE_FINAL_SIZE, "code-final-size", "QSV-078", \
	  "says CONNECTION_REFUSED in place of FINAL_SIZE_ERROR") \
	X(WRONG_CODE_FRAME, "code-frame", "QSV-083", \
	  "says CONNECTION_REFUSED in place of FRAME_ENCODING_ERROR") \
	X(WRONG_CODE_PARAMS, "code-params", "QSV-085", \
	  "says CONNECTION_REFUSED in place of TRANSPORT_PARAMETER_ERROR") \
	X(WRONG_CODE_CIDS, "code-cids", "QSV-058", \
	  "says CONNECTION_REFUSED in place of CONNECTION_ID_LIMIT_ERROR") \
	X(WRONG_CODE_VIOLATION, "code-violation", "QSV-083", \
	  "says CONNECTION_REFUSED in place of PROTOCOL_VIOLATION") \
	X(WRONG_CODE_BUFFER, "code-buffer", "QSV-050", \
	  "says CONNECTION_REFUSED in place of CRYPTO_BUFFER_EXCEEDED") \
	X(WRONG_CODE_DOQ, "code-doq", "DOQ-043", \
	  "says DOQ_INTERNAL_ERROR in place of DOQ_PROTOCOL_ERROR") \
	X(WRONG_CODE_DOQ_TRANSPORT, "code-doq-transport", "DOQ-045", \
	  "closes with a transport code where DoQ has one") \
	/* streams */ \
	X(WRONG_NO_FIN, "no-fin", "DOQ-013", \
	  "sets no FIN after a third answer") \
	X(WRONG_NO_FIN_IN_ERRORS, "no-fin-in-errors", "DOQ-013", \
	  "sets no FIN after an answer with an error") \
	X(WRONG_ANSWER_TWICE, "answer-twice", "DOQ-012", \
	  "answers a third query twice") \
	X(WRONG_ANSWERS_IN_ORDER, "answers-in-order", "DOQ-014", \
	  "answers in the order of stream IDs") \
	X(WRONG_FEW_QUERIES, "few-queries", "DOQ-017", \
	  "closes after three queries") \
	X(WRONG_RESETS_ERRORS, "resets-errors", "DOQ-062", \
	  "resets streams in place of answers with an error") \
	X(WRONG_OPENS_BIDI, "opens-bidi", "DOQ-029", \
	  "opens a bidirectional stream") \
	X(WRONG_OPENS_UNI, "opens-uni", "DOQ-029", \
	  "opens a unidirectional stream") \
	X(WRONG_SENDS_STOP, "sends-stop", "DOQ-059", \
	  "sends STOP_SENDING") \
	X(WRONG_SENDS_DATAGRAM, "sends-datagram", "QSV-082", \
	  "sends a DATAGRAM frame with a third answer") \
	X(WRONG_SECOND_ANSWERED, "second-answered", "DOQ-011", \
	  "answers a second query on a stream") \
	X(WRONG_TRAILING_TAKEN, "trailing-taken", "BAD-010", \
	  "takes no notice of what follows a query") \
	X(WRONG_EMPTY_TAKEN, "empty-taken", "BAD-006", \
	  "takes no notice of a stream with nothing but FIN") \
	X(WRONG_CUT_SILENT, "cut-silent", "DOQ-023", \
	  "takes no notice of a query that is cut short by FIN") \
	X(WRONG_CUT_ANSWERED, "cut-answered", "DOQ-023", \
	  "answers a query that is cut short by FIN") \
	X(WRONG_CUT_RESET, "cut-reset", "DOQ-023", \
	  "resets the stream of a query that is cut short by FIN") \
	X(WRONG_SPLIT_LOST, "split-lost", "DOQ-020", \
	  "wants a query in one piece") \
	X(WRONG_LENGTH_MORE, "length-more", "DOQ-008", \
	  "promises one octet more than it sends, in a third answer") \
	X(WRONG_LENGTH_LESS, "length-less", "DOQ-008", \
	  "sends one octet more than it promises, in a third answer") \
	X(WRONG_LARGE_REFUSED, "large-refused", "DOQ-110", \
	  "takes no query of more than 4096 octets") \
	X(WRONG_STOP_UNANSWERED, "stop-unanswered", "DOQ-050", \
	  "sends no RESET_STREAM") \
	X(WRONG_RESET_UNANSWERED, "reset-unanswered", "DOQ-056", \
	  "does not reset its half when the client resets") \
	X(WRONG_RESET_ANSWERED, "reset-answered", "DOQ-055", \
	  "answers a query that was reset before its FIN") \
	X(WRONG_RESET_CODE, "reset-code", "DOQ-039", \
	  "resets with a code that is not registered") \
	X(WRONG_CANCEL_FATAL, "cancel-fatal", "DOQ-050", \
	  "closes when a query is cancelled") \
	X(WRONG_LATE_CANCEL_FATAL, "late-cancel-fatal", "DOQ-057", \
	  "closes when an answered query is cancelled") \
	X(WRONG_CODE_FATAL, "code-fatal", "DOQ-040", \
	  "closes when it does not know a code") \
	X(WRONG_CANCELS_FEW, "cancels-few", "DOQ-053", \
	  "closes with NO_ERROR after five cancelled queries") \
	X(WRONG_DANGLING_NEVER, "dangling-never", "DOQ-022", \
	  "waits for ever for a stream to become whole") \
	X(WRONG_DANGLING_CODE, "dangling-code", "DOQ-022", \
	  "closes with NO_ERROR for a stream that stays unfinished") \
	X(WRONG_DANGLING_ALIVE, "dangling-alive", "DOQ-085", \
	  "waits for a stream as long as packets come") \
	X(WRONG_FRESH_FATAL, "fresh-fatal", "BAD-018", \
	  "closes for credit on a stream without data") \
	X(WRONG_SKIP_FATAL, "skip-fatal", "BAD-019", \
	  "closes when streams are skipped") \
	X(WRONG_LENGTH_0_SKIPPED, "length-0-skipped", "BAD-002", \
	  "takes no notice of messages of length 0") \
	X(WRONG_CREDIT_IGNORED, "credit-ignored", "QSV-081", \
	  "sends without credit") \
	X(WRONG_CANCELS_CODE, "cancels-code", "DOQ-054", \
	  "says REQUEST_CANCELLED when too many queries are cancelled") \
	X(WRONG_CLOSE_SPREADS, "close-spreads", "DOQ-040", \
	  "closes all connections when one client closes with an unknown code") \
	/* DNS */ \
	X(WRONG_ID_TAKEN, "id-taken", "DOQ-034", \
	  "answers a query with another ID than 0") \
	X(WRONG_ID_FORMERR, "id-formerr", "DOQ-034", \
	  "answers FORMERR to another ID than 0") \
	X(WRONG_ID_ECHO, "id-echo", "DOQ-033", \
	  "answers with the ID of the query") \
	X(WRONG_ID_RANDOM, "id-random", "DOQ-033", \
	  "answers a third query with an ID of its own") \
	X(WRONG_ID_IN_ERRORS, "id-in-errors", "DOQ-033", \
	  "answers errors with an ID of its own") \
	X(WRONG_SHORT_SILENT, "short-silent", "BAD-003", \
	  "says nothing to messages without a header") \
	X(WRONG_QR_TAKEN, "qr-taken", "BAD-091", \
	  "answers what is an answer") \
	X(WRONG_QR_FORMERR, "qr-formerr", "BAD-091", \
	  "answers FORMERR to what is an answer") \
	X(WRONG_QR_CLEAR, "qr-clear", "DOQ-012", \
	  "answers a third query with QR clear") \
	X(WRONG_KEEPALIVE_TAKEN, "keepalive-taken", "DOQ-069", \
	  "takes edns-tcp-keepalive") \
	X(WRONG_KEEPALIVE_FORMERR, "keepalive-formerr", "DOQ-069", \
	  "answers FORMERR to edns-tcp-keepalive") \
	X(WRONG_KEEPALIVE_SENT, "keepalive-sent", "DOQ-068", \
	  "sends edns-tcp-keepalive") \
	X(WRONG_OPCODE_SILENT, "opcode-silent", "BAD-092", \
	  "says nothing to other opcodes than QUERY") \
	X(WRONG_OPCODE_FATAL, "opcode-fatal", "BAD-092", \
	  "closes for other opcodes than QUERY") \
	X(WRONG_OPCODE_FORMERR, "opcode-formerr", "BAD-092", \
	  "answers FORMERR to other opcodes than QUERY") \
	X(WRONG_OPCODE_TAKEN, "opcode-taken", "BAD-093", \
	  "answers NOERROR to other opcodes than QUERY") \
	X(WRONG_OPCODE_ZERO, "opcode-zero", "BAD-092", \
	  "answers with opcode 0") \
	X(WRONG_DSO_TAKEN, "dso-taken", "DOQ-031", \
	  "answers NOERROR to DSO") \
	X(WRONG_MALFORMED_SILENT, "malformed-silent", "BAD-096", \
	  "says nothing to a malformed message") \
	X(WRONG_MALFORMED_FATAL, "malformed-fatal", "BAD-101", \
	  "closes for a malformed message") \
	X(WRONG_MALFORMED_SERVFAIL, "malformed-servfail", "BAD-101", \
	  "answers SERVFAIL to a malformed message") \
	X(WRONG_MALFORMED_TAKEN, "malformed-taken", "BAD-101", \
	  "answers NOERROR to a malformed message") \
	X(WRONG_QDCOUNT_TAKEN, "qdcount-taken", "BAD-097", \
	  "answers NOERROR to any number of questions") \
	X(WRONG_META_TAKEN, "meta-taken", "BAD-112", \
	  "takes OPT and TSIG as types of a question") \
	X(WRONG_QUESTION_LOWER, "question-lower", "BAD-108", \
	  "writes names in small letters") \
	X(WRONG_QUESTION_MASKED, "question-masked", "BAD-109", \
	  "takes one bit out of octets above 127") \
	X(WRONG_RD_CLEAR, "rd-clear", "BAD-128", \
	  "answers with RD clear") \
	X(WRONG_Z_ECHO, "z-echo", "BAD-129", \
	  "sends the Z bit back") \
	X(WRONG_FLAGS_ECHO, "flags-echo", "BAD-128", \
	  "sends AA and TC back") \
	X(WRONG_TC_SET, "tc-set", "DOQ-111", \
	  "sets TC") \
	X(WRONG_TRUNCATES, "truncates", "DOQ-111", \
	  "cuts answers to the UDP size") \
	X(WRONG_OPT_NEVER, "opt-never", "BAD-116", \
	  "sends no OPT") \
	X(WRONG_OPT_ALWAYS, "opt-always", "DOQ-121", \
	  "sends OPT to who sent none") \
	X(WRONG_OPT_NOT_IN_ERRORS, "opt-not-in-errors", "BAD-117", \
	  "sends no OPT with an error") \
	X(WRONG_OPT_TWO_TAKEN, "opt-two-taken", "BAD-114", \
	  "takes two OPT records") \
	X(WRONG_EDNS_VERSION_TAKEN, "edns-version-taken", "BAD-116", \
	  "takes any version of EDNS") \
	X(WRONG_EDNS_VERSION_ECHO, "edns-version-echo", "BAD-116", \
	  "sends the EDNS version of the query back") \
	X(WRONG_BADVERS_FORMERR, "badvers-formerr", "BAD-116", \
	  "answers FORMERR to another version of EDNS") \
	X(WRONG_EDNS_FLAGS_ECHO, "edns-flags-echo", "BAD-116", \
	  "sends all EDNS flags back") \
	X(WRONG_OPTION_ECHO, "option-echo", "BAD-119", \
	  "sends all EDNS options back") \
	X(WRONG_PAD_NONE, "pad-none", "DOQ-119", \
	  "does not pad") \
	X(WRONG_PAD_BLOCK, "pad-block", "DOQ-120", \
	  "pads answers to 128 octets") \
	X(WRONG_PAD_TWICE, "pad-twice", "BAD-122", \
	  "pads twice") \
	X(WRONG_PAD_NOT_ZERO, "pad-not-zero", "DOQ-119", \
	  "pads with other octets than 0") \
	X(WRONG_SPECIAL_ORDINARY, "special-ordinary", "BAD-131", \
	  "knows no special names") \
	X(WRONG_SPECIAL_LOOKALIKE, "special-lookalike", "BAD-131", \
	  "takes notlocalhost for a name below localhost") \
	X(WRONG_SPECIAL_CASE, "special-case", "BAD-131", \
	  "knows special names in small letters only") \
	X(WRONG_TSIG_SILENT, "tsig-silent", "BAD-125", \
	  "says nothing to a signed query") \
	X(WRONG_OPT_MISPLACED_SILENT, "opt-misplaced-silent", "BAD-115", \
	  "says nothing to OPT in the answer section") \
	X(WRONG_POINTER_SILENT, "pointer-silent", "BAD-102", \
	  "says nothing to a pointer in a question") \
	X(WRONG_POINTERS_HANG, "pointers-hang", "BAD-103", \
	  "hangs for seconds over many records") \
	X(WRONG_CLASS_SILENT, "class-silent", "BAD-113", \
	  "says nothing to other classes than IN") \
	X(WRONG_TYPE_SILENT, "type-silent", "BAD-112", \
	  "says nothing to types that are not of data") \
	X(WRONG_LABEL_SHORT, "label-short", "BAD-107", \
	  "takes no label of 63 octets") \
	X(WRONG_LABELS_FEW, "labels-few", "BAD-105", \
	  "takes no name of more than 100 labels") \
	X(WRONG_NAME_SHORT, "name-short", "BAD-105", \
	  "takes no name of 255 octets") \
	X(WRONG_AUTHORITY_FORMERR, "authority-formerr", "BAD-100", \
	  "takes no record in the authority section") \
	X(WRONG_RDATA_READ, "rdata-read", "BAD-130", \
	  "reads records of unknown types") \
	X(WRONG_RECORDS_TAKEN, "records-taken", "BAD-100", \
	  "answers with the records of the query") \
	X(WRONG_IXFR_REFUSED, "ixfr-refused", "DOQ-086", \
	  "refuses IXFR")
/* clang-format on */

enum wrong_mutant {
#define WRONG_MUTANT_NUMBER(number, name, id, what) number,
	WRONG_MUTANT_TABLE(WRONG_MUTANT_NUMBER)
#undef WRONG_MUTANT_NUMBER
	WRONG_MUTANTS
};

#endif
