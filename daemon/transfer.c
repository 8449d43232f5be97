/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/transfer.h"

#include <stdlib.h>

static void release(struct transfer *transfer)
{
	if (transfer->owner)
		transfer->owner->transferring = false;
	backup_done(&transfer->backup);
	restore_free(transfer->restore);
	free(transfer);
}

struct transfer *transfer_begin(struct connection *connection)
{
	struct daemon *daemon = connection->thread->daemon;
	struct transfer *transfer = daemon->transfer;

	if (transfer && (transfer->owner != connection || transfer->working))
		return NULL;
	if (transfer)
		transfer_end(daemon, transfer);
	transfer = calloc(1, sizeof(*transfer));
	if (!transfer)
		return NULL;
	transfer->owner = connection;
	transfer->backup.fd = -1;
	connection->transferring = true;
	daemon->transfer = transfer;
	return transfer;
}

struct transfer *transfer_of(const struct connection *connection)
{
	struct transfer *transfer = connection ? connection->thread->daemon->transfer : NULL;

	return transfer && transfer->owner == connection && !transfer->working ? transfer : NULL;
}

void transfer_end(struct daemon *daemon, struct transfer *transfer)
{
	daemon->transfer = NULL;
	release(transfer);
}

bool transfer_worked(struct daemon *daemon, struct transfer *transfer)
{
	transfer->working = false;
	if (transfer->owner)
		return true;
	transfer_end(daemon, transfer);
	return false;
}

void transfer_forget(struct connection *connection)
{
	struct transfer *transfer = connection->thread->daemon->transfer;

	if (!transfer || transfer->owner != connection)
		return;
	transfer->owner = NULL;
	if (!transfer->working)
		transfer_end(connection->thread->daemon, transfer);
}
