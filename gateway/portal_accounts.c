/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Accounts and their tenants: what there is, making and deleting them. What would take keys along asks first. */
#include <inttypes.h>
#include <string.h>

#include "gateway/portal.h"
#include "gateway/portal_page.h"
#include "gateway/portal_routes.h"

#define PAGES 50 /* calls */
#define MINUTE 60
#define DEFAULT "default" /* the id of the account and of the tenant that are there from the start, and stay */

static bool may_write(const struct portal_request *request)
{
	return portal_may(request, "apikeyd.tenants.write");
}

/* ---- accounts ---- */

static void write_account(struct portal_request *request, const struct apikey_account_info *account)
{
	struct html *html = &request->html;

	html_print(html,
		   "<tr><th scope=\"row\" data-column=\"Name\">%s</th><td data-column=\"Id\"><code>%s</code></td>",
		   account->name, account->id);
	page_cell(html, "Made");
	if (account->created > 0)
		page_when(html, account->created, request->now);
	else
		html_print(html, "from the start");
	if (portal_administers(request) && strcmp(account->id, DEFAULT) != 0)
		html_print(html,
			   "</td><td data-column=\"Action\"><a href=\"/portal/accounts/%s/delete\">Delete<span "
			   "class=\"unseen\"> the account %s</span> …</a></td></tr>",
			   account->id, account->name);
	else
		html_print(html, "</td><td data-column=\"Action\" class=\"none\"></td></tr>");
}

static bool write_accounts(struct portal_request *request)
{
	static const char *const columns[] = { "Name", "Id", "Made", "Action", NULL };
	struct html *html = &request->html;
	char cursor[PORTAL_CURSOR_SIZE] = "";

	page_table(html, "Accounts, by name", columns);
	for (int page = 0; page < PAGES; page++) {
		struct apikey_account_list *list = NULL;

		if (!portal_succeeded(request,
				      apikey_account_list(request->admin, cursor[0] != '\0' ? cursor : NULL, 0, &list)))
			return false;
		for (size_t i = 0; i < list->count; i++)
			write_account(request, &list->accounts[i]);
		portal_keep_cursor(list->cursor, cursor);
		apikey_account_list_free(list);
		if (cursor[0] == '\0')
			break;
	}
	page_table_end(html);
	if (portal_administers(request)) {
		page_form(request, "row", "/portal/accounts");
		html_print(html,
			   "<label for=\"account-name\">New account</label><input id=\"account-name\" name=\"name\" "
			   "required maxlength=\"128\" autocomplete=\"off\"><button>Make it</button></form>");
	}
	return true;
}

/* ---- tenants ---- */

static void write_tenant(struct portal_request *request, const struct apikey_tenant_info *tenant)
{
	struct html *html = &request->html;

	html_print(html,
		   "<tr><th scope=\"row\" data-column=\"Name\">%s</th><td data-column=\"Account\">%s</td>"
		   "<td data-column=\"Id\"><code>%s</code></td><td data-column=\"Access tokens\">%u minutes, %s</td>",
		   tenant->name, tenant->account_name, tenant->id, (tenant->token_lifetime + MINUTE - 1) / MINUTE,
		   tenant->token_reuse ? "again and again" : "good once");
	html_print(html,
		   "<td data-column=\"Action\"><a href=\"/portal?tenant=%s\">Keys<span class=\"unseen\"> of the tenant "
		   "%s</span></a>",
		   tenant->id, tenant->name);
	if (may_write(request) && strcmp(tenant->id, DEFAULT) != 0)
		html_print(html,
			   " <a href=\"/portal/tenants/%s/delete\">Delete<span class=\"unseen\"> the tenant %s</span> "
			   "…</a>",
			   tenant->id, tenant->name);
	html_print(html, "</td></tr>");
}

static bool write_tenants(struct portal_request *request)
{
	static const char *const columns[] = { "Name", "Account", "Id", "Access tokens", "Action", NULL };
	struct html *html = &request->html;
	char cursor[PORTAL_CURSOR_SIZE] = "";

	html_print(html, "<section aria-labelledby=\"tenants\"><h2 id=\"tenants\">Tenants</h2>");
	page_table(html, "Tenants, by account and name", columns);
	for (int page = 0; page < PAGES; page++) {
		struct apikey_tenant_list *list = NULL;

		if (!portal_succeeded(request, apikey_tenant_list(request->admin, NULL,
								  cursor[0] != '\0' ? cursor : NULL, 0, &list)))
			return false;
		for (size_t i = 0; i < list->count; i++)
			write_tenant(request, &list->tenants[i]);
		portal_keep_cursor(list->cursor, cursor);
		apikey_tenant_list_free(list);
		if (cursor[0] == '\0')
			break;
	}
	page_table_end(html);
	if (may_write(request)) {
		page_form(request, "row", "/portal/tenants");
		html_print(
			html,
			"<label for=\"tenant-name\">New tenant</label><input id=\"tenant-name\" name=\"name\" required "
			"maxlength=\"128\" autocomplete=\"off\"><label for=\"tenant-account\">of the account</label>"
			"<input id=\"tenant-account\" name=\"account\" maxlength=\"128\" value=\"%s\">"
			"<button>Make it</button></form>",
			*request->who->account_name != '\0' ? request->who->account_name : "default");
	}
	html_print(html, "</section>");
	return true;
}

void portal_accounts_page(struct portal_request *request)
{
	page_begin(request, "Accounts");
	if (write_accounts(request) && write_tenants(request))
		page_end(request);
}

void portal_account_new(struct portal_request *request)
{
	struct apikey_account_info *account = NULL;

	if (portal_succeeded(request, apikey_account_create(request->admin, portal_value(request, "name"), &account)))
		portal_go(request, "/portal/accounts?done=account");
	apikey_account_info_free(account);
}

void portal_tenant_new(struct portal_request *request)
{
	const char *account = portal_value(request, "account");
	struct apikey_tenant_info *tenant = NULL;

	if (portal_succeeded(request, apikey_tenant_create(request->admin, *account != '\0' ? account : NULL,
							   portal_value(request, "name"), NULL, &tenant)))
		portal_go(request, "/portal/accounts?done=tenant");
	apikey_tenant_info_free(tenant);
}

/* ---- deleting ---- */

/* Asks; keys: how many would go along, counted so far. */
static void ask(struct portal_request *request, const char *what, uint64_t keys)
{
	struct html *html = &request->html;

	if (keys > 0)
		html_print(html,
			   "<p class=\"warn\">%s%" PRIu64
			   " %s would go with it: nobody is let in with %s any more.</p>",
			   keys >= APIKEY_COUNTED_MOST ? "More than " : "", keys, keys == 1 ? "key" : "keys",
			   keys == 1 ? "it" : "them");
	page_form(request, "stack", "/portal/%ss/%s/delete", what, request->parameters[0]);
	if (keys > 0)
		html_print(html, "<div class=\"box\"><input type=\"checkbox\" id=\"keys\" name=\"keys\" required>"
				 "<label for=\"keys\">Delete the keys, too</label></div>");
	page_question_end(request, "Delete it", "Keep it", "/portal/accounts");
	page_end(request);
}

void portal_account_delete_page(struct portal_request *request)
{
	struct apikey_account_info *account = NULL;

	if (!portal_succeeded(request, apikey_account_show(request->admin, request->parameters[0], &account)))
		return;
	page_begin(request, "Delete the account?");
	html_print(&request->html, "<p>The account <strong>%s</strong>", account->name);
	if (account->tenants > 0)
		html_print(&request->html, ", and with it %" PRIu64 " %s,", account->tenants,
			   account->tenants == 1 ? "tenant" : "tenants");
	html_print(&request->html, " will be gone.</p>");
	ask(request, "account", account->keys);
	apikey_account_info_free(account);
}

void portal_tenant_delete_page(struct portal_request *request)
{
	struct apikey_tenant_info *tenant = NULL;

	if (!portal_succeeded(request, apikey_tenant_show(request->admin, NULL, request->parameters[0], &tenant)))
		return;
	page_begin(request, "Delete the tenant?");
	html_print(&request->html, "<p>The tenant <strong>%s</strong> is of the account %s.</p>", tenant->name,
		   tenant->account_name);
	ask(request, "tenant", tenant->keys);
	apikey_tenant_info_free(tenant);
}

static struct apikey_scope_delete_options wanted(const struct portal_request *request)
{
	return (struct apikey_scope_delete_options){
		.size = sizeof(struct apikey_scope_delete_options),
		.why = "in the portal",
		.with_keys = *portal_value(request, "keys") != '\0',
	};
}

void portal_account_delete(struct portal_request *request)
{
	const struct apikey_scope_delete_options options = wanted(request);
	struct apikey_account_info *account = NULL;

	if (portal_succeeded(request,
			     apikey_account_delete(request->admin, request->parameters[0], &options, &account)))
		portal_go(request, "/portal/accounts?done=removed");
	apikey_account_info_free(account);
}

void portal_tenant_delete(struct portal_request *request)
{
	const struct apikey_scope_delete_options options = wanted(request);
	struct apikey_tenant_info *tenant = NULL;

	if (portal_succeeded(request,
			     apikey_tenant_delete(request->admin, NULL, request->parameters[0], &options, &tenant)))
		portal_go(request, "/portal/accounts?done=removed");
	apikey_tenant_info_free(tenant);
}
