#!/bin/sh
# Creates two roles and the database when the server starts for the first time: the owner migrates; the application
# owns nothing and cannot bypass row-level security.
set -eu
psql --no-psqlrc --quiet -v ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres <<'SQL'
\set owner_password `cat /run/secrets/owner_password`
\set app_password `cat /run/secrets/app_password`
CREATE ROLE regrant_owner LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD :'owner_password';
CREATE ROLE regrant_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE PASSWORD :'app_password';
CREATE DATABASE regrant OWNER regrant_owner;
REVOKE ALL ON DATABASE regrant FROM PUBLIC;
GRANT CONNECT ON DATABASE regrant TO regrant_app;
SQL
