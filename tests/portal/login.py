#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""A login by the real libpam and the real module, as sshd would have it: for records and sessions that pages show.

    login.py MODULE RUNTIME SERVICE USER [RHOST [TTY]] <KEY

The key is a line of standard input. Says "in" or "out", and who is in stays until standard input ends.
"""
import ctypes
import os
import sys
import tempfile

PAM_SUCCESS, PAM_TTY, PAM_RHOST, PAM_ESTABLISH_CRED, PAM_PROMPTS = 0, 3, 4, 2, (1, 2)


class Message(ctypes.Structure):
    _fields_ = [("style", ctypes.c_int), ("text", ctypes.c_char_p)]


class Response(ctypes.Structure):
    _fields_ = [("text", ctypes.c_void_p), ("code", ctypes.c_int)]


CONVERSE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.POINTER(ctypes.POINTER(Message)),
                            ctypes.POINTER(ctypes.POINTER(Response)), ctypes.c_void_p)


class Conversation(ctypes.Structure):
    _fields_ = [("function", CONVERSE), ("data", ctypes.c_void_p)]


def main():
    module, runtime, service, user = sys.argv[1:5]
    items = list(zip((PAM_RHOST, PAM_TTY), sys.argv[5:]))
    key = sys.stdin.buffer.readline().rstrip(b"\n")
    pam, libc = ctypes.CDLL("libpam.so.0"), ctypes.CDLL(None)
    libc.calloc.restype = libc.strdup.restype = ctypes.c_void_p

    def converse(count, messages, responses, _):
        room = libc.calloc(ctypes.c_size_t(count), ctypes.c_size_t(ctypes.sizeof(Response)))
        answers = ctypes.cast(room, ctypes.POINTER(Response))
        for i in range(count):
            if messages[i].contents.style in PAM_PROMPTS:
                answers[i].text = libc.strdup(key)
        responses[0] = answers
        return PAM_SUCCESS

    conversation = Conversation(CONVERSE(converse), None)
    handle = ctypes.c_void_p()
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        with open(os.path.join(folder, service), "w", encoding="utf-8") as file:
            file.write("auth required %s socket=%s minimum_uid=0 session\n" % (module, runtime) +
                       "account required %s socket=%s minimum_uid=0\n" % (module, runtime) +
                       "session required %s socket=%s\n" % (module, runtime))
        result = pam.pam_start_confdir(service.encode(), user.encode(), ctypes.byref(conversation), folder.encode(),
                                       ctypes.byref(handle))
        for item, value in items:
            result = result or pam.pam_set_item(handle, item, value.encode())
        for step, argument in ((pam.pam_authenticate, 0), (pam.pam_acct_mgmt, 0), (pam.pam_setcred, PAM_ESTABLISH_CRED),
                               (pam.pam_open_session, 0)):
            result = result or step(handle, argument)
    print("in" if result == PAM_SUCCESS else "out: %d" % result, flush=True)
    if result == PAM_SUCCESS:
        sys.stdin.buffer.read()
        pam.pam_close_session(handle, 0)
    pam.pam_end(handle, result)
    sys.exit(0 if result == PAM_SUCCESS else 1)


main()
