/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every unit test module, sorted; tests/unit/test_NAME.c each.  May be
 * included many times: define UNIT_MODULE(name) first, or get prototypes.
 */
/* clang-format off */
#ifndef UNIT_MODULE
#define UNIT_MODULE(name) void test_##name##_register(void);
#endif

UNIT_MODULE(access)
UNIT_MODULE(account)
UNIT_MODULE(answer)
UNIT_MODULE(buf)
UNIT_MODULE(config)
UNIT_MODULE(config_print)
UNIT_MODULE(counter)
UNIT_MODULE(cred)
UNIT_MODULE(doq)
UNIT_MODULE(edns)
UNIT_MODULE(frame)
UNIT_MODULE(hash)
UNIT_MODULE(hello)
UNIT_MODULE(list)
UNIT_MODULE(log)
UNIT_MODULE(message)
UNIT_MODULE(name)
UNIT_MODULE(net_stream)
UNIT_MODULE(notify)
UNIT_MODULE(options)
UNIT_MODULE(peers)
UNIT_MODULE(pool)
UNIT_MODULE(quic_close)
UNIT_MODULE(quic_conn)
UNIT_MODULE(quic_early)
UNIT_MODULE(quic_handshake)
UNIT_MODULE(quic_hello)
UNIT_MODULE(quic_hostile)
UNIT_MODULE(quic_memory)
UNIT_MODULE(quic_path)
UNIT_MODULE(quic_pull)
UNIT_MODULE(quic_reset)
UNIT_MODULE(quic_review)
UNIT_MODULE(quic_router)
UNIT_MODULE(quic_stream)
UNIT_MODULE(quic_token)
UNIT_MODULE(quic_transfer)
UNIT_MODULE(quic_udp)
UNIT_MODULE(quic_version)
UNIT_MODULE(random)
UNIT_MODULE(replay)
UNIT_MODULE(response)
UNIT_MODULE(secret)
UNIT_MODULE(selfsign)
UNIT_MODULE(special)
UNIT_MODULE(state)
UNIT_MODULE(steer)
UNIT_MODULE(tcp_back)
UNIT_MODULE(timer)
UNIT_MODULE(udp_back)
UNIT_MODULE(upstream)
UNIT_MODULE(verify)

#undef UNIT_MODULE
