/** Runs that are removed while some of their rows are not yet: a large run goes in several bites, after it has vanished. */
export const retention = `
create table removed_run (
  flow_run_id text primary key
) strict, without rowid;
`
