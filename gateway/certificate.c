/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/certificate.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/fault.h"
#include "common/secret.h"
#include "crypto/tls.h"

#define FILE_MOST ((off_t)256 * 1024)
#define ELSEWHERE "apikey-gateway(8), TLS, shows the ways to hand it over"

bool certificate_is_credential(const char *name)
{
	return name[0] != '/';
}

static int find_path(const char *name, char ret_path[PATH_MAX], char *ret_fault, size_t fault_size)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");

	if (!certificate_is_credential(name))
		folder = "";
	else if (!folder)
		return fault_tell(-ENOENT, ret_fault, fault_size,
				  "%s is the name of a credential, and systemd handed none over: write "
				  "LoadCredential=%s:/PATH into a drop-in of the unit, or the file's path instead",
				  name, name);
	if (snprintf(ret_path, PATH_MAX, "%s%s%s", folder, folder[0] ? "/" : "", name) >= PATH_MAX)
		return fault_tell(-ENAMETOOLONG, ret_fault, fault_size, "%s is too long", name);
	if (folder[0] && access(ret_path, F_OK) < 0 && errno == ENOENT)
		return fault_tell(
			-ENOENT, ret_fault, fault_size,
			"the credential %s was not handed over: LoadCredential= of the unit has to name it; and since "
			"systemd reads it when the service starts, and hands it to no reload, a renewed one is taken "
			"up by systemctl try-restart apikey-gateway",
			name);
	return 0;
}

/* root's file may be read by a group, which root chose; a file of one's own by nobody else. */
static int check_key(const struct stat *status, const char *path, char *ret_fault, size_t fault_size)
{
	bool own = status->st_uid != 0 && status->st_uid == geteuid();
	mode_t closed = own ? 0077 : 0027;

	if (status->st_uid != 0 && !own)
		return fault_tell(-EPERM, ret_fault, fault_size,
				  "%s belongs to uid %u, who could put another key there: it must belong to root or to "
				  "uid %u",
				  path, (unsigned int)status->st_uid, (unsigned int)geteuid());
	if ((status->st_mode & closed) != 0)
		return fault_tell(
			-EPERM, ret_fault, fault_size,
			"%s is open to others (mode %04o): run chmod %s on it, and think of who may have copied "
			"the key",
			path, (unsigned int)status->st_mode & 07777, own ? "0600" : "0640");
	return 0;
}

static int open_file(const char *path, bool secret, struct stat *ret_status, char *ret_fault, size_t fault_size)
{
	/* Not blocking: a FIFO in its place must not hold the gateway up. */
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int r;

	if (fd < 0 && errno == EACCES)
		return fault_tell(-EACCES, ret_fault, fault_size,
				  "%s cannot be read by uid %u, as which the gateway runs: " ELSEWHERE, path,
				  (unsigned int)geteuid());
	if (fd < 0)
		return fault_tell(-errno, ret_fault, fault_size, "%s cannot be opened: %s", path, strerror(errno));
	if (fstat(fd, ret_status) < 0)
		return fault_tell(-errno, ret_fault, fault_size, "%s cannot be examined: %s", path, strerror(errno));
	if (!S_ISREG(ret_status->st_mode))
		return fault_tell(-EINVAL, ret_fault, fault_size, "%s is no regular file", path);
	if (ret_status->st_size > FILE_MOST)
		return fault_tell(-EFBIG, ret_fault, fault_size, "%s is longer than 256 KiB: it is something else",
				  path);
	r = secret ? check_key(ret_status, path, ret_fault, fault_size) : 0;
	return r < 0 ? r : cleanup_take_fd(&fd);
}

/* What was read is in text, which is empty at first, on failure, too. */
static int read_file(const char *path, bool secret, struct secret *text, char *ret_fault, size_t fault_size)
{
	struct stat status = { .st_size = 0 };
	CLEANUP_CLOSE int fd = open_file(path, secret, &status, ret_fault, fault_size);
	size_t size = 0;
	ssize_t r = 1;

	if (fd < 0)
		return fd;
	text->data = calloc(1, (size_t)status.st_size + 1);
	if (!text->data)
		return fault_tell(-ENOMEM, ret_fault, fault_size, "there is no memory for %s", path);
	text->size = (size_t)status.st_size;
	while (size < text->size && r > 0) {
		r = read(fd, text->data + size, text->size - size);
		size += r > 0 ? (size_t)r : 0;
	}
	if (r < 0)
		return fault_tell(-errno, ret_fault, fault_size, "%s cannot be read: %s", path, strerror(errno));
	if (size < text->size)
		return fault_tell(-EINVAL, ret_fault, fault_size, "%s was cut short while it was read", path);
	return 0;
}

int certificate_load(const char *certificate, const char *key, struct tls_identity **ret_identity, char *ret_fault,
		     size_t fault_size)
{
	CLEANUP_SECRET struct secret chain_text = { NULL, 0 };
	CLEANUP_SECRET struct secret key_text = { NULL, 0 };
	char chain_path[PATH_MAX], key_path[PATH_MAX];
	struct tls_text chain = { .name = chain_path };
	struct tls_text private = { .name = key_path };
	int r = find_path(certificate, chain_path, ret_fault, fault_size);

	if (r == 0)
		r = find_path(key, key_path, ret_fault, fault_size);
	if (r == 0)
		r = read_file(chain_path, false, &chain_text, ret_fault, fault_size);
	if (r == 0)
		r = read_file(key_path, true, &key_text, ret_fault, fault_size);
	if (r < 0)
		return r;
	chain.bytes = chain_text.data;
	chain.size = chain_text.size;
	private.bytes = key_text.data;
	private.size = key_text.size;
	return tls_identity_new(&chain, &private, ret_identity, ret_fault, fault_size);
}

bool certificate_tell(const struct tls_identity *identity, const char *certificate, int64_t now, char *ret_text,
		      size_t text_size)
{
	char date[CLOCK_TEXT_SIZE];
	int64_t begin, end;

	tls_identity_dates(identity, &begin, &end);
	clock_format(now < begin ? begin : end, date, sizeof(date));
	if (now < begin)
		snprintf(ret_text, text_size,
			 "the certificate in %s is good from %s on, and clients refuse it until then", certificate,
			 date);
	else if (now > end)
		snprintf(ret_text, text_size,
			 "the certificate in %s was good until %s, and clients refuse it: renew it", certificate, date);
	else
		snprintf(ret_text, text_size, "the certificate in %s is good until %s", certificate, date);
	return now < begin || now > end;
}
