/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/example.h"

#include <string.h>

const struct example examples[] = {
	{ "A key that logs alice in over SSH for 90 days",
	  "key create --name laptop --owner alice --permission pam.sshd --expires 90d" },
	{ "A mail password of one's own, for the phone, as an ordinary user",
	  "key create --name phone --permission pam.dovecot --expires 1y" },
	{ "For a job, from its network alone; umask 077 before, for the file",
	  "key create --name upload --owner deploy --permission pam.sshd --from 10.0.0.0/8 --expires 30d > "
	  "upload.key" },
	{ "A key that may log in as two more users", "key create --name ops --owner alice --user bob --user deploy "
						     "--permission pam.sshd --expires 30d" },
	{ "A mail password that opens mail and nothing else, wherever it gets to",
	  "key create --name phone --owner alice --permission pam.dovecot --exclusive=dovecot --expires 1y" },
	{ "For one job, once",
	  "key create --name setup --owner deploy --permission pam.sshd --max-uses 1 --expires 1d > setup.key" },
	{ "A pair for a program that signs; umask 077 before, for the file",
	  "key create --name billing --owner deploy --kind pair --permission pam.billing --expires 1y > billing.pair" },
	{ "A pair that another product made: two lines, public key and private key",
	  "key create --name shop --owner deploy --kind pair --import --expires 1y < shop.pair" },
	{ "All keys you may see", "key list" },
	{ "The keys of alice", "key list --owner alice" },
	{ "Keys that work, and that nobody has used for a quarter of a year",
	  "key list --state active --unused-since 90d" },
	{ "What has to be looked after: what ends soon, or has ended", "key list --due" },
	{ "For a program: JSON, with times in UTC", "key list --json" },
	{ "By owner and name", "key show alice/laptop" },
	{ "By id, as lists and logs have it", "key show 0123456789ab" },
	{ "How often, and for what, was it used in the last two weeks?", "key usage alice/laptop" },
	{ "Hour by hour, since yesterday", "key usage alice/laptop --hours 24" },
	{ "Let it open mail as well; the list is replaced as a whole",
	  "key update alice/laptop --permission pam.sshd --permission pam.dovecot" },
	{ "Another half year", "key update alice/laptop --expires 26w" },
	{ "From anywhere again, under another name", "key update alice/laptop --no-from --name notebook" },
	{ "A new mail password; the old one stays good for a week, for the laptop", "key rotate alice/phone" },
	{ "Whenever the laptop gets the new one: the old one ends an hour after that",
	  "key rotate alice/laptop --overlap-after-first-use 1h" },
	{ "The new one went astray: the one before is current again", "key rotate alice/phone --cancel" },
	{ "Somebody has seen the secret: it is refused at once", "key rotate alice/phone --now > phone.key" },
	{ "Nothing uses the old one any more, as key show says", "key retire alice/phone" },
	{ "The first secret alone", "key retire alice/phone --secret 1 --why 'laptop has the new one'" },
	{ "Back from leave", "key activate alice/laptop" },
	{ "Off until further notice, with the reason for whoever wonders",
	  "key deactivate alice/laptop --why 'on leave'" },
	{ "The laptop is gone: off for good, at once", "key revoke alice/laptop --why 'laptop was stolen'" },
	{ "Out of the list, without being asked", "key delete alice/laptop --yes" },
	{ "What another product has, from a file that only you can read", "key import keys.csv" },
	{ "Would it all be taken? What would not be goes into a file of its own",
	  "key import keys.csv --dry-run --report refused.txt" },
	{ "What another product kept of its keys: their SHA-256", "key import --digests < export.jsonl" },
	{ "From a script that tries again when it hears no answer",
	  "key create --name backup --owner deploy --permission pam.sshd --expires 90d --idempotency-key job-17" },
	{ "A key that opens what asks for the tenant blue",
	  "key create --name laptop --owner alice --permission pam.sshd --tenant blue --expires 90d" },
	{ "An account of its own, for another organisation", "account create --name acme" },
	{ "All accounts", "account list" },
	{ "How many keys are there?", "account show acme" },
	{ "With all that it has, without being asked", "account delete acme --with-keys --yes" },
	{ "A tenant of this host's own account", "tenant create --name blue" },
	{ "A tenant of another account", "tenant create --name shop --account acme" },
	{ "Those of one account", "tenant list --account acme" },
	{ "By account and name", "tenant show acme/shop" },
	{ "Under another name; its id and its keys stay", "tenant update blue --name azure" },
	{ "Its access tokens are for five minutes, and as many logins",
	  "tenant update azure --token-lifetime 5m --token-reuse yes" },
	{ "None of its keys may live longer than 30 days", "tenant update azure --policy max_lifetime=30d" },
	{ "With its keys, which are refused from then on", "tenant delete azure --with-keys --why 'moved away'" },
	{ "The last twenty things that happened", "audit show --limit 20" },
	{ "Who was refused from this network since yesterday?",
	  "audit show --source 192.0.2.0/24 --verdict denied --verdict throttled --since 1d" },
	{ "What alice's keys are used for, as it happens", "audit show --owner alice --follow" },
	{ "For a program: an object a line", "audit show --json --event key_create --event key_revoke" },
	{ "A password for one login, from the pair in this file", "token sign < pair.json" },
	{ "For a request with a body; the private key is asked for",
	  "token sign --public-key a123456b-c12c-123d-1ab4-18bd8c8e88a3 --body request.json --header" },
	{ "A password for one login within half an hour, with the key in this file", "token issue < laptop.key" },
	{ "Is it still good? It is not used up", "token inspect < access.token" },
	{ "It was seen by somebody", "token revoke --why 'pasted into a chat' < access.token" },
	{ "From now on another key signs them", "token rotate-key" },
	{ "Nobody is to be let in by one that was made so far", "token rotate-key --now" },
	{ "Who is in, and with which key?", "session list" },
	{ "What has one key opened?", "session list --key alice/laptop" },
	{ "Out with one of them", "session end 172800412 --why 'seen at an odd hour'" },
	{ "The laptop is gone, and so is who sits at it", "key revoke alice/laptop --end-sessions" },
	{ "What the people of accounting may do, under one name",
	  "role create payments-read --permission payments.read --permission payments.list" },
	{ "A key that may do what its roles say, when it is used",
	  "key create --name report --owner deploy --role payments-read --expires 90d" },
	{ "What there is, and how many keys hold it", "role list" },
	{ "What does it grant?", "role show payments-read" },
	{ "A little less, for all keys that hold it, at once", "role update payments-read --permission payments.read" },
	{ "Who holds it?", "key list --role payments-read" },
	{ "Nobody holds it any more", "role delete payments-read" },
	{ "Would sshd let alice in with the key in this file?",
	  "verify --service sshd --user alice --permission pam.sshd < laptop.key" },
	{ "Is the key good at all? It is asked for", "verify" },
	{ "Why is it refused at sshd, from that address?",
	  "explain alice/laptop --service sshd --user alice --permission pam.sshd --rhost 192.0.2.7" },
	{ "The same for a key at hand; it is asked for", "explain --service dovecot --permission pam.dovecot" },
	{ "Once, as root; then take the file elsewhere", "audit key > audit.key" },
	{ "Was anything changed? The end, too, held against the daemon", "audit verify" },
	{ "All of it proved, on a host where the key is",
	  "audit verify --key-file audit.key --folder /srv/copy-of-log" },
	{ "Is it well?", "status" },
	{ "For monitoring", "status --json" },
	{ "A copy for the night, while the daemon serves", "backup /var/backups/apikeyd.backup" },
	{ "The one of the night before is replaced", "backup /var/backups/apikeyd.backup --force" },
	{ "What would come back, and what would be lost?", "restore /var/backups/apikeyd.backup --dry-run" },
	{ "From a script, where nobody can be asked", "restore /var/backups/apikeyd.backup --yes" },
	{ "To be kept where the backups are not; the passphrase is asked for", "master-key export master-key.txt" },
	{ "On a new host, whose own key is kept beside it", "master-key import master-key.txt --force" },
	{ "While the daemon serves; restart it afterwards", "master-key rotate" },
	{ "What keeps keys from working, and what is unsafe?", "doctor" },
	{ "With a look at every key, for a program", "doctor --deep --json" },
	{ "An image before it is shipped", "doctor --root /srv/image" },
	{ "What can be done with keys?", "help key" },
	{ "How is a key made?", "help key create" },
	{ "For all users of bash", "completion bash > /etc/bash_completion.d/apikeyctl" },
	{ "For all users of zsh", "completion zsh > /usr/local/share/zsh/site-functions/_apikeyctl" },
	{ NULL, NULL },
};

/* What stands behind word at the beginning of line; NULL when another word stands there. */
static const char *behind(const char *line, const char *word)
{
	size_t size = strlen(word);

	if (strncmp(line, word, size) != 0 || (line[size] != ' ' && line[size] != '\0'))
		return NULL;
	return line + size + strspn(line + size, " ");
}

bool example_is_of(const struct example *example, const struct command *command)
{
	const char *line = example->line;

	if (command->object)
		line = behind(line, command->object);
	return line && behind(line, command->verb);
}
