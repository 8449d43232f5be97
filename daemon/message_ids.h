/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the journal calls the events that somebody may wait for: 128 random bits each, which never change. apikeyd(8)
 * says what each tells.
 */
#ifndef APIKEYD_DAEMON_MESSAGE_IDS_H
#define APIKEYD_DAEMON_MESSAGE_IDS_H

#define MESSAGE_ID_KEY_DUE "48e344d467dcc7e83cb92141c63d90c9"
#define MESSAGE_ID_KEY_SUSPENDED "10d36b45135c0e32f19c9efe163d39aa"
#define MESSAGE_ID_KEY_ALARM "f8e99a10cde10850af610450d2d26a94"
#define MESSAGE_ID_AUDIT_HEAD "a81eeec053c153c568692911bc331e45"
#define MESSAGE_ID_LOCKDOWN_ON "f8dc4656dd1f15d9291ca6bb369591fb"
#define MESSAGE_ID_LOCKDOWN_OFF "669d6263d6126bac99ac39190902a093"

#endif
