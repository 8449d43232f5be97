/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The way to the portal for who is on this host, and the browsers that are signed in there. The link is a secret: it is
 * printed alone, to standard output, and what is said about it goes elsewhere.
 */
#include "cli/portal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "cli/daemon.h"
#include "cli/json.h"
#include "cli/list.h"
#include "cli/output.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/when.h"

#define HERE_SIZE 64
#define WHO_SIZE 450 /* an owner, a slash and a key's id; or a user and what the rights are */

SCOPE_DESTRUCTOR(portal_link_scope, struct apikey_link, apikey_link_free);
SCOPE_DESTRUCTOR(portal_signin_scope, struct apikey_signin, apikey_signin_free);
SCOPE_DESTRUCTOR(portal_signin_list_scope, struct apikey_signin_list, apikey_signin_list_free);

/* ---- portal ---- */

/* The address in a URL of this host: 127.0.0.1 or [::1] and a port. False for any other, which is not asked from here.
 */
static bool find_here(const char *url, struct sockaddr_storage *ret_address, socklen_t *ret_size,
		      char ret_name[HERE_SIZE])
{
	struct sockaddr_in *in = (struct sockaddr_in *)ret_address;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret_address;
	const char *authority = strstr(url, "://");
	const char *port;
	char host[HERE_SIZE];
	size_t size = authority ? strcspn(authority + 3, "/") : 0;
	unsigned long number = strncmp(url, "https:", 6) == 0 ? 443 : 80;

	if (size == 0 || size >= sizeof(host))
		return false;
	memcpy(host, authority + 3, size);
	host[size] = '\0';
	memcpy(ret_name, host, size + 1);
	port = strrchr(host, ':');
	if (port && !strchr(port, ']')) {
		number = strtoul(port + 1, NULL, 10);
		host[port - host] = '\0';
	}
	memset(ret_address, 0, sizeof(*ret_address));
	if (strcmp(host, "[::1]") == 0) {
		*in6 = (struct sockaddr_in6){ .sin6_family = AF_INET6,
					      .sin6_port = htons((uint16_t)number),
					      .sin6_addr = IN6ADDR_LOOPBACK_INIT };
		*ret_size = sizeof(*in6);
		return true;
	}
	*in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)number) };
	*ret_size = sizeof(*in);
	return inet_pton(AF_INET, host, &in->sin_addr) == 1 && ntohl(in->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

/* A link is good for minutes alone, so who gets one hears now that nobody is there whom a browser could ask. The daemon
 * does not know: a gateway that systemd starts need not run yet. */
static void warn_if_nobody_listens(const char *url)
{
	const struct timeval patience = { .tv_sec = 1 };
	struct sockaddr_storage address;
	char name[HERE_SIZE];
	socklen_t size;
	int fd, r;

	if (!find_here(url, &address, &size, name))
		return;
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	r = connect(fd, (const struct sockaddr *)&address, size);
	if (r < 0 && errno == ECONNREFUSED)
		output_note("Nothing listens at %s: start the gateway before you open it, for instance by 'systemctl "
			    "enable --now "
			    "apikey-gateway.socket'; or let url in [portal] of apikeyd.conf say where it is.",
			    name);
	close(fd);
}

static enum status print_link(const struct arguments *arguments, const struct apikey_link *link)
{
	SCOPED_JSON json_t *object = NULL;
	SCOPED_FREE char *printable = NULL;
	char until[WHEN_TEXT_SIZE];

	if (arguments_has(arguments, OPTION_JSON)) {
		object = json_object();
		if (!json_put(object, "url", json_text(link->url)) ||
		    !json_put(object, "expires", json_time(link->expires)) || !json_print(object))
			return output_no_memory();
		return STATUS_DONE;
	}
	printable = text_printable(link->url);
	if (!printable)
		return output_no_memory();
	puts(printable);
	explicit_bzero(printable, strlen(printable));
	when_local(link->expires, time(NULL), until);
	output_note("Open it in a browser: whoever does is signed in as you. It is good once, until %s.", until);
	return STATUS_DONE;
}

enum status portal_open(const struct arguments *arguments)
{
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED(portal_link_scope) struct apikey_link *link = NULL;
	enum status status = daemon_open(arguments, &admin);
	int r;

	if (status != STATUS_DONE)
		return status;
	r = apikey_link_create(admin, arguments_has(arguments, OPTION_ADMINISTER), &link);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	status = print_link(arguments, link);
	warn_if_nobody_listens(link->url);
	return status;
}

/* ---- signin ---- */

static json_t *signin_json(const struct apikey_signin *signin)
{
	SCOPED_JSON json_t *object = json_object();

	if (!json_put(object, "signin", json_text(signin->id)) || !json_put(object, "kind", json_text(signin->kind)) ||
	    !json_put(object, "user", json_text(signin->owner)) ||
	    !json_put(object, "key_id", json_text_or_null(signin->key_id)) ||
	    !json_put(object, "source", json_text_or_null(signin->source)) ||
	    !json_put(object, "agent", json_text_or_null(signin->agent)) ||
	    !json_put(object, "since", json_time(signin->created)) ||
	    !json_put(object, "used", json_time(signin->used)) ||
	    !json_put(object, "expires", json_time(signin->expires)))
		return NULL;
	return json_incref(object);
}

static const char *who_of(const struct apikey_signin *signin, char ret_text[WHO_SIZE])
{
	if (*signin->key_id)
		snprintf(ret_text, WHO_SIZE, "%s, key %s", signin->owner, signin->key_id);
	else if (strcmp(signin->kind, "administrator") == 0)
		snprintf(ret_text, WHO_SIZE, "%s, administrator", signin->owner);
	else
		snprintf(ret_text, WHO_SIZE, "%s", signin->owner);
	return ret_text;
}

static bool add_signin(struct table *table, json_t *array, const struct apikey_signin *signin, int64_t now)
{
	char who[WHO_SIZE], since[WHEN_TEXT_SIZE], used[WHEN_TEXT_SIZE];

	if (array)
		return json_array_append_new(array, signin_json(signin)) == 0;
	when_local(signin->created, now, since);
	when_local(signin->used, now, used);
	table_add(table, (const char *[]){ signin->id, who_of(signin, who), *signin->source ? signin->source : "-",
					   *signin->agent ? signin->agent : "-", since, used });
	return true;
}

static enum status list_all(const struct arguments *arguments, struct table *table, json_t *array)
{
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED(portal_signin_list_scope) struct apikey_signin_list *list = NULL;
	enum status status = daemon_open(arguments, &admin);
	int r;

	if (status != STATUS_DONE)
		return status;
	r = apikey_signin_list(admin, &list);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	for (size_t i = 0; i < list->count; i++)
		if (!add_signin(table, array, &list->signins[i], time(NULL)))
			return output_no_memory();
	if (list->total > list->count)
		output_note("These are the %zu that were used last, of %zu.", list->count, list->total);
	return STATUS_DONE;
}

enum status signin_list(const struct arguments *arguments)
{
	static const struct table_column columns[] = { { "SIGNIN", 0, false }, { "WHO", 0, true },
						       { "FROM", 0, true },    { "BROWSER", 110, true },
						       { "SINCE", 80, false }, { "USED", 0, false } };

	return list_print(arguments, columns, COUNT_OF(columns), list_all);
}

enum status signin_end(const struct arguments *arguments)
{
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED(portal_signin_scope) struct apikey_signin *signin = NULL;
	SCOPED_JSON json_t *object = NULL;
	enum status status = daemon_open(arguments, &admin);
	char who[WHO_SIZE];
	int r;

	if (status != STATUS_DONE)
		return status;
	r = apikey_signin_end(admin, arguments->operands[0], arguments_value(arguments, OPTION_WHY), &signin);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	if (arguments_has(arguments, OPTION_JSON)) {
		object = signin_json(signin);
		return object && json_print(object) ? STATUS_DONE : output_no_memory();
	}
	output_note("The browser of %s is signed out.", who_of(signin, who));
	return STATUS_DONE;
}
