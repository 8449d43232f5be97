#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Two implementations of HMAC tokens that share no code: Python's standard library here, libapikey-sign and crypto/ in
tests/lib/sign-batch. Each accepts what the other makes, for random pairs, nonces, epochs and bodies, and neither
accepts a token with a character changed, or for another body."""

import base64
import hashlib
import hmac
import os
import random
import re
import subprocess
import sys

NONCE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
TOKEN = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):([A-Za-z0-9._-]{1,128})"
                   r":([0-9]{1,12}(?:\.[0-9]{1,9})?):([A-Za-z0-9+/]{43}=)")


def signature(private_key, public_key, nonce, epoch, body):
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode() if body else ""
    text = ":".join((public_key, nonce, epoch, digest))
    return base64.b64encode(hmac.digest(base64.b64decode(private_key), text.encode(), "sha256")).decode()


def good(private_key, token, body):
    match = TOKEN.fullmatch(token)
    return match is not None and hmac.compare_digest(signature(private_key, *match.groups()[:3], body), match.group(4))


class Case:
    """A pair and what it signs."""

    def __init__(self, chance):
        digits = "%032x" % chance.getrandbits(128)
        self.public_key = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
        # One key in eight begins or ends with a NUL byte.
        key = bytearray(chance.randbytes(32))
        if chance.random() < 0.125:
            key[chance.choice((0, 31))] = 0
        self.private_key = base64.b64encode(key).decode()
        self.nonce = "".join(chance.choices(NONCE, k=chance.choice((1, 22, 128, chance.randint(1, 128)))))
        self.epoch = str(chance.choice((0, 999999999999, chance.randrange(2 ** 31), chance.randrange(10 ** 12))))
        if chance.random() < 0.5:
            self.epoch += "." + "".join(chance.choices("0123456789", k=chance.randint(1, 9)))
        self.body = chance.randbytes(chance.choice((0, 0, 1, 55, 56, 64, chance.randrange(3000))))
        other = bytearray(self.body or b"x")
        other[chance.randrange(len(other))] ^= 1 << chance.randrange(8)
        self.other_body = bytes(other) if self.body else b"x"
        self.where, self.bit = chance.random(), 1 << chance.randrange(7)

    def made_here(self):
        return ":".join((self.public_key, self.nonce, self.epoch, self.sign_here()))

    def sign_here(self):
        return signature(self.private_key, self.public_key, self.nonce, self.epoch, self.body)

    def changed(self, token):
        """The token with one bit changed that leaves it one word."""
        at = int(self.where * len(token))
        for bit in (self.bit, 1, 2, 4):
            character = chr(ord(token[at]) ^ bit)
            if character > " " and character != "\x7f":
                break
        return token[:at] + character + token[at + 1:]


def ask(program, lines):
    done = subprocess.run([program], input="".join(line + "\n" for line in lines), text=True, check=True,
                          stdout=subprocess.PIPE)
    answers = done.stdout.splitlines()
    if len(answers) != len(lines):
        sys.exit("FAIL: %d answers to %d lines" % (len(answers), len(lines)))
    return answers


def example_works(program, case):
    """The example of the manual, which makes nonce and epoch itself, with a body that is an argument."""
    body = case.body.hex()
    done = subprocess.run([program, body], input=case.public_key + "\n" + case.private_key + "\n", text=True, check=True,
                          stdout=subprocess.PIPE)
    header = re.fullmatch("Authorization: Hmac (.*)\n", done.stdout)
    return header is not None and good(case.private_key, header.group(1), body.encode())


def main():
    program, example, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else int.from_bytes(os.urandom(6), "big")
    chance = random.Random(seed)
    cases = [Case(chance) for _ in range(count)]
    wrong = 0

    def expect(what, case, got, wanted):
        nonlocal wrong
        if got != wanted:
            wrong += 1
            print("FAIL: %s: %s, not %s: %s body %s" % (what, got, wanted, case.made_here(), case.body.hex()))

    made_there = ask(program, ["sign %s %s %s %s x%s" % (case.public_key, case.private_key, case.nonce, case.epoch,
                                                         case.body.hex()) for case in cases])
    questions = []
    for case, token in zip(cases, made_there):
        expect("made there", case, token, case.made_here())
        expect("made there, judged here", case, good(case.private_key, token, case.body), True)
        expect("changed, judged here", case, good(case.private_key, case.changed(token), case.body), False)
        expect("another body, judged here", case, good(case.private_key, token, case.other_body), False)
        here = case.made_here()
        for question in ((here, case.body), (case.changed(here), case.body), (here, case.other_body)):
            questions.append("verify %s %s x%s" % (case.private_key, question[0], question[1].hex()))
    answers = ask(program, questions)
    for index, case in enumerate(cases):
        expect("made here, judged there", case, answers[3 * index], "good")
        expect("changed, judged there", case, answers[3 * index + 1], "bad")
        expect("another body, judged there", case, answers[3 * index + 2], "bad")
    for case in cases[:5]:
        expect("the example, judged here", case, example_works(example, case), True)
    print("%d tokens in each direction, %d wrong; the seed is %d" % (count, wrong, seed))
    return 1 if wrong or not cases else 0


if __name__ == "__main__":
    sys.exit(main())
