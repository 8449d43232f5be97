-- SPDX-License-Identifier: Apache-2.0 OR MIT
-- Roles for keys: PostgreSQL asks PAM who somebody is, and looks up here what he may do.
--
-- Run it:   sudo -u postgres psql --single-transaction -v ON_ERROR_STOP=1 -f roles.sql
-- Undo:     DROP ROLE alice; DROP ROLE apikey_users;

-- Who comes in with a key; pg_hba.conf names this role.
CREATE ROLE apikey_users NOLOGIN;

-- Each person or program, named as the owner of the key. They have no password in the database.
CREATE ROLE alice LOGIN IN ROLE apikey_users;
CREATE ROLE bob LOGIN IN ROLE apikey_users;
