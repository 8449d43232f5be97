/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The document that describes the API says what the table of operations says: the same paths and methods, the same
 * members of bodies, and the codes of all errors there are.
 */
#include <stdio.h>
#include <string.h>

#include "gateway/api.h"
#include "gateway/document.h"
#include "gateway/json.h"
#include "tests/suite.h"

static json_t *document;

static void setup(void)
{
	json_error_t error;

	document = json_loads(document_text, JSON_REJECT_DUPLICATES, &error);
	ck_assert_msg(document, "line %d: %s", error.line, error.text);
}

static void teardown(void)
{
	json_decref(document);
}

static json_t *find(json_t *from, const char *first, const char *second)
{
	return json_object_get(json_object_get(from, first), second);
}

/* What the document says of an operation; NULL where it says nothing. */
static json_t *describe(const char *path, const char *method)
{
	char lower[16];
	size_t i;

	for (i = 0; method[i] && i + 1 < sizeof(lower); i++)
		lower[i] = (char)(method[i] | 0x20);
	lower[i] = '\0';
	return json_object_get(find(document, "paths", path), lower);
}

/* The schema of an operation's body; NULL where it takes none. */
static json_t *body_of(json_t *description)
{
	json_t *schema = find(json_object_get(find(description, "requestBody", "content"), "application/json"),
			      "schema", "$ref");
	const char *name = schema ? strrchr(json_string_value(schema), '/') : NULL;

	return name ? json_object_get(find(document, "components", "schemas"), name + 1) : NULL;
}

static bool is_listed(json_t *list, const char *text)
{
	size_t index;
	json_t *item;

	json_array_foreach(list, index, item)
	{
		if (strcmp(json_string_value(item), text) == 0)
			return true;
	}
	return false;
}

START_TEST(each_operation_is_described)
{
	const struct api_operation *operation;
	size_t described = 0;
	const char *path;
	json_t *item;

	for (size_t i = 0; (operation = api_operation_at(i)); i++) {
		json_t *description = describe(operation->path, operation->method);
		json_t *body = body_of(description);

		ck_assert_msg(description, "%s %s is not described", operation->method, operation->path);
		for (int field = 0; field < API_FIELDS; field++) {
			const char *name = api_body_field_name((enum api_field)field);
			bool taken = (operation->fields & API_FIELD(field)) != 0;
			bool needed = (operation->needed & API_FIELD(field)) != 0;

			ck_assert_msg((find(body, "properties", name) != NULL) == taken, "'%s' in the body of %s %s",
				      name, operation->method, operation->path);
			ck_assert_msg(is_listed(json_object_get(body, "required"), name) == needed,
				      "whether '%s' has to be in the body of %s %s", name, operation->method,
				      operation->path);
		}
	}
	/* And nothing else, but for what has a handler of its own. */
	json_object_foreach(json_object_get(document, "paths"), path, item)
	{
		described += json_object_size(item);
	}
	for (size_t i = 0; api_operation_at(i); i++)
		described--;
	ck_assert_uint_eq(described, 11);
}
END_TEST

START_TEST(each_code_is_described)
{
	json_t *codes = json_object_get(json_object_get(find(document, "components", "schemas"), "ErrorCode"), "enum");

	ck_assert_uint_eq(json_array_size(codes), PROBLEM_COUNT);
	for (int i = 0; i < PROBLEM_COUNT; i++)
		ck_assert_msg(is_listed(codes, problem_code((enum problem)i)), "%s", problem_code((enum problem)i));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("api-document");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, each_operation_is_described);
	tcase_add_test(all, each_code_is_described);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
