/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "proto/message.h"

#include "common/cleanup.h"
#include "proto/answer.h"
#include "proto/verdict.h"

#define NUMBER(tag, message, member, limit)                                                                            \
	{                                                                                                              \
		tag, CODEC_NUMBER, false, offsetof(struct message, member), limit, NULL                                \
	}
#define TIME(tag, message, member)                                                                                     \
	{                                                                                                              \
		tag, CODEC_TIME, false, offsetof(struct message, member), INT64_MAX, NULL                              \
	}
#define TEXT(tag, message, member, limit)                                                                              \
	{                                                                                                              \
		tag, CODEC_TEXT, false, offsetof(struct message, member), limit, NULL                                  \
	}
#define NEED(tag, message, member, limit)                                                                              \
	{                                                                                                              \
		tag, CODEC_TEXT, true, offsetof(struct message, member), limit, NULL                                   \
	}
#define BYTES(tag, message, member, limit)                                                                             \
	{                                                                                                              \
		tag, CODEC_BYTES, false, offsetof(struct message, member), limit, NULL                                 \
	}
#define TEXTS(tag, message, member, limit)                                                                             \
	{                                                                                                              \
		tag, CODEC_TEXT_LIST, false, offsetof(struct message, member), limit, NULL                             \
	}
#define RECORDS(tag, message, member, limit, record)                                                                   \
	{                                                                                                              \
		tag, CODEC_RECORDS, false, offsetof(struct message, member), limit, &(record)                          \
	}
#define RECORD(message)                                                                                                \
	const struct codec_record message = { #message, sizeof(struct message), ARRAY_SIZE(message##_fields),          \
					      message##_fields }

/* Tags of admin requests: the acting credential is always 1. */

static const struct codec_field message_hello_fields[] = {
	TEXT(1, message_hello, agent, WIRE_NAME_MAX),
};
RECORD(message_hello);

static const struct codec_field message_welcome_fields[] = {
	NEED(1, message_welcome, version, WIRE_NAME_MAX),
};
RECORD(message_welcome);

static const struct codec_field message_error_fields[] = {
	NUMBER(1, message_error, answer, UINT16_MAX),
	TEXT(2, message_error, detail, WIRE_REASON_MAX),
	NUMBER(3, message_error, reason, UINT16_MAX),
};
RECORD(message_error);

static const struct codec_field message_verify_fields[] = {
	NEED(1, message_verify, credential, WIRE_CREDENTIAL_MAX),
	TEXT(2, message_verify, user, WIRE_USER_MAX),
	NEED(3, message_verify, service, WIRE_SERVICE_MAX),
	NEED(4, message_verify, permission, WIRE_PERMISSION_MAX),
	TEXT(5, message_verify, tenant, WIRE_TENANT_MAX),
	TEXT(6, message_verify, rhost, WIRE_SOURCE_MAX),
	TEXT(7, message_verify, tty, WIRE_SOURCE_MAX),
	TEXT(8, message_verify, ruser, WIRE_USER_MAX),
	NUMBER(9, message_verify, wants_ticket, 1),
};
RECORD(message_verify);

static const struct codec_field message_account_fields[] = {
	NEED(1, message_account, handle, WIRE_HANDLE_MAX),   TEXT(2, message_account, user, WIRE_USER_MAX),
	NEED(3, message_account, service, WIRE_SERVICE_MAX), NEED(4, message_account, permission, WIRE_PERMISSION_MAX),
	TEXT(5, message_account, tenant, WIRE_TENANT_MAX),   TEXT(6, message_account, rhost, WIRE_SOURCE_MAX),
	TEXT(7, message_account, tty, WIRE_SOURCE_MAX),
};
RECORD(message_account);

static const struct codec_field message_verdict_fields[] = {
	NUMBER(1, message_verdict, verdict, VERDICT_COUNT - 1),
	NUMBER(2, message_verdict, reason, UINT16_MAX),
	TEXT(3, message_verdict, user, WIRE_USER_MAX),
	NEED(4, message_verdict, service, WIRE_SERVICE_MAX),
	TEXT(5, message_verdict, key_id, WIRE_ID_MAX),
	TEXT(6, message_verdict, key_name, WIRE_NAME_MAX),
	TEXT(7, message_verdict, owner, WIRE_USER_MAX),
	TEXT(8, message_verdict, tenant, WIRE_NAME_MAX),
	TIME(9, message_verdict, expires),
	TEXT(10, message_verdict, handle, WIRE_HANDLE_MAX),
	TEXT(11, message_verdict, permissions, WIRE_LIST_TEXT_MAX),
	TEXT(12, message_verdict, ticket, WIRE_TICKET_SIZE),
	TEXTS(13, message_verdict, notices, WIRE_NOTICE_MAX),
};
RECORD(message_verdict);

static const struct codec_field message_rotate_fields[] = {
	NEED(1, message_rotate, credential, WIRE_CREDENTIAL_MAX),
	NEED(2, message_rotate, user, WIRE_USER_MAX),
	NEED(3, message_rotate, service, WIRE_SERVICE_MAX),
	NUMBER(4, message_rotate, check, 1),
	TEXT(5, message_rotate, tenant, WIRE_TENANT_MAX),
	TEXT(6, message_rotate, rhost, WIRE_SOURCE_MAX),
	TEXT(7, message_rotate, tty, WIRE_SOURCE_MAX),
	TEXT(8, message_rotate, ruser, WIRE_USER_MAX),
};
RECORD(message_rotate);

static const struct codec_field message_rotated_fields[] = {
	NUMBER(1, message_rotated, verdict, VERDICT_COUNT - 1),
	NUMBER(2, message_rotated, reason, UINT16_MAX),
	NEED(3, message_rotated, user, WIRE_USER_MAX),
	NEED(4, message_rotated, service, WIRE_SERVICE_MAX),
	TEXT(5, message_rotated, problem, WIRE_REASON_MAX),
	TEXT(6, message_rotated, key_id, WIRE_ID_MAX),
	TEXT(7, message_rotated, key_name, WIRE_NAME_MAX),
	TEXT(8, message_rotated, secret, WIRE_CREDENTIAL_MAX),
	TIME(9, message_rotated, retires),
};
RECORD(message_rotated);

static const struct codec_field message_redeem_fields[] = {
	NEED(1, message_redeem, ticket, WIRE_TICKET_SIZE),
	NEED(2, message_redeem, service, WIRE_SERVICE_MAX),
};
RECORD(message_redeem);

static const struct codec_field message_redeemed_fields[] = {
	NEED(1, message_redeemed, key_id, WIRE_ID_MAX),   NEED(2, message_redeemed, key_name, WIRE_NAME_MAX),
	NEED(3, message_redeemed, owner, WIRE_USER_MAX),  TEXT(4, message_redeemed, user, WIRE_USER_MAX),
	TEXT(5, message_redeemed, tenant, WIRE_NAME_MAX), NEED(6, message_redeemed, source, WIRE_SOURCE_MAX),
};
RECORD(message_redeemed);

static const struct codec_field message_use_fields[] = {
	TIME(1, message_use, time),
	TEXT(2, message_use, service, WIRE_SERVICE_MAX),
	TEXT(3, message_use, source, WIRE_SOURCE_MAX),
};
RECORD(message_use);

static const struct codec_field message_secret_fields[] = {
	NUMBER(1, message_secret, number, UINT32_MAX),
	TIME(2, message_secret, created),
	TIME(3, message_secret, retires),
	NUMBER(4, message_secret, use_count, UINT64_MAX),
	RECORDS(5, message_secret, first_use, 1, message_use),
	RECORDS(6, message_secret, last_use, 1, message_use),
	NUMBER(7, message_secret, after_use, UINT32_MAX),
};
RECORD(message_secret);

static const struct codec_field message_key_fields[] = {
	NEED(1, message_key, id, WIRE_ID_MAX),
	NEED(2, message_key, kind, WIRE_ID_MAX),
	NEED(3, message_key, name, WIRE_NAME_MAX),
	NEED(4, message_key, owner, WIRE_USER_MAX),
	TEXT(5, message_key, account, WIRE_NAME_MAX),
	TEXT(6, message_key, tenant, WIRE_NAME_MAX),
	NEED(7, message_key, state, WIRE_ID_MAX),
	TEXT(8, message_key, state_reason, WIRE_REASON_MAX),
	NUMBER(9, message_key, owner_uid_known, 1),
	NUMBER(10, message_key, owner_uid, UINT32_MAX),
	TIME(11, message_key, created),
	TEXT(12, message_key, created_by, WIRE_USER_MAX),
	TIME(13, message_key, not_before),
	TIME(14, message_key, expires),
	TEXTS(15, message_key, permissions, WIRE_PERMISSION_MAX),
	TEXTS(16, message_key, roles, WIRE_NAME_MAX),
	TEXTS(17, message_key, users, WIRE_USER_MAX),
	TEXTS(18, message_key, sources, WIRE_NETWORK_MAX),
	TEXTS(19, message_key, labels, WIRE_LABEL_MAX),
	RECORDS(20, message_key, secrets, 5, message_secret),
	TEXT(21, message_key, secret, WIRE_CREDENTIAL_MAX),
	TEXT(22, message_key, private_key, WIRE_CREDENTIAL_MAX),
	TEXT(23, message_key, effective_permissions, WIRE_EFFECTIVE_MAX),
	TEXT(24, message_key, exclusive, WIRE_SERVICE_MAX),
	NUMBER(25, message_key, max_uses, UINT32_MAX),
	NUMBER(26, message_key, counted_uses, UINT64_MAX),
	TIME(27, message_key, state_since),
	NUMBER(28, message_key, repeated, 1),
	TEXTS(29, message_key, due, WIRE_REASON_MAX),
	NUMBER(30, message_key, test, 1),
	NUMBER(31, message_key, sessions_asked, 1),
	NUMBER(32, message_key, sessions_ended, UINT64_MAX),
	NUMBER(33, message_key, sessions_loose, UINT64_MAX),
	TEXT(34, message_key, sessions_fault, WIRE_REASON_MAX),
	NUMBER(35, message_key, client_side, 1),
};
RECORD(message_key);

static const struct codec_field message_key_create_fields[] = {
	TEXT(1, message_key_create, credential, WIRE_CREDENTIAL_MAX),
	NEED(2, message_key_create, name, WIRE_NAME_MAX),
	TEXT(3, message_key_create, owner, WIRE_USER_MAX),
	TEXTS(4, message_key_create, permissions, WIRE_PERMISSION_MAX),
	TEXTS(5, message_key_create, users, WIRE_USER_MAX),
	TEXTS(6, message_key_create, sources, WIRE_NETWORK_MAX),
	TEXTS(7, message_key_create, labels, WIRE_LABEL_MAX),
	TIME(8, message_key_create, not_before),
	TIME(9, message_key_create, expires),
	TEXT(10, message_key_create, kind, WIRE_ID_MAX),
	TEXT(11, message_key_create, public_key, WIRE_CREDENTIAL_MAX),
	TEXT(12, message_key_create, private_key, WIRE_CREDENTIAL_MAX),
	TEXTS(13, message_key_create, roles, WIRE_ROLE_NAME_MAX),
	TEXT(14, message_key_create, account, WIRE_NAME_MAX),
	TEXT(15, message_key_create, tenant, WIRE_TENANT_MAX),
	TEXT(16, message_key_create, exclusive, WIRE_SERVICE_MAX),
	NUMBER(17, message_key_create, max_uses, UINT32_MAX),
	TEXT(18, message_key_create, idempotency_key, WIRE_IDEMPOTENCY_MAX),
	NUMBER(19, message_key_create, client_side, 1),
	NUMBER(30, message_key_create, test, 1),
};
RECORD(message_key_create);

static const struct codec_field message_key_list_fields[] = {
	TEXT(1, message_key_list, credential, WIRE_CREDENTIAL_MAX),
	TEXT(2, message_key_list, owner, WIRE_USER_MAX),
	TEXT(3, message_key_list, cursor, WIRE_CURSOR_MAX),
	NUMBER(4, message_key_list, limit, UINT16_MAX),
	TEXT(5, message_key_list, state, WIRE_ID_MAX),
	TEXT(6, message_key_list, permission, WIRE_PERMISSION_MAX),
	TEXTS(7, message_key_list, labels, WIRE_LABEL_MAX),
	TIME(8, message_key_list, unused_since),
	TIME(9, message_key_list, expires_before),
	TIME(10, message_key_list, due_before),
	TEXT(11, message_key_list, role, WIRE_ROLE_NAME_MAX),
	NUMBER(12, message_key_list, due, 1),
	TEXT(14, message_key_list, account, WIRE_NAME_MAX),
	TEXT(15, message_key_list, tenant, WIRE_TENANT_MAX),
};
RECORD(message_key_list);

static const struct codec_field message_key_page_fields[] = {
	RECORDS(1, message_key_page, keys, UINT16_MAX, message_key),
	TEXT(2, message_key_page, cursor, WIRE_CURSOR_MAX),
};
RECORD(message_key_page);

static const struct codec_field message_key_reference_fields[] = {
	TEXT(1, message_key_reference, credential, WIRE_CREDENTIAL_MAX),
	NEED(2, message_key_reference, key, WIRE_USER_MAX + 1 + WIRE_NAME_MAX),
	TEXT(3, message_key_reference, why, WIRE_REASON_MAX),
	NUMBER(4, message_key_reference, end_sessions, MESSAGE_SESSIONS_KEEP),
};
RECORD(message_key_reference);

static const struct codec_field message_key_update_fields[] = {
	TEXT(1, message_key_update, credential, WIRE_CREDENTIAL_MAX),
	NEED(2, message_key_update, key, WIRE_USER_MAX + 1 + WIRE_NAME_MAX),
	NUMBER(3, message_key_update, changes, MESSAGE_CHANGE_ALL),
	TEXT(4, message_key_update, name, WIRE_NAME_MAX),
	TEXTS(5, message_key_update, permissions, WIRE_PERMISSION_MAX),
	TEXTS(6, message_key_update, users, WIRE_USER_MAX),
	TEXTS(7, message_key_update, sources, WIRE_NETWORK_MAX),
	TEXTS(8, message_key_update, labels, WIRE_LABEL_MAX),
	TIME(9, message_key_update, not_before),
	TIME(10, message_key_update, expires),
	TEXTS(11, message_key_update, roles, WIRE_ROLE_NAME_MAX),
	TEXT(12, message_key_update, exclusive, WIRE_SERVICE_MAX),
	NUMBER(13, message_key_update, max_uses, UINT32_MAX),
	NUMBER(14, message_key_update, client_side, 1),
};
RECORD(message_key_update);

static const struct codec_field message_key_rotate_fields[] = {
	TEXT(1, message_key_rotate, credential, WIRE_CREDENTIAL_MAX),
	NEED(2, message_key_rotate, key, WIRE_USER_MAX + 1 + WIRE_NAME_MAX),
	NUMBER(3, message_key_rotate, overlap, UINT64_MAX),
	NUMBER(4, message_key_rotate, now, 1),
	NUMBER(5, message_key_rotate, expected, UINT32_MAX),
	NUMBER(6, message_key_rotate, after_use, UINT64_MAX),
	NUMBER(7, message_key_rotate, cancel, 1),
};
RECORD(message_key_rotate);

static const struct codec_field message_key_retire_fields[] = {
	TEXT(1, message_key_retire, credential, WIRE_CREDENTIAL_MAX),
	NEED(2, message_key_retire, key, WIRE_USER_MAX + 1 + WIRE_NAME_MAX),
	NUMBER(3, message_key_retire, secret, UINT32_MAX),
	TEXT(4, message_key_retire, why, WIRE_REASON_MAX),
};
RECORD(message_key_retire);

static const struct codec_field message_explain_fields[] = {
	TEXT(1, message_explain, credential, WIRE_CREDENTIAL_MAX),
	TEXT(2, message_explain, subject, WIRE_CREDENTIAL_MAX),
	TEXT(3, message_explain, key, WIRE_USER_MAX + 1 + WIRE_NAME_MAX),
	TEXT(4, message_explain, user, WIRE_USER_MAX),
	TEXT(5, message_explain, service, WIRE_SERVICE_MAX),
	TEXT(6, message_explain, permission, WIRE_PERMISSION_MAX),
	TEXT(7, message_explain, tenant, WIRE_TENANT_MAX),
	TEXT(8, message_explain, rhost, WIRE_SOURCE_MAX),
};
RECORD(message_explain);

static const struct codec_field message_step_fields[] = {
	NEED(1, message_step, name, WIRE_NAME_MAX),
	NUMBER(2, message_step, outcome, MESSAGE_OUTCOME_FAILED),
	TEXT(3, message_step, detail, WIRE_REASON_MAX),
};
RECORD(message_step);

static const struct codec_field message_explanation_fields[] = {
	NUMBER(1, message_explanation, verdict, VERDICT_COUNT - 1),
	NUMBER(2, message_explanation, reason, UINT16_MAX),
	TEXT(3, message_explanation, key_id, WIRE_ID_MAX),
	RECORDS(4, message_explanation, steps, 32, message_step),
	TEXTS(5, message_explanation, notices, WIRE_NOTICE_MAX),
};
RECORD(message_explanation);

static const struct codec_field message_status_fields[] = {
	TEXT(1, message_status, credential, WIRE_CREDENTIAL_MAX),
};
RECORD(message_status);

static const struct codec_field message_item_fields[] = {
	NEED(1, message_item, name, WIRE_NAME_MAX),
	NUMBER(2, message_item, number, UINT64_MAX),
	TEXT(3, message_item, text, WIRE_REASON_MAX),
};
RECORD(message_item);

static const struct codec_field message_state_fields[] = {
	RECORDS(1, message_state, items, 1024, message_item),
};
RECORD(message_state);

static const struct codec_field message_metrics_fields[] = {
	TEXT(1, message_metrics, credential, WIRE_CREDENTIAL_MAX),
	NUMBER(2, message_metrics, after, UINT32_MAX),
};
RECORD(message_metrics);

static const struct codec_field message_sample_fields[] = {
	NEED(1, message_sample, name, WIRE_NAME_MAX),     NUMBER(2, message_sample, type, MESSAGE_HISTOGRAM),
	TEXT(3, message_sample, help, WIRE_REASON_MAX),   TEXT(4, message_sample, suffix, WIRE_NAME_MAX),
	TEXTS(5, message_sample, labels, WIRE_LABEL_MAX), NUMBER(6, message_sample, number, UINT64_MAX),
	NUMBER(7, message_sample, divisor, UINT64_MAX),
};
RECORD(message_sample);

static const struct codec_field message_samples_fields[] = {
	RECORDS(1, message_samples, samples, UINT16_MAX, message_sample),
	NUMBER(2, message_samples, after, UINT32_MAX),
};
RECORD(message_samples);

static const struct codec_field message_role_fields[] = {
	NEED(1, message_role, name, WIRE_ROLE_NAME_MAX),
	TEXTS(2, message_role, permissions, WIRE_PERMISSION_MAX),
	NUMBER(3, message_role, built_in, 1),
	NUMBER(4, message_role, account, 1),
	TIME(5, message_role, created),
	TEXT(6, message_role, created_by, WIRE_USER_MAX),
	NUMBER(7, message_role, keys_known, 1),
	NUMBER(8, message_role, keys, UINT64_MAX),
};
RECORD(message_role);

static const struct codec_field message_role_change_fields[] = {
	TEXT(1, message_role_change, credential, WIRE_CREDENTIAL_MAX),
	NEED(2, message_role_change, name, WIRE_ROLE_NAME_MAX),
	TEXTS(3, message_role_change, permissions, WIRE_PERMISSION_MAX),
};
RECORD(message_role_change);

static const struct codec_field message_role_list_fields[] = {
	TEXT(1, message_role_list, credential, WIRE_CREDENTIAL_MAX),
	TEXT(2, message_role_list, cursor, WIRE_ROLE_NAME_MAX),
};
RECORD(message_role_list);

static const struct codec_field message_role_page_fields[] = {
	RECORDS(1, message_role_page, roles, UINT16_MAX, message_role),
	TEXT(2, message_role_page, cursor, WIRE_ROLE_NAME_MAX),
};
RECORD(message_role_page);

static const struct codec_field message_role_reference_fields[] = {
	TEXT(1, message_role_reference, credential, WIRE_CREDENTIAL_MAX),
	NEED(2, message_role_reference, name, WIRE_ROLE_NAME_MAX),
};
RECORD(message_role_reference);

static const struct codec_field message_account_create_fields[] = {
	TEXT(1, message_account_create, credential, WIRE_CREDENTIAL_MAX),
	NEED(2, message_account_create, name, WIRE_NAME_MAX),
};
RECORD(message_account_create);

static const struct codec_field message_account_list_fields[] = {
	TEXT(1, message_account_list, credential, WIRE_CREDENTIAL_MAX),
	TEXT(2, message_account_list, cursor, WIRE_CURSOR_MAX),
	NUMBER(3, message_account_list, limit, UINT16_MAX),
};
RECORD(message_account_list);

static const struct codec_field message_account_reference_fields[] = {
	TEXT(1, message_account_reference, credential, WIRE_CREDENTIAL_MAX),
	NEED(2, message_account_reference, account, WIRE_NAME_MAX),
	TEXT(3, message_account_reference, why, WIRE_REASON_MAX),
	NUMBER(4, message_account_reference, with_keys, 1),
};
RECORD(message_account_reference);

static const struct codec_field message_account_entry_fields[] = {
	NEED(1, message_account_entry, id, WIRE_ID_MAX),
	NEED(2, message_account_entry, name, WIRE_NAME_MAX),
	TIME(3, message_account_entry, created),
	TEXT(4, message_account_entry, created_by, WIRE_USER_MAX),
	NUMBER(5, message_account_entry, tenants, UINT64_MAX),
	NUMBER(6, message_account_entry, keys, UINT64_MAX),
};
RECORD(message_account_entry);

static const struct codec_field message_account_page_fields[] = {
	RECORDS(1, message_account_page, accounts, UINT16_MAX, message_account_entry),
	TEXT(2, message_account_page, cursor, WIRE_CURSOR_MAX),
};
RECORD(message_account_page);

static const struct codec_field message_tenant_create_fields[] = {
	TEXT(1, message_tenant_create, credential, WIRE_CREDENTIAL_MAX),
	NEED(2, message_tenant_create, name, WIRE_NAME_MAX),
	TEXT(3, message_tenant_create, account, WIRE_NAME_MAX),
	NUMBER(4, message_tenant_create, token_lifetime, MESSAGE_TOKEN_LIFETIME_MAX),
	NUMBER(5, message_tenant_create, token_reuse, 1),
	TEXTS(6, message_tenant_create, policies, WIRE_POLICY_MAX),
};
RECORD(message_tenant_create);

static const struct codec_field message_tenant_list_fields[] = {
	TEXT(1, message_tenant_list, credential, WIRE_CREDENTIAL_MAX),
	TEXT(2, message_tenant_list, account, WIRE_NAME_MAX),
	TEXT(3, message_tenant_list, cursor, WIRE_CURSOR_MAX),
	NUMBER(4, message_tenant_list, limit, UINT16_MAX),
};
RECORD(message_tenant_list);

static const struct codec_field message_tenant_reference_fields[] = {
	TEXT(1, message_tenant_reference, credential, WIRE_CREDENTIAL_MAX),
	NEED(2, message_tenant_reference, tenant, WIRE_TENANT_MAX),
	TEXT(3, message_tenant_reference, account, WIRE_NAME_MAX),
	TEXT(4, message_tenant_reference, why, WIRE_REASON_MAX),
	NUMBER(5, message_tenant_reference, with_keys, 1),
};
RECORD(message_tenant_reference);

static const struct codec_field message_tenant_update_fields[] = {
	TEXT(1, message_tenant_update, credential, WIRE_CREDENTIAL_MAX),
	NEED(2, message_tenant_update, tenant, WIRE_TENANT_MAX),
	TEXT(3, message_tenant_update, account, WIRE_NAME_MAX),
	NUMBER(4, message_tenant_update, changes, MESSAGE_TENANT_ALL),
	TEXT(5, message_tenant_update, name, WIRE_NAME_MAX),
	NUMBER(6, message_tenant_update, token_lifetime, MESSAGE_TOKEN_LIFETIME_MAX),
	NUMBER(7, message_tenant_update, token_reuse, 1),
	TEXTS(8, message_tenant_update, policies, WIRE_POLICY_MAX),
};
RECORD(message_tenant_update);

static const struct codec_field message_tenant_entry_fields[] = {
	NEED(1, message_tenant_entry, id, WIRE_ID_MAX),
	NEED(2, message_tenant_entry, name, WIRE_NAME_MAX),
	NEED(3, message_tenant_entry, account, WIRE_ID_MAX),
	TEXT(4, message_tenant_entry, account_name, WIRE_NAME_MAX),
	TIME(5, message_tenant_entry, created),
	TEXT(6, message_tenant_entry, created_by, WIRE_USER_MAX),
	NUMBER(7, message_tenant_entry, token_lifetime, UINT32_MAX),
	NUMBER(8, message_tenant_entry, token_reuse, 1),
	NUMBER(9, message_tenant_entry, keys, UINT64_MAX),
	TEXTS(10, message_tenant_entry, policies, WIRE_POLICY_MAX),
	TEXTS(11, message_tenant_entry, policies_in_force, WIRE_POLICY_MAX),
};
RECORD(message_tenant_entry);

static const struct codec_field message_tenant_page_fields[] = {
	RECORDS(1, message_tenant_page, tenants, UINT16_MAX, message_tenant_entry),
	TEXT(2, message_tenant_page, cursor, WIRE_CURSOR_MAX),
};
RECORD(message_tenant_page);

static const struct codec_field message_token_issue_fields[] = {
	TEXT(1, message_token_issue, credential, WIRE_CREDENTIAL_MAX),
	NEED(2, message_token_issue, proof, WIRE_CREDENTIAL_MAX),
	TEXT(3, message_token_issue, source, WIRE_NETWORK_MAX),
	BYTES(4, message_token_issue, body, WIRE_SIGNED_BODY_MAX),
	NUMBER(5, message_token_issue, page, 1),
};
RECORD(message_token_issue);

static const struct codec_field message_token_fields[] = {
	NEED(1, message_token, token, WIRE_CREDENTIAL_MAX),
	NEED(2, message_token, id, WIRE_ID_MAX),
	NEED(3, message_token, key_id, WIRE_ID_MAX),
	NEED(4, message_token, account, WIRE_NAME_MAX),
	TEXT(5, message_token, tenant, WIRE_NAME_MAX),
	TIME(6, message_token, expires),
	NUMBER(7, message_token, reuse, 1),
};
RECORD(message_token);

static const struct codec_field message_token_reference_fields[] = {
	TEXT(1, message_token_reference, credential, WIRE_CREDENTIAL_MAX),
	NEED(2, message_token_reference, token, WIRE_CREDENTIAL_MAX),
	TEXT(3, message_token_reference, why, WIRE_REASON_MAX),
};
RECORD(message_token_reference);

static const struct codec_field message_token_state_fields[] = {
	NUMBER(1, message_token_state, verdict, VERDICT_COUNT - 1),
	NUMBER(2, message_token_state, reason, UINT16_MAX),
	TEXT(3, message_token_state, problem, WIRE_REASON_MAX),
	TEXT(4, message_token_state, id, WIRE_ID_MAX),
	TEXT(5, message_token_state, key_id, WIRE_ID_MAX),
	TEXT(6, message_token_state, account, WIRE_NAME_MAX),
	TEXT(7, message_token_state, tenant, WIRE_NAME_MAX),
	TIME(8, message_token_state, issued),
	TIME(9, message_token_state, expires),
	NUMBER(10, message_token_state, reuse, 1),
};
RECORD(message_token_state);

static const struct codec_field message_introspection_fields[] = {
	NUMBER(1, message_introspection, active, 1),
	TEXT(2, message_introspection, key_id, WIRE_ID_MAX),
	TEXT(3, message_introspection, owner, WIRE_USER_MAX),
	TEXT(4, message_introspection, account, WIRE_NAME_MAX),
	TEXT(5, message_introspection, tenant, WIRE_NAME_MAX),
	TEXT(6, message_introspection, permissions, WIRE_EFFECTIVE_MAX),
	TEXT(7, message_introspection, token_id, WIRE_ID_MAX),
	TIME(8, message_introspection, issued),
	TIME(9, message_introspection, not_before),
	TIME(10, message_introspection, expires),
};
RECORD(message_introspection);

static const struct codec_field message_signing_key_fields[] = {
	TEXT(1, message_signing_key, credential, WIRE_CREDENTIAL_MAX),
	NUMBER(2, message_signing_key, now, 1),
};
RECORD(message_signing_key);

static const struct codec_field message_session_open_fields[] = {
	NEED(1, message_session_open, ticket, WIRE_TICKET_SIZE),
	NEED(2, message_session_open, service, WIRE_SERVICE_MAX),
	TEXT(3, message_session_open, tty, WIRE_SOURCE_MAX),
};
RECORD(message_session_open);

static const struct codec_field message_session_reference_fields[] = {
	NUMBER(1, message_session_reference, session, INT64_MAX),
};
RECORD(message_session_reference);

static const struct codec_field message_session_list_fields[] = {
	NUMBER(1, message_session_list, after, INT64_MAX),
	TEXT(2, message_session_list, key, WIRE_ID_MAX),
};
RECORD(message_session_list);

static const struct codec_field message_session_fields[] = {
	NUMBER(1, message_session, session, INT64_MAX),
	NUMBER(2, message_session, leader, INT32_MAX),
	NEED(3, message_session, key_id, WIRE_ID_MAX),
	NEED(4, message_session, key_name, WIRE_NAME_MAX),
	NEED(5, message_session, owner, WIRE_USER_MAX),
	TEXT(6, message_session, user, WIRE_USER_MAX),
	TEXT(7, message_session, tenant, WIRE_TENANT_MAX),
	NEED(8, message_session, service, WIRE_SERVICE_MAX),
	TEXT(9, message_session, tty, WIRE_SOURCE_MAX),
	TEXT(10, message_session, source, WIRE_SOURCE_MAX),
	TIME(11, message_session, since),
	NUMBER(12, message_session, ending, 1),
	NUMBER(13, message_session, whole, 1),
};
RECORD(message_session);

static const struct codec_field message_session_page_fields[] = {
	RECORDS(1, message_session_page, sessions, UINT16_MAX, message_session),
	NUMBER(2, message_session_page, more, 1),
};
RECORD(message_session_page);

static const struct codec_field message_audit_read_fields[] = {
	TEXT(1, message_audit_read, credential, WIRE_CREDENTIAL_MAX),
	TEXT(2, message_audit_read, cursor, WIRE_CURSOR_MAX),
	NUMBER(3, message_audit_read, limit, UINT16_MAX),
	NUMBER(4, message_audit_read, reverse, 1),
	TIME(5, message_audit_read, since),
	TIME(6, message_audit_read, until),
	TEXTS(7, message_audit_read, keys, WIRE_CURSOR_MAX),
	TEXTS(8, message_audit_read, owners, WIRE_USER_MAX),
	TEXTS(9, message_audit_read, users, WIRE_USER_MAX),
	TEXTS(10, message_audit_read, services, WIRE_SERVICE_MAX),
	TEXTS(11, message_audit_read, verdicts, WIRE_NAME_MAX),
	TEXTS(12, message_audit_read, reasons, WIRE_NAME_MAX),
	TEXTS(13, message_audit_read, events, WIRE_NAME_MAX),
	TEXTS(14, message_audit_read, sources, WIRE_SOURCE_MAX),
	TEXTS(15, message_audit_read, actors, WIRE_NAME_MAX),
	NUMBER(16, message_audit_read, bucket, UINT32_MAX),
	TEXT(17, message_audit_read, tenant, WIRE_TENANT_MAX),
};
RECORD(message_audit_read);

static const struct codec_field message_audit_record_fields[] = {
	NEED(1, message_audit_record, json, WIRE_AUDIT_RECORD_MAX),
	NUMBER(2, message_audit_record, damaged, 1),
};
RECORD(message_audit_record);

static const struct codec_field message_audit_page_fields[] = {
	RECORDS(1, message_audit_page, records, UINT16_MAX, message_audit_record),
	TEXT(2, message_audit_page, cursor, WIRE_CURSOR_MAX),
	TEXT(3, message_audit_page, start, WIRE_CURSOR_MAX),
	NUMBER(4, message_audit_page, end, 1),
	NUMBER(5, message_audit_page, lost, 1),
	TIME(6, message_audit_page, oldest),
};
RECORD(message_audit_page);

static const struct codec_field message_audit_count_fields[] = {
	TIME(1, message_audit_count, time),
	TEXT(2, message_audit_count, service, WIRE_SERVICE_MAX),
	NUMBER(3, message_audit_count, granted, UINT64_MAX),
	NUMBER(4, message_audit_count, refused, UINT64_MAX),
};
RECORD(message_audit_count);

static const struct codec_field message_audit_counts_fields[] = {
	RECORDS(1, message_audit_counts, counts, UINT16_MAX, message_audit_count),
	TEXT(2, message_audit_counts, cursor, WIRE_CURSOR_MAX),
	NUMBER(3, message_audit_counts, end, 1),
	TIME(4, message_audit_counts, oldest),
};
RECORD(message_audit_counts);

static const struct codec_field message_session_query_fields[] = {
	TEXT(1, message_session_query, credential, WIRE_CREDENTIAL_MAX),
	NUMBER(2, message_session_query, after, INT64_MAX),
	TEXT(3, message_session_query, key, WIRE_USER_MAX + 1 + WIRE_NAME_MAX),
	TEXT(4, message_session_query, user, WIRE_USER_MAX),
};
RECORD(message_session_query);

static const struct codec_field message_session_view_fields[] = {
	RECORDS(1, message_session_view, sessions, UINT16_MAX, message_session),
	NUMBER(2, message_session_view, after, INT64_MAX),
};
RECORD(message_session_view);

static const struct codec_field message_session_choice_fields[] = {
	TEXT(1, message_session_choice, credential, WIRE_CREDENTIAL_MAX),
	NUMBER(2, message_session_choice, session, INT64_MAX),
	TEXT(3, message_session_choice, why, WIRE_REASON_MAX),
};
RECORD(message_session_choice);

static const struct codec_field message_signin_begin_fields[] = {
	TEXT(1, message_signin_begin, credential, WIRE_CREDENTIAL_MAX),
	NEED(2, message_signin_begin, proof, WIRE_CREDENTIAL_MAX),
	TEXT(3, message_signin_begin, account, WIRE_NAME_MAX),
	TEXT(4, message_signin_begin, tenant, WIRE_TENANT_MAX),
	TEXT(5, message_signin_begin, source, WIRE_NETWORK_MAX),
	TEXT(6, message_signin_begin, agent, WIRE_AGENT_MAX),
	NUMBER(7, message_signin_begin, lifetime, UINT32_MAX),
	NUMBER(8, message_signin_begin, portal, 1),
	BYTES(9, message_signin_begin, body, WIRE_SIGNED_BODY_MAX),
	NUMBER(10, message_signin_begin, page, 1),
};
RECORD(message_signin_begin);

static const struct codec_field message_signin_fields[] = {
	TEXT(1, message_signin, credential, WIRE_CREDENTIAL_MAX),
	NEED(2, message_signin, id, WIRE_ID_MAX),
	NEED(3, message_signin, kind, WIRE_ID_MAX),
	TEXT(4, message_signin, key_id, WIRE_ID_MAX),
	TEXT(5, message_signin, key_name, WIRE_NAME_MAX),
	TEXT(6, message_signin, owner, WIRE_USER_MAX),
	TEXT(7, message_signin, account, WIRE_ID_MAX),
	TEXT(8, message_signin, account_name, WIRE_NAME_MAX),
	TEXT(9, message_signin, tenant, WIRE_ID_MAX),
	TEXT(10, message_signin, tenant_name, WIRE_NAME_MAX),
	TEXT(11, message_signin, permissions, WIRE_EFFECTIVE_MAX),
	TEXT(12, message_signin, roles, WIRE_LIST_TEXT_MAX),
	TEXT(13, message_signin, source, WIRE_NETWORK_MAX),
	TEXT(14, message_signin, agent, WIRE_AGENT_MAX),
	TIME(15, message_signin, created),
	TIME(16, message_signin, used),
	TIME(17, message_signin, expires),
	NUMBER(18, message_signin, own, 1),
};
RECORD(message_signin);

static const struct codec_field message_signin_view_fields[] = {
	NUMBER(1, message_signin_view, total, UINT32_MAX),
	RECORDS(2, message_signin_view, signins, UINT16_MAX, message_signin),
};
RECORD(message_signin_view);

static const struct codec_field message_signin_choice_fields[] = {
	TEXT(1, message_signin_choice, credential, WIRE_CREDENTIAL_MAX),
	TEXT(2, message_signin_choice, id, WIRE_ID_MAX),
	TEXT(3, message_signin_choice, why, WIRE_REASON_MAX),
};
RECORD(message_signin_choice);

static const struct codec_field message_link_create_fields[] = {
	TEXT(1, message_link_create, credential, WIRE_CREDENTIAL_MAX),
	NUMBER(2, message_link_create, administer, 1),
};
RECORD(message_link_create);

static const struct codec_field message_link_fields[] = {
	NEED(1, message_link, code, WIRE_ID_MAX),
	NEED(2, message_link, url, WIRE_URL_MAX),
	TIME(3, message_link, expires),
};
RECORD(message_link);

static const struct codec_field message_backup_fields[] = {
	NUMBER(1, message_backup, size, UINT64_MAX),
	NUMBER(2, message_backup, rev, UINT64_MAX),
	TIME(3, message_backup, time),
	NUMBER(4, message_backup, keys, UINT64_MAX),
};
RECORD(message_backup);

static const struct codec_field message_part_fields[] = {
	TEXT(1, message_part, credential, WIRE_CREDENTIAL_MAX),
	NUMBER(2, message_part, offset, UINT64_MAX),
	BYTES(3, message_part, bytes, WIRE_PART_MAX),
};
RECORD(message_part);

static const struct codec_field message_master_key_fields[] = {
	TEXT(1, message_master_key, credential, WIRE_CREDENTIAL_MAX),
	BYTES(2, message_master_key, present, MESSAGE_MASTER_KEY_SIZE),
	BYTES(3, message_master_key, fresh, MESSAGE_MASTER_KEY_SIZE),
};
RECORD(message_master_key);

static const struct codec_field message_audit_check_fields[] = {
	TEXT(1, message_audit_check, credential, WIRE_CREDENTIAL_MAX),
	BYTES(2, message_audit_check, places, WIRE_AUDIT_PLACES_MAX *WIRE_AUDIT_PLACE_SIZE),
};
RECORD(message_audit_check);

static const struct codec_field message_audit_head_fields[] = {
	TEXT(1, message_audit_head, chain, WIRE_ID_MAX),
	NUMBER(2, message_audit_head, seq, UINT64_MAX),
	NEED(3, message_audit_head, head, WIRE_ID_MAX),
	NUMBER(4, message_audit_head, from, UINT64_MAX),
	NUMBER(5, message_audit_head, checked, WIRE_AUDIT_PLACES_MAX),
	BYTES(6, message_audit_head, wrong, WIRE_AUDIT_PLACES_MAX / 8),
};
RECORD(message_audit_head);

static const struct codec_field message_audit_key_fields[] = {
	TEXT(1, message_audit_key, credential, WIRE_CREDENTIAL_MAX),
	NUMBER(2, message_audit_key, anew, 1),
};
RECORD(message_audit_key);

/* Longer than a key takes them, but no longer than texts are anywhere. */
#define IMPORT_TEXT_MAX WIRE_CREDENTIAL_MAX

static const struct codec_field message_import_key_fields[] = {
	TEXT(1, message_import_key, name, IMPORT_TEXT_MAX),
	TEXT(2, message_import_key, owner, IMPORT_TEXT_MAX),
	TEXT(3, message_import_key, secret, IMPORT_TEXT_MAX),
	BYTES(4, message_import_key, sha256, MESSAGE_SHA256_SIZE),
	TEXTS(5, message_import_key, permissions, IMPORT_TEXT_MAX),
	TEXTS(6, message_import_key, roles, IMPORT_TEXT_MAX),
	TEXTS(7, message_import_key, users, IMPORT_TEXT_MAX),
	TEXTS(8, message_import_key, sources, IMPORT_TEXT_MAX),
	TEXTS(9, message_import_key, labels, IMPORT_TEXT_MAX),
	TIME(10, message_import_key, not_before),
	TIME(11, message_import_key, expires),
	TEXT(12, message_import_key, account, IMPORT_TEXT_MAX),
	TEXT(13, message_import_key, tenant, IMPORT_TEXT_MAX),
};
RECORD(message_import_key);

static const struct codec_field message_key_import_fields[] = {
	TEXT(1, message_key_import, credential, WIRE_CREDENTIAL_MAX),
	NUMBER(2, message_key_import, dry_run, 1),
	RECORDS(3, message_key_import, keys, MESSAGE_IMPORT_MAX, message_import_key),
};
RECORD(message_key_import);

static const struct codec_field message_import_result_fields[] = {
	NUMBER(1, message_import_result, outcome, UINT16_MAX),
	TEXT(2, message_import_result, id, WIRE_ID_MAX),
	NUMBER(3, message_import_result, answer, UINT16_MAX),
	TEXT(4, message_import_result, detail, WIRE_REASON_MAX),
};
RECORD(message_import_result);

static const struct codec_field message_key_imported_fields[] = {
	RECORDS(1, message_key_imported, results, MESSAGE_IMPORT_MAX, message_import_result),
};
RECORD(message_key_imported);

static const struct codec_field message_key_name_fields[] = {
	NEED(1, message_key_name, id, WIRE_ID_MAX),      TEXT(2, message_key_name, name, WIRE_NAME_MAX),
	TEXT(3, message_key_name, owner, WIRE_USER_MAX), TEXT(4, message_key_name, tenant, WIRE_ID_MAX),
	TEXT(5, message_key_name, state, WIRE_NAME_MAX),
};
RECORD(message_key_name);

static const struct codec_field message_key_bulk_fields[] = {
	TEXT(1, message_key_bulk, credential, WIRE_CREDENTIAL_MAX),
	NUMBER(2, message_key_bulk, action, MESSAGE_BULK_DEACTIVATE),
	NUMBER(3, message_key_bulk, dry_run, 1),
	TEXT(4, message_key_bulk, batch, WIRE_ID_MAX),
	TEXT(5, message_key_bulk, cursor, WIRE_CURSOR_MAX),
	TEXT(6, message_key_bulk, why, WIRE_REASON_MAX),
	TEXT(7, message_key_bulk, owner, WIRE_USER_MAX),
	TEXT(8, message_key_bulk, account, WIRE_NAME_MAX),
	TEXT(9, message_key_bulk, tenant, WIRE_TENANT_MAX),
	TEXT(10, message_key_bulk, role, WIRE_NAME_MAX),
	TEXTS(11, message_key_bulk, labels, WIRE_LABEL_MAX),
	TIME(12, message_key_bulk, issued_before),
	TEXT(13, message_key_bulk, used_from, WIRE_NETWORK_MAX),
	TIME(14, message_key_bulk, used_since),
	TEXTS(15, message_key_bulk, keys, WIRE_USER_MAX + 1 + WIRE_NAME_MAX),
	NUMBER(16, message_key_bulk, end_sessions, MESSAGE_SESSIONS_KEEP),
};
RECORD(message_key_bulk);

static const struct codec_field message_key_bulk_page_fields[] = {
	NEED(1, message_key_bulk_page, batch, WIRE_ID_MAX),
	NUMBER(2, message_key_bulk_page, touched, UINT64_MAX),
	NUMBER(3, message_key_bulk_page, already, UINT64_MAX),
	RECORDS(4, message_key_bulk_page, keys, UINT16_MAX, message_key_name),
	TEXT(5, message_key_bulk_page, cursor, WIRE_CURSOR_MAX),
	NUMBER(6, message_key_bulk_page, sessions_asked, 1),
	NUMBER(7, message_key_bulk_page, sessions_ended, UINT64_MAX),
	NUMBER(8, message_key_bulk_page, sessions_loose, UINT64_MAX),
	TEXT(9, message_key_bulk_page, sessions_fault, WIRE_REASON_MAX),
};
RECORD(message_key_bulk_page);

static const struct codec_field message_key_find_fields[] = {
	TEXT(1, message_key_find, credential, WIRE_CREDENTIAL_MAX),
	TEXTS(2, message_key_find, subjects, WIRE_ID_MAX),
};
RECORD(message_key_find);

static const struct codec_field message_found_fields[] = {
	NUMBER(1, message_found, subject, WIRE_LIST_MAX),    NUMBER(2, message_found, secret, UINT16_MAX),
	NUMBER(3, message_found, number, UINT32_MAX),        TIME(4, message_found, retires),
	RECORDS(5, message_found, key, 1, message_key_name),
};
RECORD(message_found);

static const struct codec_field message_key_found_fields[] = {
	RECORDS(1, message_key_found, found, WIRE_LIST_MAX, message_found),
};
RECORD(message_key_found);

static const struct codec_field message_lockdown_fields[] = {
	TEXT(1, message_lockdown, credential, WIRE_CREDENTIAL_MAX),
	NUMBER(2, message_lockdown, action, MESSAGE_LOCKDOWN_OFF),
	TEXTS(3, message_lockdown, keys, WIRE_USER_MAX + 1 + WIRE_NAME_MAX),
	TEXT(4, message_lockdown, why, WIRE_REASON_MAX),
	NUMBER(5, message_lockdown, end_sessions, 1),
};
RECORD(message_lockdown);

static const struct codec_field message_lockdown_state_fields[] = {
	NUMBER(1, message_lockdown_state, on, 1),
	NUMBER(2, message_lockdown_state, was_on, 1),
	TIME(3, message_lockdown_state, since),
	TEXT(4, message_lockdown_state, by, WIRE_USER_MAX),
	TEXT(5, message_lockdown_state, why, WIRE_REASON_MAX),
	RECORDS(6, message_lockdown_state, keys, WIRE_LIST_MAX, message_key_name),
	NUMBER(7, message_lockdown_state, sessions_asked, 1),
	NUMBER(8, message_lockdown_state, sessions_ended, UINT64_MAX),
	NUMBER(9, message_lockdown_state, sessions_loose, UINT64_MAX),
	TEXT(10, message_lockdown_state, sessions_fault, WIRE_REASON_MAX),
	NUMBER(11, message_lockdown_state, refused, UINT64_MAX),
};
RECORD(message_lockdown_state);

static const struct codec_field message_restore_fields[] = {
	TEXT(1, message_restore, credential, WIRE_CREDENTIAL_MAX),
	NUMBER(2, message_restore, flags, MESSAGE_RESTORE_ALL),
};
RECORD(message_restore);

static const struct codec_field message_restored_key_fields[] = {
	NUMBER(1, message_restored_key, fate, UINT16_MAX),   NUMBER(2, message_restored_key, why, UINT16_MAX),
	NEED(3, message_restored_key, id, WIRE_ID_MAX),      NEED(4, message_restored_key, name, WIRE_NAME_MAX),
	NEED(5, message_restored_key, owner, WIRE_USER_MAX),
};
RECORD(message_restored_key);

static const struct codec_field message_restored_fields[] = {
	TIME(1, message_restored, time),
	TEXT(2, message_restored, version, WIRE_NAME_MAX),
	NUMBER(3, message_restored, backup_rev, UINT64_MAX),
	NUMBER(4, message_restored, present_rev, UINT64_MAX),
	NUMBER(5, message_restored, rev, UINT64_MAX),
	NUMBER(6, message_restored, keys, UINT64_MAX),
	NUMBER(7, message_restored, present_unreadable, 1),
	NUMBER(8, message_restored, returning, UINT64_MAX),
	NUMBER(9, message_restored, revived, UINT64_MAX),
	NUMBER(10, message_restored, lost, UINT64_MAX),
	NUMBER(11, message_restored, done, 1),
	TEXT(12, message_restored, kept, WIRE_REASON_MAX),
	RECORDS(13, message_restored, listed, MESSAGE_RESTORED_LISTED, message_restored_key),
};
RECORD(message_restored);
