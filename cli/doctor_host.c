/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What every login stands on: a clock that is right, and a log that is read. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/doctor_checks.h"
#include "cli/json.h"
#include "cli/scope.h"
#include "cli/when.h"

#define RELEASED INT64_C(1767225600) /* 2026-01-01: no clock that is right shows less to this program */
#define SLACK 300                    /* seconds */
#define TAIL_MAX 65536               /* bytes of the audit that are looked at */

/* ---- the clock ---- */

/* The time in a record of the audit, 0 when it has none. */
static int64_t record_time(const char *line)
{
	SCOPED_JSON json_t *record = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	const char *text = json_string_value(json_object_get(record, "time"));
	char whole[WHEN_TEXT_SIZE];
	int64_t time;

	/* Parts of a second are not read. */
	if (!text || strlen(text) < 20)
		return 0;
	snprintf(whole, sizeof(whole), "%.19sZ", text);
	return when_parse(whole, 0, &time) ? time : 0;
}

/* The time of the last whole record, 0 when there is none. */
static int64_t last_record(char *text)
{
	int64_t last = 0;

	for (char *end; last == 0 && (end = strrchr(text, '\n'));) {
		const char *start;

		*end = '\0';
		start = strrchr(text, '\n');
		start = start ? start + 1 : text;
		if (*start == '{')
			last = record_time(start);
	}
	return last;
}

static void check_clock(struct doctor *doctor)
{
	const char *said = doctor_fact(doctor, "settings.log_folder");
	const char *path = DOCTOR_TEXT(doctor, "%s/audit.jsonl", *said ? said : "/var/log/apikeyd");
	const struct doctor_files *files = *said ? &doctor->host : &doctor->files;
	int64_t last;
	char *text, when[WHEN_TEXT_SIZE];
	size_t size;
	int r;

	if (doctor->now < RELEASED)
		doctor_find(
			doctor, FINDING_CLOCK_UNSET, "the clock", 0,
			"it shows a time before this program was written: keys are taken as not begun, or never end",
			"set it, and have it kept (timedatectl set-ntp true)");
	if (!doctor->is_administrator && (doctor->runtime || !doctor->is_live))
		return;
	r = doctor_files_read(files, path, DOCTOR_NO_FOLLOW, TAIL_MAX, true, &text, &size);
	if (r < 0) {
		if (r != -ENOENT)
			doctor_skip(doctor, doctor_files_show(files, path), -r);
		return;
	}
	last = last_record(text);
	if (last <= doctor->now + SLACK)
		return;
	when_rfc3339(last, when);
	doctor_find(doctor, FINDING_CLOCK_BEHIND, "the clock", 0,
		    DOCTOR_TEXT(doctor,
				"it is behind the last record of the audit, which is of %s: keys that have expired "
				"work again",
				when),
		    "set it, and have it kept (timedatectl set-ntp true)");
}

/* ---- the system's log ---- */

static void check_log_socket(struct doctor *doctor, const char *path, const char *problem)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), r;

	if (fd < 0)
		return;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	r = connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? errno : 0;
	close(fd);
	if (r == EACCES)
		doctor_skip(doctor, path, r);
	else if (r != 0)
		doctor_find(doctor, FINDING_SYSTEM_LOG, path, 0,
			    DOCTOR_TEXT(doctor, "nobody reads there (%s): %s", strerror(r), problem),
			    "start the system's log: systemctl restart systemd-journald.socket "
			    "systemd-journald-dev-log.socket "
			    "systemd-journald, or rsyslog");
}

void doctor_check_host(struct doctor *doctor)
{
	check_clock(doctor);
	if (!doctor->is_live)
		return;
	check_log_socket(doctor, "/dev/log",
			 "what pam_apikey.so has to say about refused logins is lost, for fail2ban as well");
	if (access("/run/systemd/system", F_OK) == 0)
		check_log_socket(doctor, "/run/systemd/journal/socket", "what apikeyd has to say is lost");
}
