/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What pages of the portal are made of: their frame, tables, forms, times. */
#ifndef APIKEYD_GATEWAY_PORTAL_PAGE_H
#define APIKEYD_GATEWAY_PORTAL_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct exchange;
struct html;
struct portal_request;

/* The head, the navigation and the heading of a page, with a word on what was just done; and its end. */
void page_begin(struct portal_request *request, const char *title);
void page_end(struct portal_request *request);

/* A form that is sent to a path of the portal, with the sign-in's token; end it with "</form>". */
void page_form(struct portal_request *request, const char *class, const char *template, ...)
	__attribute__((format(printf, 3, 4)));

/* The end of a form that asks before something is done that cannot be taken back: the button that does it, and a link
 * to a path of the portal for who would rather not. */
void page_question_end(struct portal_request *request, const char *button, const char *stay, const char *template, ...)
	__attribute__((format(printf, 4, 5)));

/* A table with its caption and columns; columns end in NULL. It can be scrolled where the window is too narrow, and its
 * rows are blocks on a phone, where each cell has its column's name. */
void page_table(struct html *html, const char *caption, const char *const *columns);
void page_table_end(struct html *html);
/* The beginning of a cell; end it with "</td>". */
void page_cell(struct html *html, const char *column);

/* "in 3 days", "5 minutes ago"; with the date as the title. APIKEY_NEVER is "never". */
void page_when(struct html *html, int64_t time, int64_t now);
/* "2027-01-31 08:00 UTC (in 70 days)". */
void page_date(struct html *html, int64_t time, int64_t now);

/* What the daemon says, points in time in it as page_date() has them; short: as page_when(). */
void page_text(struct html *html, const char *text, int64_t now, bool is_short);

/* A state with its mark. */
void page_state(struct html *html, const char *state);

/* Words, each as code, with commas between; NULL at the end. nothing: what is written where there are none. */
void page_words(struct html *html, const char *const *words, const char *nothing);

/* A secret that is shown this once, with what copies it. id: of the element. */
void page_secret(struct html *html, const char *id, const char *label, const char *secret);

/* The link to the next page of a list, where there is one. path: with its query, up to "cursor=". */
void page_next(struct html *html, const char *path, const char *cursor);

/* Answers for the style sheet and its like. False: the path is none of them. */
bool portal_files_answer(struct exchange *exchange);

#endif
