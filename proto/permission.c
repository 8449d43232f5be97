/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "proto/permission.h"

#include <assert.h>
#include <string.h>

#include "proto/wire.h"

/* A piece of a text, without NUL. */
struct piece {
	const char *start;
	size_t size;
};

static bool is_word_character(char character)
{
	return (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9');
}

/* The length of the permission name at text, as far as it goes; 0 when none begins there. */
static size_t name_length(const char *text, size_t size)
{
	size_t at = 0;

	for (;;) {
		size_t start = at;

		if (at == size || !is_word_character(text[at]))
			return start > 0 ? start - 1 : 0;
		while (at < size && (is_word_character(text[at]) || text[at] == '_' || text[at] == '-'))
			at++;
		if (at - start > PERMISSION_SEGMENT_MAX)
			return 0;
		if (at == size || text[at] != '.')
			return at;
		at++;
	}
}

static bool is_name(struct piece piece)
{
	return piece.size > 0 && piece.size <= WIRE_PERMISSION_MAX &&
	       name_length(piece.start, piece.size) == piece.size;
}

bool permission_is_name(const char *text)
{
	return is_name((struct piece){ text, strlen(text) });
}

/* True for "*" and "….*"; *ret_stem is what stands before the star, its dot included. */
static bool is_wildcard(struct piece grant, struct piece *ret_stem)
{
	if (grant.size == 0 || grant.start[grant.size - 1] != '*')
		return false;
	/* Whole segments only: "ma*" is no wildcard, and reaches nothing. */
	if (grant.size > 1 && grant.start[grant.size - 2] != '.')
		return false;
	*ret_stem = (struct piece){ grant.start, grant.size - 1 };
	return true;
}

static bool is_grant(struct piece grant)
{
	struct piece stem;

	if (grant.size > WIRE_PERMISSION_MAX)
		return false;
	if (!is_wildcard(grant, &stem))
		return is_name(grant);
	return stem.size == 0 || is_name((struct piece){ stem.start, stem.size - 1 });
}

bool permission_is_grant(const char *text)
{
	return is_grant((struct piece){ text, strlen(text) });
}

static bool starts_with(struct piece text, struct piece start)
{
	return text.size >= start.size && memcmp(text.start, start.start, start.size) == 0;
}

/* True when the held grant reaches as far as wanted, a name or a grant. */
static bool grant_covers(struct piece held, struct piece wanted)
{
	struct piece stem;

	if (is_wildcard(held, &stem))
		return wanted.size > stem.size && starts_with(wanted, stem);
	return held.size == wanted.size && starts_with(wanted, held);
}

static bool grants_cover(const char *grants, struct piece wanted)
{
	while (*grants != '\0') {
		struct piece held = { grants, strcspn(grants, " ") };

		if (held.size > 0 && grant_covers(held, wanted))
			return true;
		grants += held.size;
		grants += strspn(grants, " ");
	}
	return false;
}

bool permission_grants_cover(const char *grants, const char *grant)
{
	return permission_is_grant(grant) && grants_cover(grants, (struct piece){ grant, strlen(grant) });
}

bool permission_grants_cover_all(const char *grants, const char *wanted)
{
	while (*wanted != '\0') {
		struct piece grant = { wanted, strcspn(wanted, " ") };

		if (!is_grant(grant) || !grants_cover(grants, grant))
			return false;
		wanted += grant.size;
		wanted += strspn(wanted, " ");
	}
	return true;
}

static const char test_stem[] = "test.";

/* ---- queries: recursive descent, evaluated as it is read; the depth bounds the recursion ---- */

struct query {
	const char *at;
	const char *grants;
	bool test; /* names that do not lie below test_stem hold for nobody */
	unsigned int depth;
	const char *error; /* static; NULL as long as all is well */
};

static bool fail(struct query *query, const char *error)
{
	if (!query->error)
		query->error = error;
	return false;
}

static void skip_spaces(struct query *query)
{
	query->at += strspn(query->at, " ");
}

/* Takes the keyword when it stands here as a whole word. */
static bool take_keyword(struct query *query, const char *keyword)
{
	size_t size = strlen(keyword);

	skip_spaces(query);
	/* The end of the text counts as an end of the word: strchr() finds the NUL. */
	if (strncmp(query->at, keyword, size) != 0 || !strchr(" ()", query->at[size]))
		return false;
	query->at += size;
	return true;
}

static bool parse_any(struct query *query);

static bool parse_group(struct query *query)
{
	bool holds;

	if (query->depth == PERMISSION_DEPTH_MAX)
		return fail(query, "parentheses nest deeper than 8");
	query->depth++;
	query->at++;
	holds = parse_any(query);
	skip_spaces(query);
	if (query->error)
		return false;
	if (*query->at != ')')
		return fail(query, "a closing parenthesis is missing");
	query->at++;
	query->depth--;
	return holds;
}

static bool parse_term(struct query *query)
{
	struct piece name;

	skip_spaces(query);
	if (*query->at == '(')
		return parse_group(query);
	name = (struct piece){ query->at, strcspn(query->at, " ()") };
	if (name.size == 0)
		return fail(query, "a permission is missing");
	if (memchr(name.start, '*', name.size))
		return fail(query, "a wildcard stands in grants only");
	if (!is_name(name))
		return fail(query, "not a permission name (segments of a-z 0-9 _ - joined by dots)");
	query->at += name.size;
	if (query->test && !starts_with(name, (struct piece){ test_stem, strlen(test_stem) }))
		return false;
	return grants_cover(query->grants, name);
}

static bool parse_all(struct query *query)
{
	bool holds = parse_term(query);

	while (!query->error && take_keyword(query, "AND"))
		holds &= parse_term(query);
	return holds;
}

static bool parse_any(struct query *query)
{
	bool holds = parse_all(query);

	while (!query->error && take_keyword(query, "OR"))
		holds |= parse_all(query);
	return holds;
}

static bool evaluate(struct query *query)
{
	const char *start = query->at;
	bool holds;

	static_assert(WIRE_PERMISSION_MAX == 1000 && PERMISSION_DEPTH_MAX == 8, "the sentences below say so");
	if (strlen(start) > WIRE_PERMISSION_MAX)
		return fail(query, "longer than 1000 bytes");
	holds = parse_any(query);
	skip_spaces(query);
	if (!query->error && *query->at != '\0')
		return fail(query, "AND, OR or the end is expected");
	return holds && !query->error;
}

const char *permission_query_error(const char *text, size_t *ret_offset)
{
	struct query query = { .at = text, .grants = "" };

	evaluate(&query);
	*ret_offset = (size_t)(query.at - text);
	return query.error;
}

bool permission_query_holds(const char *query, const char *grants)
{
	struct query state = { .at = query, .grants = grants };

	return evaluate(&state);
}

bool permission_query_holds_for_test(const char *query, const char *grants)
{
	struct query state = { .at = query, .grants = grants, .test = true };

	return evaluate(&state);
}

bool permission_default_query(const char *service, char *ret_query, size_t size)
{
	static const char start[] = "pam.";
	struct piece segment = { service, strlen(service) };

	if (memchr(service, '.', segment.size) || !is_name(segment) || size < sizeof(start) + segment.size)
		return false;
	memcpy(ret_query, start, sizeof(start) - 1);
	memcpy(ret_query + sizeof(start) - 1, service, segment.size + 1);
	return true;
}
