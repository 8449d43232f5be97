/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Times as people and programs write and read them. Seconds since 1970 UTC; APIKEY_NEVER stands for "no end". Pure: now
 * is an input (when_local() depends on the time zone of the process).
 */
#ifndef APIKEYD_CLI_WHEN_H
#define APIKEYD_CLI_WHEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for each text made here. */
#define WHEN_TEXT_SIZE 64

/*
 * Reads "never"; a day, "2027-01-31" (its first second, UTC); a second, "2027-01-31T08:00:00Z"; or a span from now,
 * "90d" (digits and one of s m h d w y; a year has 365 days). True and *ret_time, or false for anything else, a span of
 * nothing and what lies outside the years 1970 to 9999.
 */
bool when_parse(const char *text, int64_t now, int64_t *ret_time);

/* The same for what lies behind: a span, "90d", is one before now; what would lie ahead, and "never", is refused. */
bool when_parse_past(const char *text, int64_t now, int64_t *ret_time);

/* Reads a span alone, "7d", as seconds. True and *ret_seconds, or false as above. */
bool when_parse_span(const char *text, int64_t *ret_seconds);

/* A span as when_parse_span() reads it: "90m". */
void when_span(uint64_t seconds, char ret_text[WHEN_TEXT_SIZE]);

/* "2027-01-31T08:00:00Z". */
void when_rfc3339(int64_t time, char ret_text[WHEN_TEXT_SIZE]);

/* "in 3 days", "5 minutes ago", "now"; "never". */
void when_relative(int64_t time, int64_t now, char ret_text[WHEN_TEXT_SIZE]);

/* "2027-01-31 09:00:00 CET (in 70 days)"; "never". */
void when_local(int64_t time, int64_t now, char ret_text[WHEN_TEXT_SIZE]);

#endif
