/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/key_rows.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/key_view.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/when.h"

#define FLUSH_ROWS 2000 /* of a table, which are printed together */
#define SPARE_ROWS 1000 /* kept beyond twice the limit before the last are dropped */
#define PERMISSIONS_SIZE 512

#define COLUMN_TENANT 7
#define COLUMN_SERVICE 8
#define COLUMN_USES 9

static const struct table_column columns[] = {
	{ "NAME", 0, true },      { "OWNER", 0, true },
	{ "STATE", 0, false },    { "PERMISSIONS", 70, true },
	{ "EXPIRES", 50, false }, { "LAST USE", 80, false },
	{ "KIND", 100, false },   [COLUMN_TENANT] = { "TENANT", 90, true },
	{ "USED AT", 95, true },  [COLUMN_USES] = { "USES LEFT", 96, false },
	{ "ID", 130, false },
};

static const char *const order_names[KEY_ORDER_COUNT] = {
	[KEY_ORDER_OWNER] = "owner",     [KEY_ORDER_NAME] = "name",           [KEY_ORDER_CREATED] = "created",
	[KEY_ORDER_EXPIRES] = "expires", [KEY_ORDER_LAST_USED] = "last-used",
};

/* text: name, owner and what is printed, each with its NUL: the cells of a line, or the JSON. */
struct row {
	int64_t number; /* that it is sorted by; 0 where texts are */
	char *text;
	const struct key_rows_options *options;
};

struct key_rows {
	struct key_rows_options options;
	struct table *table; /* NULL: JSON */
	size_t printed;
	struct row *rows;
	size_t count, room;
	bool dropped; /* rows that are beyond the limit whatever comes */
};

bool key_order_parse(const char *text, enum key_order *ret_order)
{
	for (size_t i = 0; i < KEY_ORDER_COUNT; i++)
		if (strcmp(order_names[i], text) == 0) {
			*ret_order = (enum key_order)i;
			return true;
		}
	return false;
}

bool key_rows_collect(const struct key_rows_options *options)
{
	return options->order != KEY_ORDER_OWNER || options->reverse;
}

struct key_rows *key_rows_new(const struct key_rows_options *options)
{
	struct key_rows *rows = calloc(1, sizeof(*rows));

	if (!rows)
		return NULL;
	rows->options = *options;
	if (!options->json) {
		rows->table = table_new(columns, COUNT_OF(columns), true);
		if (!rows->table) {
			free(rows);
			return NULL;
		}
		table_set_optional(rows->table, COLUMN_TENANT);
		table_set_optional(rows->table, COLUMN_SERVICE);
		table_set_optional(rows->table, COLUMN_USES);
	}
	return rows;
}

void key_rows_free(struct key_rows *rows)
{
	if (!rows)
		return;
	for (size_t i = 0; i < rows->count; i++)
		free(rows->rows[i].text);
	free(rows->rows);
	table_free(rows->table);
	free(rows);
}

/* ---- a row ---- */

/* All of them, separated by spaces; as many as fit whole, and how many more there are. */
static void join_permissions(const char *const *permissions, char ret_text[PERMISSIONS_SIZE])
{
	size_t used = 0;

	ret_text[0] = '\0';
	for (size_t i = 0; permissions[i]; i++) {
		size_t size = strlen(permissions[i]), left = 0;

		if (used + 1 + size + sizeof(" and 64 more") > PERMISSIONS_SIZE) {
			for (; permissions[i + left]; left++)
				;
			snprintf(ret_text + used, PERMISSIONS_SIZE - used, "%sand %zu more", used > 0 ? " " : "", left);
			return;
		}
		used += (size_t)snprintf(ret_text + used, PERMISSIONS_SIZE - used, "%s%s", used > 0 ? " " : "",
					 permissions[i]);
	}
	if (used == 0)
		snprintf(ret_text, PERMISSIONS_SIZE, "none");
}

/* Texts one behind the other, each with its NUL; NULL when memory is short. */
static char *pack(const char *const *texts, size_t count)
{
	size_t size = 1; /* of no texts, too */
	char *packed, *end;

	for (size_t i = 0; i < count; i++)
		size += strlen(texts[i]) + 1;
	end = packed = malloc(size);
	for (size_t i = 0; packed && i < count; i++)
		end = stpcpy(end, texts[i]) + 1;
	return packed;
}

static char *pack_json(const struct apikey_key *key)
{
	SCOPED_JSON json_t *object = key_view_json(key);
	SCOPED_JSON_TEXT char *text = object ? json_write_text(object, true) : NULL;

	return text ? pack((const char *[]){ key->name, key->owner, text }, 3) : NULL;
}

/* Where nobody has made tenants, nobody is to read of them. */
static const char *tenant_cell(const struct apikey_key *key)
{
	if (strcmp(key->tenant, "default") == 0)
		return "";
	return *key->tenant ? key->tenant : "none: a key of the account";
}

static const char *service_cell(const struct apikey_key *key)
{
	return strcmp(key->exclusive, APIKEY_UNBOUND) == 0 ? "the first" : key->exclusive;
}

static char *pack_cells(const struct apikey_key *key, int64_t now)
{
	const struct apikey_use *use = key_view_last_use(key);
	char expires[WHEN_TEXT_SIZE], used[WHEN_TEXT_SIZE] = "never", permissions[PERMISSIONS_SIZE], left[32] = "";

	if (key->max_uses > 0)
		snprintf(left, sizeof(left), "%" PRIu64, key_view_uses_left(key));
	when_relative(key->expires, now, expires);
	if (use->time != 0)
		when_relative(use->time, now, used);
	join_permissions(key->effective_permissions, permissions);
	return pack((const char *[]){ key->name, key->owner, key->state, permissions, expires, used, key->kind,
				      tenant_cell(key), service_cell(key), left, key->id },
		    COUNT_OF(columns));
}

static int64_t number_of(const struct apikey_key *key, enum key_order order)
{
	switch (order) {
	case KEY_ORDER_CREATED:
		return key->created;
	case KEY_ORDER_EXPIRES:
		return key->expires;
	case KEY_ORDER_LAST_USED:
		return key_view_last_use(key)->time;
	default:
		return 0;
	}
}

static int print_row(struct key_rows *rows, const struct row *row)
{
	const char *cells[COUNT_OF(columns)], *text = row->text;

	if (rows->printed++ == 0 && !rows->table)
		fputs(rows->options.object ? "{\"keys\":[" : "[", stdout);
	if (!rows->table) {
		for (size_t i = 0; i < 2; i++)
			text += strlen(text) + 1;
		printf("%s\n%s", rows->printed > 1 ? "," : "", text);
		return 0;
	}
	for (size_t i = 0; i < COUNT_OF(columns); i++) {
		cells[i] = text;
		text += strlen(text) + 1;
	}
	table_add(rows->table, cells);
	return rows->printed % FLUSH_ROWS == 0 ? table_flush(rows->table) : 0;
}

/* ---- sorting ---- */

static int compare_rows(const void *a, const void *b)
{
	const struct row *left = a, *right = b;
	const char *left_owner = left->text + strlen(left->text) + 1;
	const char *right_owner = right->text + strlen(right->text) + 1;
	int order = (left->number > right->number) - (left->number < right->number);

	if (order == 0 && left->options->order == KEY_ORDER_NAME)
		order = strcmp(left->text, right->text);
	if (order == 0)
		order = strcmp(left_owner, right_owner);
	if (order == 0)
		order = strcmp(left->text, right->text);
	return left->options->reverse ? -order : order;
}

/* Sorts, and drops what is beyond the limit. */
static void sort(struct key_rows *rows)
{
	size_t limit = rows->options.limit;

	if (rows->count > 1)
		qsort(rows->rows, rows->count, sizeof(*rows->rows), compare_rows);
	for (; rows->count > limit; rows->count--) {
		free(rows->rows[rows->count - 1].text);
		rows->dropped = true;
	}
}

static int keep_row(struct key_rows *rows, struct row row)
{
	size_t limit = rows->options.limit;

	if (rows->count == rows->room) {
		size_t room = rows->room ? 2 * rows->room : 1024;
		struct row *grown = reallocarray(rows->rows, room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		rows->rows = grown;
		rows->room = room;
	}
	rows->rows[rows->count++] = row;
	if (limit < SIZE_MAX / 2 && rows->count >= 2 * limit + SPARE_ROWS)
		sort(rows);
	return 0;
}

int key_rows_add(struct key_rows *rows, const struct apikey_key *key)
{
	const struct key_rows_options *options = &rows->options;
	struct row row = { .number = number_of(key, options->order), .options = options };
	int r;

	row.text = options->json ? pack_json(key) : pack_cells(key, options->now);
	if (!row.text)
		return -ENOMEM;
	if (key_rows_collect(options)) {
		r = keep_row(rows, row);
		if (r < 0)
			free(row.text);
		return r;
	}
	r = print_row(rows, &row);
	free(row.text);
	return r;
}

size_t key_rows_count(const struct key_rows *rows, bool *ret_more)
{
	size_t count = rows->printed + rows->count;

	*ret_more = rows->dropped || count > rows->options.limit;
	return count > rows->options.limit ? rows->options.limit : count;
}

/* ---- the end ---- */

static int print_end(const struct key_rows *rows, const char *cursor, bool more)
{
	SCOPED_JSON json_t *object = NULL;
	SCOPED_JSON_TEXT char *text = NULL;

	if (!rows->options.object) {
		puts(rows->printed == 0 ? "[]" : "\n]");
		return 0;
	}
	object = json_object();
	if (!json_put(object, "next_cursor", json_text_or_null(cursor)) ||
	    !json_put(object, "more", json_boolean(more)))
		return -ENOMEM;
	text = json_write_text(object, true);
	if (!text)
		return -ENOMEM;
	/* without its brace, which stands before the keys */
	printf("%s],%s", rows->printed == 0 ? "{\"keys\":[" : "\n", text + 1);
	return 0;
}

int key_rows_end(struct key_rows *rows, const char *cursor, bool more)
{
	sort(rows);
	for (size_t i = 0; i < rows->count; i++) {
		int r = print_row(rows, &rows->rows[i]);

		if (r < 0)
			return r;
	}
	if (!rows->table)
		return print_end(rows, cursor, more);
	return table_is_empty(rows->table) ? 0 : table_print(rows->table);
}
