/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef RAW_EXPECT_H
#define RAW_EXPECT_H

#include "tools/doqspec/raw/script.h"

/*
 * One expectation at work.  `words` are its own words, [0] its name.  A check
 * looks at what was seen and answers 1 (holds), 0 (not yet), -1 (can not hold
 * any more) or -EINVAL (not understood), with the reason in script->seen.
 * A lasting expectation ("nothing comes") holds when its time ran out without
 * a -1.
 */
struct raw_attempt {
	struct raw_words words;
	const struct raw_expectation *kind;
	uint64_t stream;       /* of `open` */
	uint64_t from, until;  /* the time it is given (raw_now) */
	bool has_probed;       /* of `abandoned` */
	uint64_t datagrams_in; /* when it did */
};

struct raw_expectation {
	const char *name;
	int (*check)(struct raw_script *, struct raw_attempt *);
	bool is_lasting;
	bool asks; /* sends the question of `open` first */
};

/* check_quic.c: about the connection.  Ends with a NULL name. */
extern const struct raw_expectation raw_quic_expectations[];

/* abandoned.c: is the connection dead without a word? */
int raw_check_abandoned(struct raw_script *script, struct raw_attempt *attempt);

/* linkable.c: can connections be told to belong together? */
int raw_check_unlinkable(
    struct raw_script *script, struct raw_attempt *attempt);

/* early.c: about tickets and early data.  Ends with a NULL name. */
extern const struct raw_expectation raw_early_expectations[];
/* "=N", ">=N", "<=N": 1, 0, or -EINVAL; `seen` tells the value. */
int raw_check_compare(
    struct raw_script *script, const char *word, uint64_t value);

/* cmd_udp.c: is an address one to bind to? */
int raw_check_local(struct raw_script *script, struct raw_attempt *attempt);
/* cmd_udp.c: what `expect udp ...` looks at. */
int raw_check_udp(struct raw_script *script, struct raw_attempt *attempt);
bool raw_udp_is_lasting(const struct raw_words *words);
void raw_udp_read(struct raw_script *script);

#endif
