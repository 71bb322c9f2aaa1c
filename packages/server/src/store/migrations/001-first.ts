/**
 * The first schema. Ids are UUIDs as text, moments are integers of microseconds, JSON is text.
 *
 * A flow run's state IS its event (I4): `flow_run_state` keeps what the event is made from, and `event` keeps only
 * the events that came in. Wide tables have a rowid, so that their indexes stay small; narrow ones are their own index.
 * There are no foreign keys: the bodies read what they refer to, and deleting names what goes along.
 */
export const first = `
create table flow (
  id text primary key,
  name text not null unique,
  tags text not null,
  labels text not null,
  created_at integer not null,
  updated_at integer not null
) strict, without rowid;

create table deployment (
  id text primary key,
  flow_id text not null,
  name text not null,
  version_id text,
  version text,
  description text,
  entrypoint text,
  paused integer not null,
  tags text not null,
  labels text not null,
  parameters text not null,
  parameter_schema text,
  enforce_parameter_schema integer not null,
  retries integer not null,
  retry_delay_ms integer not null,
  kept text not null,
  created_by text,
  created_at integer not null,
  updated_at integer not null,
  unique (flow_id, name)
) strict;

create table deployment_version (
  id text primary key,
  deployment_id text not null,
  version text not null,
  entrypoint text,
  parameter_schema text,
  created_at integer not null,
  unique (deployment_id, version)
) strict;

create table flow_run (
  id text primary key,
  name text not null,
  flow_id text not null,
  deployment_id text,
  version_id text,
  parameters text not null,
  tags text not null,
  labels text not null,
  idempotency_key text,
  created_by text,
  state_id text not null,
  state_type text not null,
  state_name text not null,
  run_count integer not null,
  epoch integer not null,
  session_id text,
  retries integer not null,
  retry_delay_ms integer not null,
  expected_start_at integer,
  next_scheduled_at integer,
  start_at integer,
  end_at integer,
  total_run_micros integer not null,
  cause_event_id text,
  chain_depth integer not null,
  marks text not null,
  created_at integer not null,
  updated_at integer not null
) strict;
-- People name a run by the last 8 characters of its id.
create index flow_run_short on flow_run (substr(id, -8));
create unique index flow_run_idempotency on flow_run (flow_id, idempotency_key) where idempotency_key is not null;
create index flow_run_waiting on flow_run (next_scheduled_at) where state_type = 'SCHEDULED';
create index flow_run_session on flow_run (session_id) where session_id is not null;
create index flow_run_expected on flow_run (expected_start_at);
create index flow_run_start on flow_run (coalesce(start_at, expected_start_at));
create index flow_run_end on flow_run (end_at) where end_at is not null;

create table flow_run_state (
  id text primary key,
  flow_run_id text not null,
  type text not null,
  name text not null,
  at integer not null,
  message text,
  data text,
  details text not null,
  scheduled_at integer,
  follows text,
  run_count integer not null
) strict, without rowid;
create index flow_run_state_run on flow_run_state (flow_run_id, at);

create table flow_run_result (
  flow_run_id text primary key,
  result text not null
) strict, without rowid;

create table event (
  id text primary key,
  occurred integer not null,
  received integer not null,
  event text not null,
  resource text not null,
  related text not null,
  payload text not null,
  follows text,
  chain_depth integer not null,
  cause_event_id text
) strict;

create table verdict (
  event_id text not null,
  automation_id text not null,
  at integer not null,
  -- Its place among those of one body.
  place integer not null,
  outcome text not null,
  primary key (event_id, at, place, automation_id)
) strict, without rowid;

create table automation (
  id text primary key,
  name text not null,
  description text not null,
  enabled integer not null,
  tags text not null,
  trigger text not null,
  actions text not null,
  actions_on_trigger text not null,
  actions_on_resolve text not null,
  owner_resource text,
  created_at integer not null,
  updated_at integer not null
) strict;
create unique index automation_owner on automation (owner_resource, name) where owner_resource is not null;

create table automation_bucket (
  trigger_id text not null,
  key text not null,
  automation_id text not null,
  start_at integer not null,
  end_at integer not null,
  count integer not null,
  fired_at integer,
  primary key (trigger_id, key)
) strict, without rowid;
create index automation_bucket_automation on automation_bucket (automation_id);

create table task_run (
  id text primary key,
  flow_run_id text not null,
  task_key text not null,
  dynamic_key text not null,
  name text not null,
  tags text not null,
  state_id text not null,
  run_count integer not null,
  start_at integer,
  end_at integer,
  created_at integer not null,
  updated_at integer not null
) strict, without rowid;
create index task_run_flow_run on task_run (flow_run_id, id);

create table task_run_state (
  id text primary key,
  task_run_id text not null,
  type text not null,
  name text not null,
  at integer not null,
  message text,
  data text,
  details text not null,
  scheduled_at integer,
  follows text,
  run_count integer not null
) strict, without rowid;
create index task_run_state_run on task_run_state (task_run_id, at);

create table task_result (
  flow_run_id text not null,
  task_key text not null,
  dynamic_key text not null,
  result text not null,
  primary key (flow_run_id, task_key, dynamic_key)
) strict, without rowid;

create table log (
  id text primary key,
  flow_run_id text,
  task_run_id text,
  name text not null,
  level integer not null,
  message text not null,
  at integer not null
) strict, without rowid;
create index log_flow_run on log (flow_run_id, at);
create index log_task_run on log (task_run_id, at) where task_run_id is not null;

create table chunk (
  flow_run_id text not null,
  attempt integer not null,
  n integer not null,
  text text not null,
  primary key (flow_run_id, attempt, n)
) strict, without rowid;

-- Bodies that are durable and not yet in the tables; see \`journal.ts\`.
create table journal (
  id integer primary key,
  operations text not null
) strict;

create table session (
  id text primary key,
  name text not null,
  host text not null,
  pid integer not null,
  boot text not null,
  created_at integer not null
) strict, without rowid;

create table hook (
  id text primary key,
  name text not null unique,
  event text not null,
  secret blob,
  created_at integer not null
) strict, without rowid;
`
