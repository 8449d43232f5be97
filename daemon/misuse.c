/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/misuse.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/network.h"
#include "common/secret.h"
#include "daemon/key_change.h"

#define ACTOR "apikeyd"

_Static_assert(VERIFY_MISUSE_SIZE <= WIRE_REASON_MAX + 1, "it is the reason of a state");

/* What a service is called comes from its caller, and is shown to the owner of the key. */
static void describe_service(const struct store_key *key, const char *service, char ret_text[VERIFY_MISUSE_SIZE])
{
	snprintf(ret_text, VERIFY_MISUSE_SIZE, "misuse: used at %s, and it is for %s alone",
		 policy_service_binds(service) ? service : "another service", key->exclusive);
}

/* Whether a request comes from a network that is known, and another than this host's own. */
static bool find_address(const struct policy_request *request, struct address *ret_address)
{
	static const struct address loopback_6 = { .family = 6, .bytes = { [15] = 1 } };

	if (!request->source_believed || !request->rhost || !address_parse(request->rhost, ret_address))
		return false;
	return ret_address->family == 4 ? ret_address->bytes[0] != 127
					: memcmp(ret_address->bytes, loopback_6.bytes, sizeof(loopback_6.bytes)) != 0;
}

static void describe_networks(const struct policy_request *request, const struct address *address,
			      char ret_text[VERIFY_MISUSE_SIZE])
{
	char window[POLICIES_TEXT_SIZE], last[INET6_ADDRSTRLEN] = "";

	policies_format(POLICIES_MISUSE_WINDOW, request->policies->misuse_window, window);
	(void)inet_ntop(address->family == 4 ? AF_INET : AF_INET6, address->bytes, last, sizeof(last));
	snprintf(ret_text, VERIFY_MISUSE_SIZE,
		 "misuse: used from %" PRIu64 " networks within %s, the last time from %s", request->networks, window,
		 last);
}

static enum reason judge_networks(struct sources *sources, const struct store_key *key,
				  const struct policy_request *request, struct verify_outcome *outcome)
{
	struct policy_request judged = *request;
	struct address address;
	enum reason reason;

	if (!find_address(request, &address))
		return REASON_NONE;
	judged.networks =
		sources_note(sources, key->id, &address, clock_boot_seconds(), request->policies->misuse_window);
	if (!policy_breaks_networks(&judged))
		return REASON_NONE;
	describe_networks(&judged, &address, outcome->misuse);
	reason = policy_check(POLICY_NETWORKS, key, &judged, NULL);
	outcome->suspends = reason != REASON_NONE;
	return reason;
}

void misuse_forget(struct verify_outcome *outcome)
{
	outcome->bound_to[0] = outcome->misuse[0] = '\0';
	outcome->suspends = false;
}

enum reason misuse_judge(struct sources *sources, const struct store_key *key, const struct policy_request *request,
			 enum reason reason, struct verify_outcome *outcome)
{
	misuse_forget(outcome);
	if (policy_is_misuse(key, request, reason)) {
		snprintf(outcome->bound_to, sizeof(outcome->bound_to), "%s", key->exclusive);
		describe_service(key, request->service, outcome->misuse);
		outcome->suspends = request->uses && request->policies->misuse == POLICIES_SUSPEND;
	}
	if (reason != REASON_NONE || !request->uses || !sources || request->policies->misuse_sources == 0)
		return reason;
	return judge_networks(sources, key, request, outcome);
}

void misuse_count_networks(struct sources *sources, const struct store_key *key, struct policy_request *request)
{
	struct address address;

	if (request->policies->misuse_sources > 0 && find_address(request, &address))
		request->networks = sources_look(sources, key->id, &address, clock_boot_seconds(),
						 request->policies->misuse_window);
}

int misuse_suspend(struct store *store, const struct verify_caller *caller, const struct message_verify *request,
		   int64_t now, const struct store_key *key, struct verify_outcome *outcome)
{
	struct audit_record record = { .event = "key_suspend",
				       .actor = ACTOR,
				       .user = request->user,
				       .service = request->service,
				       .tty = request->tty,
				       .rhost = request->rhost,
				       .bound_to = outcome->bound_to,
				       .misuse = outcome->misuse,
				       .has_peer = true,
				       .peer_uid = caller->uid,
				       .peer_pid = caller->pid };
	/* Its texts stay those of the key that was read. */
	struct store_key after = *key;
	int r;

	after.state = STORE_SUSPENDED;
	after.state_reason = outcome->misuse;
	after.state_since = now;
	r = key_change_save(store, key, &after, record, NULL);
	secret_wipe(after.secrets, sizeof(after.secrets));
	if (r == 0)
		outcome->suspended = true;
	return r;
}
