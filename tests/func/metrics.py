# SPDX-License-Identifier: BSD-2-Clause
"""For test_metrics.sh: a client of the metrics endpoint, good and bad.

metrics.py page PORT            the page, if it is valid: NAME VALUE lines
metrics.py same PORT            is it what the report on standard input says?
metrics.py status PORT PATH     the status of GET PATH
metrics.py hostile PORT         requests that are none
metrics.py idle PORT PID COUNT  connections that say nothing
metrics.py slow PORT            clients that are slow to write, or to read
metrics.py stuff PORT PID       clients that send lines without an end
metrics.py flood PORT COUNT     good requests, one after the other
"""
import os
import re
import resource
import socket
import sys
import time

CONNECTIONS = 64  # at once, as the manual says
SECONDS = 10      # for one, as the manual says
STUFFED = 16384   # kB

NAME = r'[a-zA-Z_][a-zA-Z0-9_]*'
LABEL = NAME + r'="(?:[^"\\\n]|\\["\\n])*"'
SAMPLE = re.compile(r'(%s)(\{%s(?:,%s)*\})? (-?[0-9]+(?:\.[0-9]+)?)' %
                    (NAME, LABEL, LABEL))
GROUPS = {
    'drop_': 'quoll_quic_dropped_datagrams_total',
    'refused_': 'quoll_quic_refused_connections_total',
    'closed_': 'quoll_quic_closed_connections_total',
    'doq_bad_': 'quoll_doq_bad_queries_total',
    'mismatch_': 'quoll_upstream_mismatches_total',
}


def fail(text):
    print('metrics:', text)
    sys.exit(1)


def connect(port):
    s = socket.create_connection(('127.0.0.1', port), timeout=20)
    return s


def read_all(s):
    data = b''
    while True:
        try:
            more = s.recv(65536)
        except ConnectionResetError:
            return data
        if not more:
            return data
        data += more


def exchange(port, request):
    """What comes back to these octets until the server closes."""
    with connect(port) as s:
        try:
            s.sendall(request)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return read_all(s)


def get(port, path='/metrics', method='GET'):
    answer = exchange(port, ('%s %s HTTP/1.1\r\nHost: x\r\n\r\n' %
                             (method, path)).encode())
    head, _, body = answer.partition(b'\r\n\r\n')
    lines = head.decode('ascii').split('\r\n')
    headers = dict(line.lower().split(': ', 1) for line in lines[1:])
    return int(lines[0].split()[1]), headers, body


def parse(text):
    """All samples of a page, each line held against the grammar."""
    samples = {}
    family = None
    begun = set()
    for line in text.rstrip('\n').split('\n'):
        if line.startswith('# HELP '):
            family = line.split(' ')[2]
            if not re.fullmatch(NAME, family) or family in begun:
                fail('family %r' % line)
            begun.add(family)
            continue
        if line.startswith('# TYPE '):
            kind = line.split(' ', 3)[2:]
            if kind not in ([family, 'counter'], [family, 'gauge'],
                            [family, 'histogram']):
                fail('type %r' % line)
            if (kind[1] == 'counter') != family.endswith('_total'):
                fail('suffix %r' % line)
            histogram = kind[1] == 'histogram'
            continue
        m = SAMPLE.fullmatch(line)
        if m is None:
            fail('line %r' % line)
        name = m.group(1)
        if histogram:
            name = re.sub('_(bucket|sum|count)$', '', name)
        if name != family:
            fail('stray sample %r' % line)
        key = m.group(1) + (m.group(2) or '')
        if key in samples:
            fail('twice %r' % key)
        samples[key] = m.group(3)
    return samples


def page(port):
    status, headers, body = get(port)
    if status != 200:
        fail('status %d' % status)
    if headers['content-type'] != 'text/plain; version=0.0.4; charset=utf-8':
        fail('type %r' % headers['content-type'])
    if headers['x-content-type-options'] != 'nosniff':
        fail('no nosniff')
    if int(headers['content-length']) != len(body):
        fail('length')
    if not body.endswith(b'\n'):
        fail('no end')
    return parse(body.decode('ascii'))


def names_of(name):
    """What a counter of SIGUSR1 may be called on the page."""
    for prefix, family in GROUPS.items():
        if name.startswith(prefix):
            yield '%s{reason="%s"}' % (family, name[len(prefix):])
    for layer in 'quoll_quic_', 'quoll_', 'quoll_upstream_':
        yield layer + name + '_total'
        yield layer + name


def same(port):
    samples = page(port)
    compared = 0
    for line in sys.stdin:
        m = re.search(r'counter ([a-z0-9_]+) ([0-9]+)$', line)
        if m is None:
            continue
        seen = [samples[n] for n in names_of(m.group(1)) if n in samples]
        if seen != [m.group(2)]:
            fail('%s is %s, on the page %s' % (m.group(1), m.group(2), seen))
        compared += 1
    if compared < 15:
        fail('only %d counters were compared' % compared)


def hostile(port):
    long = b'a' * 1000000
    end = b'\r\n\r\n'
    post = b'POST /metrics HTTP/1.1\r\n'
    for request, allowed in (
            (b'GET /metrics HTTP/1.1\r\nX: ' + long + end, (400, 413, 431)),
            (b'GET /metrics HTTP/1.1\r\n' + b'X: y\r\n' * 20000 + end,
             (400, 413, 431)),
            (b'GET /' + long + b' HTTP/1.1' + end, (400, 414)),
            (long, (400,)),
            (b'\0\1\2\xff\xfe\r\n\r\n', (400,)),
            (b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n', (400,)),
            (b'GET /metrics\r\n\r\n', (400,)),
            (b'GET /metrics HTTP/9.9\r\n\r\n', (400, 505)),
            (b'BREW /metrics HTTP/1.1\r\n\r\n', (501, 405)),
            (b'CONNECT /metrics HTTP/1.1\r\n\r\n', (501, 405)),
            (post + b'Content-Length: 3\r\n\r\nabc', (405,)),
            (post + b'Content-Length: 99999999999\r\n\r\n', (413,)),
            (post + b'Content-Length: -1\r\n\r\n', (400,)),
            (post + b'Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFF\r\n',
             (400, 413)),
            (b'GET /../../../etc/passwd HTTP/1.1\r\n\r\n', (404,)),
            (b'GET /metrics/../../etc/passwd HTTP/1.1\r\n\r\n', (404,)),
            (b'GET /%2e%2e/etc/passwd HTTP/1.1\r\n\r\n', (404,)),
            (b'GET /<script>alert(1)</script> HTTP/1.1\r\n\r\n', (400, 404)),
            (b'GET //metrics HTTP/1.1\r\n\r\n', (404,)),
    ):
        answer = exchange(port, request)
        # What is cut off in mid-request may also be cut off without a word.
        if answer == b'' and len(request) > 8192:
            continue
        m = re.match(rb'HTTP/1\.[01] ([0-9]{3}) ', answer)
        if m is None or int(m.group(1)) not in allowed:
            fail('%r: %r' % (request[:60], answer[:200]))
        if b'script' in answer or b'root:' in answer:
            fail('%r: %r' % (request[:60], answer))
    # One request a connection: what was sent behind it is not answered.
    answer = exchange(port, b'GET /health HTTP/1.1\r\n\r\n' * 1000)
    if answer.count(b'HTTP/1.1 200') != 1:
        fail('pipelined: %r' % answer[:500])
    status, headers, body = get(port, method='HEAD')
    if status != 200 or body != b'' or int(headers['content-length']) < 1000:
        fail('HEAD: %r %r' % (headers, body[:200]))
    status, headers, body = get(port, method='POST')
    if status != 405 or headers['allow'] != 'get, head':
        fail('POST: %r' % headers)
    page(port)


def descriptors(pid):
    return len(os.listdir('/proc/%d/fd' % pid))


def idle(port, pid, count):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(count, hard - 100)
    before = descriptors(pid)
    most = 0
    held = []
    for i in range(count):
        held.append(connect(port))
        if i % 50 == 0:
            most = max(most, descriptors(pid) - before)
        if i % 500 == 0:
            page(port)
    page(port)
    print('# %d idle connections: %d descriptors at most' % (count, most))
    if most > CONNECTIONS or most < CONNECTIONS / 2:
        fail('%d descriptors' % most)
    # The oldest ones had to go.
    if held[0].recv(1) != b'':
        fail('the first one is still there')
    for s in held:
        s.close()


def slow(port):
    """Octet by octet; nothing at all; and an answer that is not read."""
    begin = time.monotonic()
    slow_ones = [connect(port) for i in range(10)]
    silent = connect(port)
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    deaf.connect(('127.0.0.1', port))
    deaf.sendall(b'GET /metrics HTTP/1.1\r\n\r\n')
    ended = set()
    for octet in b'GET /metrics HTTP/1.1\r\nX: ' + b'a' * 10 * SECONDS:
        page(port)
        for s in slow_ones:
            try:
                s.send(bytes([octet]))
            except OSError:
                ended.add(s)
        if len(ended) == len(slow_ones):
            break
        time.sleep(0.5)
    print('# slow clients were closed after %.0f s' %
          (time.monotonic() - begin))
    if len(ended) != len(slow_ones):
        fail('%d slow ones are still there' %
             (len(slow_ones) - len(ended)))
    if silent.recv(1) != b'':
        fail('a silent one is still there')
    read_all(deaf)


def resident(pid):
    with open('/proc/%d/status' % pid) as f:
        return int(re.search(r'VmRSS:\s*([0-9]+) kB', f.read()).group(1))


def stuff(port, pid):
    """The length of a chunk, which has no end, as fast as they are read."""
    stuffers = [connect(port) for i in range(CONNECTIONS // 2)]
    for s in stuffers:
        s.sendall(b'POST /metrics HTTP/1.1\r\n'
                  b'Transfer-Encoding: chunked\r\n\r\n')
        s.setblocking(False)
    page(port)
    before = most = resident(pid)
    begin = time.monotonic()
    while stuffers and time.monotonic() - begin < 3 * SECONDS:
        for s in list(stuffers):
            try:
                s.send(b'0' * 65536)
            except BlockingIOError:
                pass
            except OSError:
                stuffers.remove(s)
        most = max(most, resident(pid))
        time.sleep(0.01)
    print('# %d kB were kept of lines without an end' % (most - before))
    if most - before > STUFFED:
        fail('they are kept')
    if stuffers:
        fail('%d are still there' % len(stuffers))
    page(port)


def main():
    what, port = sys.argv[1], int(sys.argv[2])
    if what == 'page':
        for name, value in page(port).items():
            print(name, value)
    elif what == 'same':
        same(port)
    elif what == 'status':
        print(get(port, sys.argv[3])[0])
    elif what == 'hostile':
        hostile(port)
    elif what == 'idle':
        idle(port, int(sys.argv[3]), int(sys.argv[4]))
    elif what == 'slow':
        slow(port)
    elif what == 'stuff':
        stuff(port, int(sys.argv[3]))
    elif what == 'flood':
        for i in range(int(sys.argv[3])):
            page(port)


try:
    main()
except OSError as error:
    fail(error)
