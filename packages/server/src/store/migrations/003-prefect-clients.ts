/**
 * What Prefect's own clients bring along. New columns stay null for a run that an event started, and of the new indexes
 * it writes \`flow_run_flow\` alone, once: the others hold runs that are no such ones, that wait, or that have failed.
 *
 * A task run outside of a flow has '' as its \`flow_run_id\`: the column was made for a text, and to change that would
 * write every task run anew.
 */
export const prefectClients = `
alter table flow_run add column parent_task_run_id text;
alter table flow_run add column kept text;
create index flow_run_parent on flow_run (parent_task_run_id) where parent_task_run_id is not null;

-- Runs of a flow by their time; those of a deployment, too, which is one flow's. A run writes it once.
create index flow_run_flow on flow_run (flow_id, expected_start_at);
-- Runs that did not complete, and runs under way that no executor of ours holds: \`flow_run_session\` has the others.
create index flow_run_failed on flow_run (state_type, end_at) where state_type in ('FAILED', 'CRASHED', 'CANCELLED');
create index flow_run_unleased on flow_run (state_type) where session_id is null and end_at is null;

alter table task_run add column expected_start_at integer;
alter table task_run add column kept text;
-- A client's task run is found by its keys; ours are found by their ids, and have nothing kept.
create index task_run_client_key on task_run (flow_run_id, dynamic_key) where kept is not null;

create table variable (
  id text primary key,
  name text not null unique,
  value text not null,
  tags text not null,
  created_at integer not null,
  updated_at integer not null
) strict, without rowid;

-- Values of the server's own, by their name.
create table configuration (
  name text primary key,
  value text not null
) strict, without rowid;

-- What was sent to a run while it runs.
create table run_input (
  flow_run_id text not null,
  key text not null,
  value text not null,
  sender text,
  created_at integer not null,
  primary key (flow_run_id, key)
) strict, without rowid;
`
