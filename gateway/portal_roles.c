/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Roles: what there is, making, changing and deleting them. A change counts for all keys that hold one at once. */
#include <inttypes.h>
#include <string.h>

#include "common/cleanup.h"
#include "gateway/portal.h"
#include "gateway/portal_page.h"
#include "gateway/portal_routes.h"
#include "gateway/portal_words.h"

#define PAGES 50 /* calls */

static bool may_write(const struct portal_request *request)
{
	return portal_may(request, "apikeyd.roles.write");
}

static void write_row(struct portal_request *request, const struct apikey_role *role)
{
	struct html *html = &request->html;

	html_print(html, "<tr><th scope=\"row\" data-column=\"Name\">");
	if (role->built_in || !may_write(request))
		html_print(html, "%s", role->name);
	else
		html_print(html, "<a href=\"/portal/roles/%s\">%s</a>", role->name, role->name);
	html_print(html, "</th><td data-column=\"Permissions\">");
	page_words(html, role->permissions, "none");
	html_print(html, "</td><td data-column=\"For\">%s</td><td data-column=\"Made\">",
		   role->account ? "keys of an account" : "any key");
	if (role->built_in)
		html_print(html, "built in");
	else
		page_when(html, role->created, request->now);
	html_print(html, "</td></tr>");
}

static void write_fields(struct portal_request *request, const char *const *permissions)
{
	struct html *html = &request->html;

	html_print(html,
		   "<label for=\"permissions\">Permissions</label><textarea id=\"permissions\" name=\"permissions\" "
		   "rows=\"6\" class=\"code\" maxlength=\"2048\" aria-describedby=\"permissions-hint\">");
	for (size_t i = 0; permissions && permissions[i]; i++)
		html_print(html, "%s\n", permissions[i]);
	html_print(html, "</textarea><p class=\"hint\" id=\"permissions-hint\">Such as <code>payments.read</code>, or "
			 "<code>payments.*</code> for all that begins so; one a line.</p>");
}

void portal_roles_page(struct portal_request *request)
{
	static const char *const columns[] = { "Name", "Permissions", "For", "Made", NULL };
	struct html *html = &request->html;
	char cursor[PORTAL_CURSOR_SIZE] = "";

	page_begin(request, "Roles");
	page_table(html, "Roles, by name", columns);
	for (int page = 0; page < PAGES; page++) {
		struct apikey_role_list *list = NULL;

		if (!portal_succeeded(request,
				      apikey_role_list(request->admin, cursor[0] != '\0' ? cursor : NULL, &list)))
			return;
		for (size_t i = 0; i < list->count; i++)
			write_row(request, list->roles[i]);
		portal_keep_cursor(list->cursor, cursor);
		apikey_role_list_free(list);
		if (cursor[0] == '\0')
			break;
	}
	page_table_end(html);
	if (may_write(request)) {
		html_print(html, "<section aria-labelledby=\"new\"><h2 id=\"new\">New role</h2>");
		page_form(request, "stack", "/portal/roles");
		html_print(html,
			   "<label for=\"name\">Name</label><input id=\"name\" name=\"name\" class=\"code\" required "
			   "maxlength=\"64\" autocomplete=\"off\">");
		write_fields(request, NULL);
		html_print(html, "<button>Make the role</button></form></section>");
	}
	page_end(request);
}

/* Makes or changes a role with the permissions of the form. */
static void save(struct portal_request *request,
		 int (*call)(struct apikey_admin *admin, const char *name, const char *const *permissions,
			     struct apikey_role **ret_role),
		 const char *name, const char *done)
{
	CLEANUP(words_done) struct words words = { .count = 0 };
	struct apikey_role *role = NULL;

	words_add_text(&words, portal_value(request, "permissions"));
	if (words.too_many)
		portal_tell(request, 400, "That cannot be done", "There are too many permissions.");
	else if (portal_succeeded(request, call(request->admin, name, words.list, &role)))
		portal_go(request, "/portal/roles?done=%s", done);
	apikey_role_free(role);
}

void portal_role_new(struct portal_request *request)
{
	save(request, apikey_role_create, portal_value(request, "name"), "role");
}

void portal_role_page(struct portal_request *request)
{
	struct html *html = &request->html;
	struct apikey_role *role = NULL;

	if (!portal_succeeded(request, apikey_role_show(request->admin, request->parameters[0], &role)))
		return;
	page_begin(request, role->name);
	if (role->keys >= 0)
		html_print(html, "<p>Keys that hold this role: %" PRId64 ".</p>", role->keys);
	if (role->built_in) {
		html_print(html, "<p>It is built in, and cannot be changed: ");
		page_words(html, role->permissions, "no permissions");
		html_print(html, "</p>");
	} else {
		page_form(request, "stack", "/portal/roles/%s", role->name);
		write_fields(request, role->permissions);
		html_print(html,
			   "<p class=\"hint\">Keys that hold it may do this at once.</p><button>Save</button></form>");
		html_print(html,
			   "<p><a class=\"button danger\" href=\"/portal/roles/%s/delete\">Delete the role …</a></p>",
			   role->name);
	}
	page_end(request);
	apikey_role_free(role);
}

void portal_role_change(struct portal_request *request)
{
	save(request, apikey_role_update, request->parameters[0], "changed");
}

void portal_role_delete_page(struct portal_request *request)
{
	struct html *html = &request->html;
	struct apikey_role *role = NULL;

	if (!portal_succeeded(request, apikey_role_show(request->admin, request->parameters[0], &role)))
		return;
	page_begin(request, "Delete the role?");
	html_print(html, "<p>The role <strong>%s</strong> will be gone: ", role->name);
	page_words(html, role->permissions, "no permissions");
	html_print(html, ".</p>");
	if (role->keys > 0) {
		html_print(html,
			   "<p class=\"warn\">%" PRId64 " %s it. Take it from %s first; until then it stays.</p>"
			   "<p><a href=\"/portal/roles/%s\">Back to the role</a></p>",
			   role->keys, role->keys == 1 ? "key holds" : "keys hold", role->keys == 1 ? "it" : "them",
			   role->name);
	} else {
		page_form(request, "stack", "/portal/roles/%s/delete", role->name);
		page_question_end(request, "Delete it", "Keep it", "/portal/roles/%s", role->name);
	}
	page_end(request);
	apikey_role_free(role);
}

void portal_role_delete(struct portal_request *request)
{
	struct apikey_role *role = NULL;

	if (portal_succeeded(request, apikey_role_delete(request->admin, request->parameters[0], &role)))
		portal_go(request, "/portal/roles?done=removed");
	apikey_role_free(role);
}
