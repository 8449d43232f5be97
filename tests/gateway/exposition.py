#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Reads metrics as strictly as the format allows (Prometheus's text format, 0.0.4), and holds queries against them.

    exposition.py METRICS                  nothing else: they are well-formed
    exposition.py METRICS QUERIES…         each name and label in the queries of a dashboard (.json) or of rules (.yml) is there
    exposition.py METRICS --show           the samples, one a line, labels in the order of their names
"""
import json
import re
import sys

NAME = r'[a-zA-Z_:][a-zA-Z0-9_:]*'
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
SAMPLE = re.compile(rf'({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (\+Inf|[0-9]+(?:\.[0-9]+)?)')
SUFFIXES = {'histogram': ('_bucket', '_sum', '_count'), 'counter': ('',), 'gauge': ('',)}


def fail(words):
    sys.exit(f'exposition.py: {words}')


def check_histogram(name, samples):
    """Buckets of one series grow, and the last is the count."""
    series = {}
    for (sample, labels), value in samples.items():
        others = tuple(pair for pair in labels if pair[0] != 'le')
        if sample == name + '_bucket':
            series.setdefault(others, {}).setdefault('buckets', []).append((float(dict(labels)['le']), value))
        elif sample in (name + '_sum', name + '_count'):
            series.setdefault(others, {})[sample[len(name) + 1:]] = value
    for labels, parts in series.items():
        values = [value for _, value in sorted(parts['buckets'])]
        if values != sorted(values) or sorted(parts['buckets'])[-1] != (float('inf'), parts['count']) or 'sum' not in parts:
            fail(f'{name}{labels} is no histogram: {parts}')


def read(path):
    text = open(path, encoding='utf-8', newline='').read()
    if not text.endswith('\n') or '\r' in text:
        fail('the last line does not end, or a line ends otherwise')
    samples, types, current = {}, {}, None
    for line in text.splitlines():
        if line.startswith('# HELP '):
            current = line.split(' ')[2]
            if current in types:
                fail(f'{current} comes twice')
            types[current] = None
        elif line.startswith('# TYPE '):
            words = line.split(' ')
            if words[2] != current or types[current] or words[3] not in SUFFIXES:
                fail(f'out of place: {line}')
            types[current] = words[3]
            if (words[3] == 'counter') != current.endswith('_total'):
                fail(f'{current} is a {words[3]}')
        elif not line.startswith('#'):
            match = SAMPLE.fullmatch(line)
            if not match:
                fail(f'no sample: {line}')
            if not current or match[1] not in [current + suffix for suffix in SUFFIXES[types[current]]]:
                fail(f'not among those of its name: {line}')
            labels = tuple(sorted(re.findall(LABEL, match[2] or '')))
            if (match[1], labels) in samples or len({name for name, _ in labels}) != len(labels):
                fail(f'twice: {line}')
            samples[match[1], labels] = float(match[len(match.groups())])
    for name, kind in types.items():
        if kind == 'histogram':
            check_histogram(name, samples)
    return samples, types


def queries_of(path):
    text = open(path, encoding='utf-8').read()
    if path.endswith('.json'):
        board = json.loads(text)
        for panel in board['panels']:
            for target in panel.get('targets', []):
                yield target['expr']
        for variable in board['templating']['list']:
            if variable['type'] == 'query':
                yield re.sub(r'^label_values\((.*), (\w+)\)$', r'sum by (\2) (\1)', variable['definition'])
    else:
        for match in re.finditer(r'^ +expr: (?:\|\n((?: {10,}.*\n)+)|(.*)\n)', text, re.MULTILINE):
            yield match[1] or match[2]


# What is there without us.
OF_PROMETHEUS = {'instance', 'job', 'le'}


def check_queries(path, samples, types):
    known = {}
    for (name, labels) in samples:
        known.setdefault(name, set()).update(label for label, _ in labels)
    count = 0
    for query in queries_of(path):
        names = set(re.findall(r'\b(?:apikeyd|apikey_gateway)_\w+', query))
        labels = set(re.findall(r'(\w+)\s*(?:=~|!~|!=|=)\s*"', query))
        for group in re.findall(r'by \(([^)]*)\)', query):
            labels.update(word.strip() for word in group.split(','))
        if not names:
            fail(f'{path}: about nothing of ours: {query}')
        for name in names:
            count += 1
            if name not in known:
                fail(f'{path}: {name} is not served: {query}')
            if re.search(rf'(?:rate|increase)\({name}\b', query) and \
                    types.get(name, 'histogram') == 'gauge':
                fail(f'{path}: {name} is a gauge: {query}')
        missing = labels - OF_PROMETHEUS - set().union(*(known[name] for name in names))
        if missing:
            fail(f'{path}: no label {missing}: {query}')
    if count < 5:
        fail(f'{path}: {count} queries were found')


def main():
    samples, types = read(sys.argv[1])
    if sys.argv[2:] == ['--show']:
        for (name, labels), value in samples.items():
            print(name + '{' + ','.join(f'{label}={text}' for label, text in labels) + '}', f'{value:g}')
        return
    for path in sys.argv[2:]:
        check_queries(path, samples, types)


main()
