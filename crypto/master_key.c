/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The master key's file. Reading it refuses a file that someone else can read, replace or point elsewhere; making it
 * leaves either a whole key or nothing, and never overwrites one, since a lost master key is a lost database.
 */
#include "crypto/master_key.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/fault.h"
#include "common/secret.h"

/* The kernel's form of a POSIX access control list as an extended attribute (linux/posix_acl_xattr.h). */
#define ACL_ATTRIBUTE "system.posix_acl_access"
#define ACL_VERSION 2
enum acl_tag {
	ACL_TAG_OWNER = 0x01,
	ACL_TAG_USER = 0x02,
	ACL_TAG_GROUP_OF_FILE = 0x04,
	ACL_TAG_GROUP = 0x08,
	ACL_TAG_MASK = 0x10,
	ACL_TAG_OTHER = 0x20,
};
struct acl_entry {
	uint16_t tag, permissions;
	uint32_t id;
}; /* little-endian */
#define ACL_ENTRIES_MAX 16

#define KEPT_MOST 99 /* old keys beside the present one */

/*
 * With an access control list the mode's group bits are the list's mask. systemd hands a credential on that way: root's
 * file, with an entry that lets the service's user read it. True when nobody but the owner and this user can do
 * anything with the file.
 */
static bool acl_is_private(int fd)
{
	struct {
		uint32_t version;
		struct acl_entry entries[ACL_ENTRIES_MAX];
	} list;
	ssize_t size = fgetxattr(fd, ACL_ATTRIBUTE, &list, sizeof(list));
	size_t count;

	if (size < (ssize_t)sizeof(list.version) || le32toh(list.version) != ACL_VERSION ||
	    ((size_t)size - sizeof(list.version)) % sizeof(list.entries[0]) != 0)
		return false;
	count = ((size_t)size - sizeof(list.version)) / sizeof(list.entries[0]);
	for (size_t i = 0; i < count; i++) {
		uint16_t tag = le16toh(list.entries[i].tag);
		bool own = tag == ACL_TAG_USER && le32toh(list.entries[i].id) == geteuid();

		if (tag != ACL_TAG_OWNER && tag != ACL_TAG_MASK && !own && list.entries[i].permissions != 0)
			return false;
	}
	return true;
}

static int check_file(int fd, const char *path, char *fault, size_t fault_size)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return fault_tell(-errno, fault, fault_size, "%s cannot be examined: %s", path, strerror(errno));
	if (!S_ISREG(status.st_mode))
		return fault_tell(-EINVAL, fault, fault_size, "%s is no regular file: put the master key there", path);
	if (status.st_uid != 0 && geteuid() == 0)
		return fault_tell(-EPERM, fault, fault_size,
				  "%s belongs to uid %u, who could replace it: it must belong to root", path,
				  (unsigned int)status.st_uid);
	if (status.st_uid != 0 && status.st_uid != geteuid())
		return fault_tell(-EPERM, fault, fault_size,
				  "%s belongs to uid %u, who could replace it: it must belong to root or to uid %u",
				  path, (unsigned int)status.st_uid, (unsigned int)geteuid());
	if ((status.st_mode & 0007) != 0 || ((status.st_mode & 0070) != 0 && !acl_is_private(fd)))
		return fault_tell(
			-EPERM, fault, fault_size,
			"%s is open to others (mode %04o): run chmod 0400 on it, and ask who may have copied it", path,
			(unsigned int)status.st_mode & 07777);
	if (status.st_size != CRYPTO_KEY_SIZE)
		return fault_tell(-EINVAL, fault, fault_size,
				  "%s has %lld bytes instead of %d: it is no master key; restore it from a backup",
				  path, (long long)status.st_size, CRYPTO_KEY_SIZE);
	return 0;
}

/* Reads up to size bytes. How many, or a negative errno. */
static ssize_t read_bytes(int fd, uint8_t *ret_bytes, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t r = read(fd, ret_bytes + done, size - done);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		if (r == 0)
			break;
		done += (size_t)r;
	}
	return (ssize_t)done;
}

int master_key_read(const char *path, uint8_t ret_master[CRYPTO_KEY_SIZE], char *ret_fault, size_t fault_size)
{
	/* Not blocking: a FIFO in its place must not hold the daemon up. */
	CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	uint8_t master[CRYPTO_KEY_SIZE];
	ssize_t size;
	int r;

	if (fd < 0 && errno == ENOENT)
		return fault_tell(-ENOENT, ret_fault, fault_size,
				  "%s is missing: restore the master key from a backup (apikeyd --init makes one only "
				  "together with a new database)",
				  path);
	if (fd < 0 && errno == ELOOP)
		return fault_tell(
			-ELOOP, ret_fault, fault_size,
			"%s is a symbolic link: put the master key itself there, or name the file it points to", path);
	if (fd < 0)
		return fault_tell(-errno, ret_fault, fault_size, "%s cannot be opened: %s", path, strerror(errno));
	r = check_file(fd, path, ret_fault, fault_size);
	if (r < 0)
		return r;
	size = read_bytes(fd, master, sizeof(master));
	if (size == sizeof(master))
		memcpy(ret_master, master, sizeof(master));
	secret_wipe(master, sizeof(master));
	if (size < 0)
		return fault_tell((int)size, ret_fault, fault_size, "%s cannot be read: %s", path,
				  strerror((int)-size));
	if (size != CRYPTO_KEY_SIZE)
		return fault_tell(-EINVAL, ret_fault, fault_size, "%s was cut short while it was read", path);
	return 0;
}

static int write_bytes(int fd, const uint8_t *bytes, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t r = write(fd, bytes + done, size - done);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		done += (size_t)r;
	}
	return 0;
}

/*
 * Whom a new key is to belong to: who owns the old one, else the folder. Only root can give files away, and gives a key
 * to nobody but itself and the folder's owner: who else owns what is in its place may have put it there to get the key.
 */
static int give_away(int folder, const char *name, int fd)
{
	struct stat owner, old;

	if (geteuid() != 0)
		return 0;
	if (fstat(folder, &owner) < 0)
		return -errno;
	if (fstatat(folder, name, &old, AT_SYMLINK_NOFOLLOW) == 0 && (old.st_uid == 0 || old.st_uid == owner.st_uid))
		owner = old;
	return fchown(fd, owner.st_uid, owner.st_gid) == 0 ? 0 : -errno;
}

/* Keeps the old key under a name of its own, besides the one it has. What was kept before stays: with a second import
 * the first one's key, which is the only one that opens this host's keys, would be lost. */
static int keep_old(int folder, const char *name, const char *suffix)
{
	struct stat old, other;
	char kept[NAME_MAX + 1];

	if (fstatat(folder, name, &old, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	for (unsigned int number = 1; number <= KEPT_MOST; number++) {
		int size = number == 1 ? snprintf(kept, sizeof(kept), "%s%s", name, suffix)
				       : snprintf(kept, sizeof(kept), "%s%s.%u", name, suffix, number);

		if ((size_t)size >= sizeof(kept))
			return -ENAMETOOLONG;
		if (linkat(folder, name, folder, kept, 0) == 0)
			return 0;
		if (errno != EEXIST)
			return -errno;
		/* A crash came between this and the new key. */
		if (fstatat(folder, kept, &other, AT_SYMLINK_NOFOLLOW) == 0 && other.st_dev == old.st_dev &&
		    other.st_ino == old.st_ino)
			return 0;
	}
	return -EEXIST;
}

/* Brings the names in a folder to the disk. A file system that cannot do that to folders alone says EINVAL. */
static int sync_folder(int folder)
{
	return fsync(folder) < 0 && errno != EINVAL ? -errno : 0;
}

static int tell_unsynced(int error, const char *path, char *fault, size_t fault_size)
{
	return fault_tell(error, fault, fault_size,
			  "%s is in place, but its folder cannot be written to disk: %s; run 'sync' before apikeyd is "
			  "restarted",
			  path, strerror(-error));
}

/* Writes the key under a temporary name and gives it its own name: where there is none yet, or replacing the old one,
 * and then the caller syncs the folder. 0 or a negative errno, and then there is no new file. */
static int place_key(int folder, const char *name, const uint8_t *key, bool replace)
{
	char temporary[sizeof("." MASTER_KEY_FILE ".") + 12], suffix[12 + 1];
	CLEANUP_CLOSE int fd = -1;
	int r = crypto_random_base62(suffix, sizeof(suffix) - 1);

	if (r < 0)
		return r;
	snprintf(temporary, sizeof(temporary), "." MASTER_KEY_FILE ".%s", suffix);
	fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
	if (fd < 0)
		return -errno;
	r = fchmod(fd, 0400) < 0 ? -errno : write_bytes(fd, key, CRYPTO_KEY_SIZE);
	if (r == 0 && replace)
		r = give_away(folder, name, fd);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r == 0 && replace)
		r = keep_old(folder, name, MASTER_KEY_KEPT);
	if (r == 0 && renameat2(folder, temporary, folder, name, replace ? 0 : RENAME_NOREPLACE) < 0)
		r = -errno;
	if (r < 0) {
		unlinkat(folder, temporary, 0);
		return r;
	}
	if (replace)
		return 0;
	r = sync_folder(folder);
	if (r < 0)
		unlinkat(folder, name, 0); /* a key that may be gone after a power cut must not seal anything */
	return r;
}

/* The folder of a path, opened, and the name in it. 0, or a negative errno and a sentence. */
static int open_folder(const char *path, int *ret_folder, const char **ret_name, char *fault, size_t fault_size)
{
	const char *slash = strrchr(path, '/');
	CLEANUP_FREE char *folder_path = slash == path ? strdup("/")
					 : slash       ? strndup(path, (size_t)(slash - path))
						       : strdup(".");
	int folder;

	if (!folder_path)
		return fault_tell(-ENOMEM, fault, fault_size, "out of memory");
	folder = open(folder_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return fault_tell(-errno, fault, fault_size, "the folder of %s cannot be opened: %s", path,
				  strerror(errno));
	*ret_folder = folder;
	*ret_name = slash ? slash + 1 : path;
	return 0;
}

/* One change of a key at a time. The lock ends with whoever holds it, so that a crash leaves none. */
static int lock_folder(int folder, const char *path, char *fault, size_t fault_size)
{
	if (flock(folder, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return fault_tell(
			-EBUSY, fault, fault_size,
			"%s is being changed by another apikeyctl; nothing was changed, try again when it is done",
			path);
	return fault_tell(-errno, fault, fault_size, "the folder of %s cannot be locked: %s", path, strerror(errno));
}

int master_key_make(const char *path, uint8_t ret_master[CRYPTO_KEY_SIZE], char *ret_fault, size_t fault_size)
{
	CLEANUP_CLOSE int folder = -1;
	const char *name = path;
	uint8_t key[CRYPTO_KEY_SIZE];
	int r = open_folder(path, &folder, &name, ret_fault, fault_size);

	if (r < 0)
		return r;
	r = crypto_random(key, sizeof(key));
	if (r == 0)
		r = place_key(folder, name, key, false);
	if (r == 0)
		memcpy(ret_master, key, sizeof(key));
	secret_wipe(key, sizeof(key));
	if (r == -EEXIST)
		return fault_tell(r, ret_fault, fault_size, "%s exists already and was left as it is", path);
	if (r < 0)
		return fault_tell(r, ret_fault, fault_size, "%s cannot be made: %s", path, strerror(-r));
	return 0;
}

int master_key_replace(const char *path, const uint8_t master[CRYPTO_KEY_SIZE], char *ret_fault, size_t fault_size)
{
	CLEANUP_CLOSE int folder = -1;
	const char *name = path;
	int r = open_folder(path, &folder, &name, ret_fault, fault_size);

	if (r == 0)
		r = lock_folder(folder, path, ret_fault, fault_size);
	if (r < 0)
		return r;
	r = place_key(folder, name, master, true);
	if (r < 0)
		return fault_tell(r, ret_fault, fault_size, "%s cannot be replaced: %s", path, strerror(-r));
	r = sync_folder(folder);
	return r < 0 ? tell_unsynced(r, path, ret_fault, fault_size) : 0;
}

/* ---- a successor ---- */

struct master_key_successor {
	int folder; /* locked */
	bool written;
	const char *path;
	char name[NAME_MAX + 1], fresh[NAME_MAX + 1]; /* in the folder */
};

int master_key_successor_begin(const char *path, struct master_key_successor **ret_successor, char *ret_fault,
			       size_t fault_size)
{
	struct master_key_successor *successor = calloc(1, sizeof(*successor));
	const char *name = path;
	int r;

	if (!successor)
		return fault_tell(-ENOMEM, ret_fault, fault_size, "out of memory");
	successor->folder = -1;
	successor->path = path;
	r = open_folder(path, &successor->folder, &name, ret_fault, fault_size);
	if (r == 0)
		r = lock_folder(successor->folder, path, ret_fault, fault_size);
	if (r == 0 && strlen(name) + sizeof(MASTER_KEY_NEW) > sizeof(successor->fresh))
		r = fault_tell(-ENAMETOOLONG, ret_fault, fault_size, "%s: this name is too long", path);
	if (r < 0) {
		master_key_successor_free(successor);
		return r;
	}
	strcpy(successor->name, name);
	strcpy(stpcpy(successor->fresh, name), MASTER_KEY_NEW);
	*ret_successor = successor;
	return 0;
}

static int write_successor(struct master_key_successor *successor, const uint8_t *key)
{
	CLEANUP_CLOSE int fd = -1;
	int r;

	/* Of one that was cut short: it is in no file that a daemon reads. */
	if (unlinkat(successor->folder, successor->fresh, 0) < 0 && errno != ENOENT)
		return -errno;
	fd = openat(successor->folder, successor->fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
	if (fd < 0)
		return -errno;
	successor->written = true;
	r = fchmod(fd, 0400) < 0 ? -errno : write_bytes(fd, key, CRYPTO_KEY_SIZE);
	if (r == 0)
		r = give_away(successor->folder, successor->name, fd);
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	return r == 0 ? sync_folder(successor->folder) : r;
}

int master_key_successor_make(struct master_key_successor *successor, uint8_t ret_master[CRYPTO_KEY_SIZE],
			      char *ret_fault, size_t fault_size)
{
	uint8_t key[CRYPTO_KEY_SIZE];
	int r = crypto_random(key, sizeof(key));

	if (r == 0)
		r = write_successor(successor, key);
	if (r == 0)
		memcpy(ret_master, key, sizeof(key));
	secret_wipe(key, sizeof(key));
	return r < 0 ? fault_tell(r, ret_fault, fault_size,
				  "%s" MASTER_KEY_NEW " cannot be made, and nothing was changed: %s", successor->path,
				  strerror(-r))
		     : 0;
}

int master_key_successor_place(struct master_key_successor *successor, char *ret_fault, size_t fault_size)
{
	int r = keep_old(successor->folder, successor->name, MASTER_KEY_ROTATED);

	/* What keeps the old key is there for good before the old name is gone. */
	if (r == 0)
		r = sync_folder(successor->folder);
	if (r == -EEXIST)
		return fault_tell(
			r, ret_fault, fault_size,
			"%s was not replaced, and goes on to open the key store: %d keys before are kept beside it; "
			"remove those that no backup needs, and rotate again",
			successor->path, KEPT_MOST);
	if (r == 0 && renameat(successor->folder, successor->fresh, successor->folder, successor->name) < 0)
		r = -errno;
	if (r < 0)
		return fault_tell(
			r, ret_fault, fault_size,
			"%s cannot be replaced: %s; it goes on to open the key store. Mend that and rotate again",
			successor->path, strerror(-r));
	successor->written = false;
	r = sync_folder(successor->folder);
	return r < 0 ? tell_unsynced(r, successor->path, ret_fault, fault_size) : 0;
}

void master_key_successor_free(struct master_key_successor *successor)
{
	if (!successor)
		return;
	if (successor->written)
		(void)unlinkat(successor->folder, successor->fresh, 0);
	if (successor->folder >= 0)
		close(successor->folder);
	free(successor);
}
