/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/secret_input.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "cli/output.h"

/* What is read. */
struct wanted {
	const char *noun, *prompt, *again;
};

static const struct wanted wanted_key = { "key", "Key: ", NULL };
static const struct wanted wanted_public_key = { "public key", "Public key: ", NULL };
static const struct wanted wanted_private_key = { "private key", "Private key: ", NULL };
static const struct wanted wanted_passphrase = { "passphrase", "Passphrase: ", "The same again: " };

/* Reads up to the end, or to what is too much. *ret_secret->size counts what came. 0 or a negative errno. */
static int read_all(int fd, struct secret_input *ret_secret)
{
	while (ret_secret->size < sizeof(ret_secret->text) - 1) {
		ssize_t got =
			read(fd, ret_secret->text + ret_secret->size, sizeof(ret_secret->text) - 1 - ret_secret->size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return 0;
		ret_secret->size += (size_t)got;
	}
	return 0;
}

/* Takes the line's end off and checks that there is one line, not empty, and not too long. origin: for the complaint.
 */
static enum status check_line(const struct wanted *wanted, struct secret_input *secret, const char *origin)
{
	if (secret->size > 0 && secret->text[secret->size - 1] == '\n')
		secret->size--;
	if (secret->size > 0 && secret->text[secret->size - 1] == '\r')
		secret->size--;
	secret->text[secret->size] = '\0';
	if (secret->size == 0)
		return output_complain(STATUS_USAGE, "there is no %s in %s", wanted->noun, origin);
	if (secret->size > SECRET_INPUT_MAX)
		return output_complain(STATUS_USAGE, "what is in %s is longer than a %s can be (%d bytes)", origin,
				       wanted->noun, SECRET_INPUT_MAX);
	if (memchr(secret->text, '\0', secret->size) || memchr(secret->text, '\n', secret->size))
		return output_complain(STATUS_USAGE, "%s has to hold one line, the %s, and nothing else", origin,
				       wanted->noun);
	return STATUS_DONE;
}

/* The signals that end or stop a process, without those that someone had it ignore. */
static void ending_signals(sigset_t *ret_signals)
{
	static const int ending[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP };

	sigemptyset(ret_signals);
	for (size_t i = 0; i < COUNT_OF(ending); i++) {
		struct sigaction action;

		if (sigaction(ending[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaddset(ret_signals, ending[i]);
	}
}

/* Reads one line of the terminal; -EINTR when a signal waits (and is still waiting). */
static int read_line(int terminal, int signals, struct secret_input *ret_secret)
{
	for (;;) {
		struct pollfd fds[] = { { .fd = signals, .events = POLLIN }, { .fd = terminal, .events = POLLIN } };
		ssize_t got;

		if (poll(fds, COUNT_OF(fds), -1) < 0 && errno != EINTR)
			return -errno;
		if (fds[0].revents != 0)
			return -EINTR;
		if (fds[1].revents == 0)
			continue;
		got = read(terminal, ret_secret->text + ret_secret->size,
			   sizeof(ret_secret->text) - 1 - ret_secret->size);
		if (got < 0)
			return -errno;
		ret_secret->size += (size_t)got;
		if (got == 0 || ret_secret->text[ret_secret->size - 1] == '\n' ||
		    ret_secret->size == sizeof(ret_secret->text) - 1)
			return 0;
	}
}

/*
 * Asks on a terminal, without echo. Signals that end or stop the process wait until the terminal is as it was; after a
 * stop it asks anew. 0 or a negative errno.
 */
static int ask(int terminal, const char *prompt, struct secret_input *ret_secret)
{
	struct termios before, silent;
	sigset_t held, old;
	int r;

	if (tcgetattr(terminal, &before) < 0)
		return -errno;
	silent = before;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
	silent.c_lflag |= ECHONL | ICANON;
	ending_signals(&held);
	do {
		SCOPED_FD int signals = signalfd(-1, &held, SFD_CLOEXEC);

		if (signals < 0 || sigprocmask(SIG_BLOCK, &held, &old) < 0)
			return -errno;
		explicit_bzero(ret_secret, sizeof(*ret_secret));
		r = tcsetattr(terminal, TCSAFLUSH, &silent) < 0 ? -errno : 0;
		if (r == 0 && write(STDERR_FILENO, prompt, strlen(prompt)) < 0)
			r = -errno;
		if (r == 0)
			r = read_line(terminal, signals, ret_secret);
		tcsetattr(terminal, TCSAFLUSH, &before);
		if (r == -EINTR && write(STDERR_FILENO, "\n", 1) < 0)
			r = -errno;
		/* What waited arrives here. */
		sigprocmask(SIG_SETMASK, &old, NULL);
	} while (r == -EINTR);
	return r;
}

static enum status read_standard(const struct wanted *wanted, struct secret_input *ret_secret)
{
	int r;

	explicit_bzero(ret_secret, sizeof(*ret_secret));
	r = isatty(STDIN_FILENO) ? ask(STDIN_FILENO, wanted->prompt, ret_secret) : read_all(STDIN_FILENO, ret_secret);
	if (r < 0)
		return output_complain(STATUS_USAGE, "the %s cannot be read from standard input: %s", wanted->noun,
				       strerror(-r));
	return check_line(wanted, ret_secret, "standard input");
}

enum status secret_input_read(struct secret_input *ret_secret)
{
	return read_standard(&wanted_key, ret_secret);
}

enum status secret_input_ask_public_key(struct secret_input *ret_line)
{
	return read_standard(&wanted_public_key, ret_line);
}

enum status secret_input_ask_private_key(struct secret_input *ret_line)
{
	return read_standard(&wanted_private_key, ret_line);
}

static enum status read_file(const struct wanted *wanted, const char *path, struct secret_input *ret_secret)
{
	SCOPED_FD int fd = -1;
	struct stat stat;
	int r;

	if (strcmp(path, "-") == 0)
		return read_standard(wanted, ret_secret);
	explicit_bzero(ret_secret, sizeof(*ret_secret));
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0 || fstat(fd, &stat) < 0)
		return output_complain(STATUS_USAGE, "the %s cannot be read from %s: %s", wanted->noun, path,
				       strerror(errno));
	/* A pipe is what bash's <(command) gives. */
	if (!S_ISREG(stat.st_mode) && !S_ISFIFO(stat.st_mode))
		return output_complain(STATUS_USAGE, "%s is not a file that could hold a key", path);
	if (stat.st_uid != geteuid() && stat.st_uid != 0)
		return output_complain(STATUS_USAGE,
				       "%s belongs to another user, so the %s in it is not yours alone; make a new "
				       "one, and keep it in a file of your own",
				       path, wanted->noun);
	if ((stat.st_mode & 077) != 0)
		return output_complain(
			STATUS_USAGE,
			"%s can be read or changed by other users, so the %s in it is not secret; make a "
			"new %s and keep it in a file of mode 0600 (chmod 600)",
			path, wanted->noun, wanted->noun);
	r = read_all(fd, ret_secret);
	if (r < 0)
		return output_complain(STATUS_USAGE, "the %s cannot be read from %s: %s", wanted->noun, path,
				       strerror(-r));
	return check_line(wanted, ret_secret, path);
}

enum status secret_input_read_file(const char *path, struct secret_input *ret_secret)
{
	return read_file(&wanted_key, path, ret_secret);
}

/* Asks for it once more. */
static enum status confirm(const struct secret_input *first)
{
	SCOPED_SECRET_INPUT struct secret_input second = { .size = 0 };
	int r = ask(STDIN_FILENO, wanted_passphrase.again, &second);
	enum status status;

	if (r < 0)
		return output_complain(STATUS_USAGE, "the passphrase cannot be read: %s", strerror(-r));
	status = check_line(&wanted_passphrase, &second, "standard input");
	if (status != STATUS_DONE)
		return status;
	if (first->size != second.size || memcmp(first->text, second.text, first->size) != 0)
		return output_complain(STATUS_USAGE, "the two passphrases differ; nothing was written");
	return STATUS_DONE;
}

enum status secret_input_read_passphrase(const char *path, bool twice, struct secret_input *ret_secret)
{
	enum status status;

	if (path)
		return read_file(&wanted_passphrase, path, ret_secret);
	if (!isatty(STDIN_FILENO))
		return output_complain(STATUS_USAGE,
				       "there is no terminal to ask for the passphrase on; name a file that "
				       "holds it with --passphrase-file, or - for standard input");
	status = read_standard(&wanted_passphrase, ret_secret);
	return status == STATUS_DONE && twice ? confirm(ret_secret) : status;
}

void secret_input_done(struct secret_input *secret)
{
	explicit_bzero(secret, sizeof(*secret));
}
