/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of options: what is answered here, or changed on the way. */
#include "resolver/config_table.h"

#define EXCLUDES_MAX 64
#define RECORDS_MAX 16384
#define FILES_MAX 64
#define LISTS_MAX 200
#define ZONES_MAX 64
#define DDR_NAMES_MAX 16

#define IN_LIST(member) .offset = offsetof(struct config_list, member)

static const struct config_key cache_keys[] = {
    {.path = "cache",
	.type = CONFIG_TYPE_SECTION,
	.help = "Answers from upstream that are kept and given again. A\n"
		"reload that changes who is asked upstream, or what is told\n"
		"of clients, empties it; SIGUSR2 does, too, see quolld(8)."},
    {.path = "cache.size",
	.type = CONFIG_TYPE_SIZE,
	IN_CONFIG(cache.bytes),
	.max = 1024 * 1024 * MIB,
	.initial = "64M",
	.help = "Memory for it, at most, as the cache counts; what malloc()\n"
		"cannot use again comes on top, a fifth as a rule. 0 for no\n"
		"cache, or at least 1M. What is seldom asked for makes room.\n"
		"Without a cache what follows has no effect. Lifetimes are\n"
		"whole seconds."},
    {.path = "cache.min-ttl",
	.type = CONFIG_TYPE_DURATION,
	IN_CONFIG(cache.min_ttl_ms),
	.max = HOUR,
	.initial = "1s",
	.help = "Least time that an answer is kept, and that is told with it\n"
		"when it is given again. One that says 0 is not kept."},
    {.path = "cache.max-ttl",
	.type = CONFIG_TYPE_DURATION,
	IN_CONFIG(cache.max_ttl_ms),
	.min = SECOND,
	.max = 7 * DAY,
	.initial = "1d",
	.help = "Longest time, in the same sense (RFC 8767 4). Who had it\n"
		"fetched is told what upstream says, at most a week."},
    {.path = "cache.max-negative-ttl",
	.type = CONFIG_TYPE_DURATION,
	IN_CONFIG(cache.max_negative_ttl_ms),
	.min = SECOND,
	.max = DAY,
	.initial = "1h",
	.help = "Longest time for answers that a name does not exist, or has\n"
		"no such data (RFC 2308 5)."},
    {.path = "cache.failure-ttl",
	.type = CONFIG_TYPE_DURATION,
	IN_CONFIG(cache.failure_ttl_ms),
	.min = SECOND,
	.max = 5 * MINUTE,
	.initial = "5s",
	.help = "How long upstream is not asked again for what it has\n"
		"failed to answer (RFC 9520). Till then clients are told the\n"
		"same again; SERVFAIL with EDE 13."},
    {.path = "cache.stale",
	.type = CONFIG_TYPE_DURATION,
	IN_CONFIG(cache.stale_ms),
	.max = 3 * DAY,
	.initial = "0s",
	.example = "1d",
	.help = "How long answers are kept beyond their time, to be given\n"
		"when upstream has none (RFC 8767), with EDE 3 or 19 and\n"
		"TTL 30. 0s: not at all."},
    {.path = "cache.stale-client-timeout",
	.type = CONFIG_TYPE_DURATION,
	IN_CONFIG(cache.stale_client_timeout_ms),
	.min = SECOND / 10,
	.max = MINUTE,
	.initial = "1800ms",
	.help = "Time for upstream until such an answer is given in its\n"
		"stead; less than limits.query-timeout."},
    {.path = "cache.prefetch",
	.type = CONFIG_TYPE_BOOL,
	IN_CONFIG(cache.prefetch),
	.initial = "false",
	.help = "Whether upstream is asked again for what is often asked\n"
		"for, in the last tenth of its time. Not with recursion,\n"
		"which has a cache of its own; and an upstream server that\n"
		"itself answers from a cache only has the same end to tell."},
    {.path = "cache.rotate",
	.type = CONFIG_TYPE_BOOL,
	IN_CONFIG(cache.rotate),
	.initial = "true",
	.help = "Whether several addresses of a name are given in another\n"
		"order each time."},
    {.path = "cache.nxdomain-cut",
	.type = CONFIG_TYPE_BOOL,
	IN_CONFIG(cache.nxdomain_cut),
	.initial = "false",
	.help = "Whether nothing exists below a name that does not exist\n"
		"(RFC 8020), so that nobody is asked for it. Some servers\n"
		"get this wrong."},
    {.path = "cache.save",
	.type = CONFIG_TYPE_BOOL,
	IN_CONFIG(cache.save),
	.initial = "false",
	.help = "Whether it is written to the file \"cache\" in the state\n"
		"directory at the end and read at the start. Who can read\n"
		"that file sees what was asked."},
    CONFIG_TABLE_END,
};

const struct config_table config_table_cache = CONFIG_TABLE(cache_keys);

static const struct config_key dns64_keys[] = {
    {.path = "dns64",
	.type = CONFIG_TYPE_SECTION,
	.help = "IPv6 addresses made of IPv4 ones (RFC 6147), for clients\n"
		"with only IPv6 behind a NAT64."},
    {.path = "dns64.prefix",
	.type = CONFIG_TYPE_NAT64,
	IN_CONFIG(dns64.prefix),
	.example = "64:ff9b::/96",
	.help = "The prefix of the NAT64: of 32, 40, 48, 56, 64 or 96 bits\n"
		"(RFC 6052). A name that has only IPv4 addresses gets those\n"
		"in this prefix. Nothing is made unless it is given. In\n"
		"64:ff9b::/96 no private addresses are put."},
    {.path = "dns64.exclude",
	.type = CONFIG_TYPE_PREFIXES,
	IN_CONFIG(dns64.exclude),
	.max = EXCLUDES_MAX,
	.initial = "::ffff:0:0/96",
	.verdict = ACCESS_DENY,
	.help = "IPv6 addresses that are of no use to such clients: they\n"
		"are taken out of answers, and a name that has no others\n"
		"counts as one with IPv4 only."},
    {.path = "dns64.clients",
	.type = CONFIG_TYPE_PREFIXES,
	IN_CONFIG(dns64.clients),
	.max = CONFIG_PREFIXES_MAX,
	.example = "2001:db8:64::/48",
	.verdict = ACCESS_ALLOW,
	.help = "Whose answers are changed; all clients', if nobody is\n"
		"named."},
    CONFIG_TABLE_END,
};

const struct config_table config_table_dns64 = CONFIG_TABLE(dns64_keys);

static const struct config_key local_keys[] = {
    {.path = "local",
	.type = CONFIG_TYPE_SECTION,
	.help = "Names that are answered here because you say so: records of\n"
		"your own, and lists of names to block. Files are read at\n"
		"the start and by a reload; if one of them cannot be used,\n"
		"all stay as they were."},
    {.path = "local.records",
	.type = CONFIG_TYPE_RECORDS,
	IN_CONFIG(local.records),
	.max = RECORDS_MAX,
	.example = "printer.lan. 300 IN A 192.0.2.7",
	.help =
	    "Records, as in a zone file. A name that has some is\n"
	    "answered from them alone; *.NAME stands for those below it\n"
	    "that have none. CNAME is followed; where one leads to an\n"
	    "ordinary name, upstream is asked for that, see ANSWERS OF\n"
	    "ITS OWN in quolld(8). Other names are ordinary ones, but where\n"
	    "there is an SOA record, no others exist below it."},
    {.path = "local.hosts",
	.type = CONFIG_TYPE_FILES,
	IN_CONFIG(local.hosts),
	.max = FILES_MAX,
	.example = "/etc/hosts",
	.help = "Files in the form of /etc/hosts: A, AAAA and PTR records."},
    {.path = "local.lists",
	.type = CONFIG_TYPE_LISTS,
	IN_CONFIG(local.lists),
	.max = LISTS_MAX,
	.help = "Lists of names that are blocked, or not. The first list\n"
		"that has a name decides; local.records and local.hosts go\n"
		"before all of them. localhost, invalid, onion and\n"
		"resolver.arpa are never looked for in lists."},
    {.path = "local.lists[].file",
	.type = CONFIG_TYPE_TEXT,
	IN_LIST(file),
	.example = "/etc/quoll/blocked.txt",
	.help = "The file. Lines that cannot be understood are left out and\n"
		"counted in the log; a fault in a policy zone is an error."},
    {.path = "local.lists[].format",
	.type = CONFIG_TYPE_CHOICE,
	IN_LIST(format),
	.example = "hosts",
	.choices = {"names", "hosts", "rpz"},
	.help = "names, the default: one a line, or *.NAME, which is those\n"
		"below it. hosts: as /etc/hosts; the addresses do not\n"
		"matter. rpz: the zone file of a response policy zone, of\n"
		"which triggers that are names are done."},
    {.path = "local.lists[].answer",
	.type = CONFIG_TYPE_CHOICE,
	IN_LIST(answer),
	.example = "nxdomain",
	.choices = {"default", "nxdomain", "nodata", "refused", "allow"},
	.help = "What is answered. allow: they are ordinary names, whatever\n"
		"later lists say. default: nxdomain, but of rpz what the\n"
		"zone says; its drop is answered REFUSED."},
    {.path = "local.lists[].addresses",
	.type = CONFIG_TYPE_ADDRS,
	IN_LIST(addresses),
	.max = CONFIG_ADDRESSES_MAX,
	.help = "Addresses to answer with, instead of answer; no data for\n"
		"other types."},
    {.path = "local.lists[].subdomains",
	.type = CONFIG_TYPE_BOOL,
	IN_LIST(subdomains),
	.example = "true",
	.help = "Whether all names below them are meant, too; by default\n"
		"they are not. Not for rpz."},
    {.path = "local.lists[].ede",
	.type = CONFIG_TYPE_CHOICE,
	IN_LIST(ede),
	.example = "filtered",
	.choices = {"blocked", "censored", "filtered", "none"},
	.help = "The Extended DNS Error that goes with it (RFC 8914):\n"
		"blocked (15, the default), censored (16), filtered (17)."},
    {.path = "local.lists[].name",
	.type = CONFIG_TYPE_TEXT,
	IN_LIST(name),
	.example = "advertisements",
	.help = "A text that clients are told with it, of at most 64\n"
		"octets."},
    {.path = "local.ttl",
	.type = CONFIG_TYPE_DURATION,
	IN_CONFIG(local.ttl_ms),
	.max = DAY,
	.initial = "5m",
	.help = "How long answers from local.hosts and local.lists, and\n"
		"negative ones, may be cached."},
    CONFIG_TABLE_END,
};

const struct config_table config_table_local = CONFIG_TABLE(local_keys);

static const struct config_key special_keys[] = {
    {.path = "special",
	.type = CONFIG_TYPE_SECTION,
	.help = "Names that are answered here and asked nobody else."},
    {.path = "special.forward",
	.type = CONFIG_TYPE_ZONES,
	IN_CONFIG(special.forward),
	.max = ZONES_MAX,
	.example = "test 10.in-addr.arpa",
	.help = "Those that are asked upstream all the same: test, local,\n"
		"alt, home.arpa, default.service.arpa, reverse zones of\n"
		"private addresses (RFC 6303), such as\n"
		"168.192.in-addr.arpa, or use-application-dns.net, which\n"
		"has no address here, so that Firefox goes on asking this\n"
		"resolver where nobody has chosen another one."},
    {.path = "special.version",
	.type = CONFIG_TYPE_TEXT,
	IN_CONFIG(special.version),
	.example = "quolld",
	.help = "What is said to who asks for version.bind or\n"
		"version.server of class CH. Without it: REFUSED."},
    {.path = "special.id",
	.type = CONFIG_TYPE_TEXT,
	IN_CONFIG(special.id),
	.example = "resolver-1",
	.help = "What is said to who asks for id.server or hostname.bind\n"
		"of class CH, or by NSID (RFC 5001). Without it: REFUSED,\n"
		"and no NSID."},
    {.path = "special.any",
	.type = CONFIG_TYPE_CHOICE,
	IN_CONFIG(special.any),
	.initial = "forward",
	.choices = {"forward", "hinfo"},
	.help = "What is answered to ANY: forward, all that upstream says,\n"
		"since over QUIC no answer goes to who has not asked;\n"
		"hinfo, one HINFO record instead (RFC 8482), unless there\n"
		"is an alias or no data, or the question has DO."},
    CONFIG_TABLE_END,
};

const struct config_table config_table_special = CONFIG_TABLE(special_keys);

static const struct config_key ddr_keys[] = {
    {.path = "ddr",
	.type = CONFIG_TYPE_SECTION,
	.help = "What clients are told that ask for designated resolvers\n"
		"(DDR, RFC 9462): names and ports of this server."},
    {.path = "ddr.enabled",
	.type = CONFIG_TYPE_BOOL,
	IN_CONFIG(ddr.enabled),
	.initial = "true",
	.help = "Whether they are told anything."},
    {.path = "ddr.names",
	.type = CONFIG_TYPE_NAMES,
	IN_CONFIG(ddr.names),
	.max = DDR_NAMES_MAX,
	.example = "dns.example",
	.help = "Names that a certificate of this server is for. Without\n"
		"any: the names of each certificate in tls that is for an\n"
		"IP address, too, since clients ask for that, but no\n"
		"wildcards. quolld does not start with a name that no\n"
		"certificate is for; after a reload it is left out."},
    {.path = "ddr.addresses",
	.type = CONFIG_TYPE_ADDRS,
	IN_CONFIG(ddr.addresses),
	.max = CONFIG_ADDRESSES_MAX,
	.example = "192.0.2.1 2001:db8::1",
	.help = "The addresses that they have. By default those that are\n"
		"listened on, and with * the one that the client asked;\n"
		"behind NAT somebody has to write them here."},
    CONFIG_TABLE_END,
};

const struct config_table config_table_ddr = CONFIG_TABLE(ddr_keys);
